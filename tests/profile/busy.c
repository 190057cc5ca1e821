/* SPDX-License-Identifier: Apache-2.0 */
/* Uses CPU time in functions with names, for run-profile: three_of_four three times as much as one_of_four. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PART_NS 20000000L /* of CPU time */
#define KEPT    __attribute__((noinline, noclone))

static volatile unsigned long sink;

/* The thread's CPU time, not instructions: how fast the machine is does not matter. */
static long used(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000L + ts.tv_nsec;
}

static inline __attribute__((always_inline)) void burn(long ns)
{
	long end = used() + ns;
	unsigned long x = sink;

	while (used() < end)
		for (int i = 0; i < 1000000; i++)
			x = x * 6364136223846793005UL + 1;
	sink = x;
}

KEPT void three_of_four(void)
{
	burn(3 * PART_NS);
	sink++;
}

KEPT void one_of_four(void)
{
	burn(PART_NS);
	sink++;
}

KEPT void *four(void *arg)
{
	for (int i = 0; i < 8; i++) {
		three_of_four();
		one_of_four();
	}
	sink++;
	return arg;
}

static void threads(void)
{
	pthread_t t[3];

	for (int i = 0; i < 3; i++)
		if (pthread_create(&t[i], NULL, four, NULL))
			exit(1);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
}

/* A kernel's work: new memory, and a call. */
KEPT void touch(void)
{
	for (int i = 0; i < 200; i++) {
		size_t size = 16UL << 20;
		char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (size_t at = 0; at < size; at += 4096)
			p[at] = 1;
		munmap(p, size);
	}
}

KEPT void ask(void)
{
	struct stat st;
	long end = used() + 12 * PART_NS;

	while (used() < end)
		for (int i = 0; i < 200; i++)
			stat("/usr/lib/x86_64-linux-gnu/libc.so.6", &st);
}

KEPT int deeper(int n)
{
	if (n == 0)
		one_of_four();
	else
		deeper(n - 1);
	return (int)sink++;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "four"))
		four(NULL);
	else if (!strcmp(what, "threads"))
		threads();
	else if (!strcmp(what, "ever"))
		for (;;)
			four(NULL);
	else if (!strcmp(what, "touch"))
		touch();
	else if (!strcmp(what, "ask"))
		ask();
	else if (!strcmp(what, "deep"))
		deeper(40);
	else if (!strcmp(what, "sleep"))
		usleep(300000);
	else if (!strcmp(what, "fork") && fork() == 0)
		four(NULL);
	else if (!strcmp(what, "exec")) {
		four(NULL);
		execl(argv[0], argv[0], "deep", NULL);
	} else if (!strcmp(what, "fork"))
		return wait(NULL) < 0;
	else
		return 2;
	return 0;
}
