/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With a small RLIMIT_FSIZE, which binds what the program writes and nothing else: /proc is read, processes are made, programs executed, memory shared; a write beyond
 * it sends SIGXFSZ or fails.
 * covers: setrlimit getrlimit prlimit64 write execve
 * cases: ends goes-on again
 */
#include "t.h"

#include <sys/wait.h>

static int caught;

static void handler(int sig)
{
	caught += sig == SIGXFSZ;
}

static void show(const char *when)
{
	struct rlimit lim = { 1, 1 };

	getrlimit(RLIMIT_FSIZE, &lim);
	printf("%s: %ld of %ld\n", when, (long)lim.rlim_cur, (long)lim.rlim_max);
	fflush(stdout);
}

static void read_all(const char *path)
{
	char buf[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n, all = 0;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		all += n;
	printf("%s: %s\n", path, n == 0 && all > 0 ? "read" : "not read");
	close(fd);
}

static void set(long soft, long hard)
{
	struct rlimit lim = { (rlim_t)soft, (rlim_t)hard };

	printf("set %ld of %ld: %s\n", soft, hard, setrlimit(RLIMIT_FSIZE, &lim) ? strerror(errno) : "done");
}

static void use(void)
{
	char *shared;
	int status;
	pid_t pid;

	read_all("/proc/self/maps");
	read_all("/proc/self/status");
	read_all("/proc/cpuinfo");
	shared = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(shared, 1, 1 << 20);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		read_all("/proc/self/limits");
		fflush(stdout);
		_exit(shared[1 << 19]);
	}
	waitpid(pid, &status, 0);
	printf("child: %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void write_beyond(void)
{
	char buf[4096] = "";
	int fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0600);

	signal(SIGXFSZ, handler);
	T(write, fd, buf, 1000);
	T(write, fd, buf, 1000);
	T(write, fd, buf, 1000);
	T(ftruncate, fd, 5000);
	printf("caught %d\n", caught);
	signal(SIGXFSZ, SIG_IGN);
	T(pwrite64, fd, buf, 10, 2000);
	close(fd);
	unlink("f");
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && !strcmp(argv[1], "again")) {
		show("behind exec");
		use();
		return 0;
	}
	show("at first");
	set(1024, 4096);
	set(8192, 4096);
	set(1024, 8192);
	show("then");
	use();
	write_beyond();
	set(4096, 4096);
	set(1024, 2048);
	if (argc > 1 && !strcmp(argv[1], "goes-on")) {
		execl(argv[0], argv[0], "again", (char *)NULL);
		return 1;
	}
	signal(SIGXFSZ, SIG_DFL);
	return (int)write(open("f", O_RDWR | O_CREAT, 0600), "abcd", 4) +
	       (int)pwrite(open("f", O_RDWR), "abcd", 4, 3000);
}
