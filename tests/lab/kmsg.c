/* SPDX-License-Identifier: Apache-2.0 */
/* /dev/kmsg and get_ptree_dummy: records as Linux forms them (Documentation/ABI/testing/dev-kmsg), positions, errors.
 * covers: get_ptree_dummy make_vcpu */
#include <errno.h>
#include <fcntl.h>
#include <husk/guest.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static char text[8192];
static void *volatile bad = (void *)8;

static const char *error_of(long r)
{
	return r < 0 ? strerror(errno) : "none";
}

/* One record; its text behind the semicolon, without the line's end. */
static const char *record(int fd, unsigned *prio, unsigned long *seq)
{
	ssize_t n = read(fd, text, sizeof(text) - 1);
	char *semicolon;
	unsigned long us;

	if (n <= 0)
		return error_of(n);
	text[n] = '\0';
	if (sscanf(text, "%u,%lu,%lu,-;", prio, seq, &us) != 3 || text[n - 1] != '\n')
		return "odd";
	text[n - 1] = '\0';
	semicolon = strchr(text, ';');
	return semicolon ? semicolon + 1 : "odd";
}

static int open_log(int flags)
{
	int fd = open("/dev/kmsg", flags | O_NONBLOCK);

	if (fd < 0) {
		printf("cannot open: %s\n", strerror(errno));
		exit(1);
	}
	return fd;
}

static void reading(void)
{
	int fd = open_log(O_RDONLY), second;
	unsigned prio = 0;
	unsigned long seq = 0, first;
	int nr = 5;
	long r = get_ptree_dummy((struct prinfo *)0x1000, (int *)0x2000, 7);

	printf("dummy: %ld, nothing is written %d\n", r, nr);
	printf("record: %s", record(fd, &prio, &seq));
	printf(", prio %u\n", prio);
	first = seq;
	printf("no more: %s\n", error_of(read(fd, text, sizeof(text))));
	get_ptree_dummy(NULL, &nr, 1);
	printf("small buffer: %s\n", error_of(read(fd, text, 10)));
	printf("bad buffer: %s\n", error_of(read(fd, bad, 1000)));
	second = dup(fd);
	get_ptree_dummy(NULL, NULL, 2);
	record(second, &prio, &seq);
	printf("by a duplicate: next %d", seq == first + 1);
	record(fd, &prio, &seq);
	printf(", and on: next %d\n", seq == first + 2);
	printf("rewound: %ld", (long)lseek(fd, 0, SEEK_SET));
	record(fd, &prio, &seq);
	printf(", first %d\n", seq == 0);
	printf("end: %ld", (long)lseek(fd, 0, SEEK_END));
	printf(", then %s\n", error_of(read(fd, text, sizeof(text))));
	printf("cleared: %ld\n", (long)lseek(fd, 0, SEEK_DATA));
	printf("bad seeks: %s", error_of(lseek(fd, 5, SEEK_SET)));
	printf(", %s\n", error_of(lseek(fd, 0, SEEK_CUR)));
	printf("writing to it: %s\n", error_of(write(fd, "x", 1)));
	close(second);
	close(fd);
}

static void waiting(void)
{
	int fd = open("/dev/kmsg", O_RDONLY);
	unsigned prio;
	unsigned long seq;
	pid_t pid;

	lseek(fd, 0, SEEK_END);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		printf("waited for: %s\n", record(fd, &prio, &seq));
		fflush(stdout);
		_exit(0);
	}
	usleep(50000);
	get_ptree_dummy(NULL, NULL, 3);
	waitpid(pid, NULL, 0);
	printf("and the parent: %s\n", (fcntl(fd, F_SETFL, O_NONBLOCK), error_of(read(fd, text, sizeof(text)))));
	close(fd);
}

static void overrun(void)
{
	int fd = open_log(O_RDONLY);
	unsigned prio;
	unsigned long seq, before;

	lseek(fd, 0, SEEK_SET);
	record(fd, &prio, &before);
	for (int i = 0; i < 3000; i++)
		get_ptree_dummy(NULL, NULL, i);
	printf("overrun: %s", record(fd, &prio, &seq));
	printf(", then %s", record(fd, &prio, &seq));
	printf(", later %d\n", seq > before + 900);
	close(fd);
}

static void writing(void)
{
	static char large[2000];
	int fd = open("/dev/kmsg", O_RDWR | O_NONBLOCK);
	const char *lines[] = { "plain\n", "<3>error", "<14>user", "<191>local", "<x>no number", "tab\there", "" };
	unsigned prio;
	unsigned long seq;

	if (fd < 0) {
		printf("for writing: %s\n", strerror(errno));
		return;
	}
	lseek(fd, 0, SEEK_END);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		const char *got;
		long r = write(fd, lines[i], strlen(lines[i]));

		got = record(fd, &prio, &seq);
		printf("written: %ld, %u, %s\n", r, prio, got);
	}
	memset(large, 'x', sizeof(large));
	printf("too much: %s, bad %s\n", error_of(write(fd, large, sizeof(large))), error_of(write(fd, bad, 5)));
	close(fd);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1) {
		unsigned prio;
		unsigned long seq;

		printf("behind exec: %s\n", record(atoi(argv[1]), &prio, &seq));
		return 0;
	}
	reading();
	waiting();
	overrun();
	writing();
	/* A descriptor goes on in another program. */
	sprintf(text, "%d", open_log(O_RDONLY));
	lseek(atoi(text), 0, SEEK_END);
	get_ptree_dummy(NULL, NULL, 4);
	execl(argv[0], argv[0], text, (char *)NULL);
	return 1;
}
