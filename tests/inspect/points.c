/* SPDX-License-Identifier: Apache-2.0 */
/* What tests/run-inspect looks into: memory of which the test knows what was touched, and a place to stop. points [maps|exec|fork|threads] */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLACE ((char *)0x200000000000)
#define PAGES 64
#define TOUCH 10

__attribute__((noinline, noipa)) void here(int n);

void here(int n)
{
	printf("here %d\n", n);
}

static int started[2];

static void *wait_for_ever(void *unused)
{
	if (write(started[1], "", 1) == 1)
		pause();
	return unused;
}

static int start_threads(int n)
{
	pthread_t thread;
	char byte;

	if (pipe(started))
		return 1;
	while (n--)
		if (pthread_create(&thread, NULL, wait_for_ever, NULL) || read(started[0], &byte, 1) != 1)
			return 1;
	return 0;
}

/* The maps as the program itself sees them, on standard error. */
static void show_maps(void)
{
	static char text[65536];
	int fd = open("/proc/self/maps", O_RDONLY);
	ssize_t n;

	while ((n = read(fd, text, sizeof(text))) > 0)
		if (write(STDERR_FILENO, text, (size_t)n) != n)
			_exit(2);
	_exit(0);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char *p = mmap(PLACE, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
		       -1, 0);

	if (p != PLACE)
		return 2;
	for (int i = 0; i < TOUCH; i++)
		p[i * 4096] = 1;
	if (!strcmp(what, "maps"))
		show_maps();
	if (!strcmp(what, "exec"))
		return execl(argv[0], argv[0], "again", NULL);
	if (!strcmp(what, "fork") && fork() == 0) {
		here(-1);
		return 0;
	}
	if (!strcmp(what, "threads") && start_threads(2))
		return 2;
	wait(NULL);
	here(argc);
	return 7;
}
