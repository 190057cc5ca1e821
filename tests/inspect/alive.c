/* SPDX-License-Identifier: Apache-2.0 */
/* What tests/run-inspect looks into while it runs: a thread that computes, one that waits in a read, one that sleeps, a child; "ok" at the end only if none of them
 * noticed. Ends when standard input does. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile int done, wrong;
static int fds[2];

static void *compute(void *arg)
{
	unsigned long x = 1, y = 1;

	while (!done) {
		x = x * 6364136223846793005UL + 1;
		y = y * 6364136223846793005UL + 1;
		if (x != y)
			wrong = 1;
	}
	return arg;
}

static void *wait_for_byte(void *arg)
{
	char c;

	if (read(fds[0], &c, 1) != 1)
		wrong = 2;
	return arg;
}

static void *sleep_long(void *arg)
{
	const struct timespec little = { .tv_nsec = 200000000 };

	while (!done)
		if (clock_nanosleep(CLOCK_MONOTONIC, 0, &little, NULL))
			wrong = 3;
	return arg;
}

int main(void)
{
	void *(*const fn[])(void *) = { compute, wait_for_byte, sleep_long };
	pthread_t t[3];
	char c;
	pid_t pid;

	if (pipe(fds))
		return 2;
	for (int i = 0; i < 3; i++)
		if (pthread_create(&t[i], NULL, fn[i], NULL))
			return 2;
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	puts("started");
	fflush(stdout);
	while (read(0, &c, 1) == 1)
		;
	done = 1;
	if (write(fds[1], "", 1) != 1)
		return 2;
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	puts(wrong ? "wrong" : "ok");
	return wrong;
}
