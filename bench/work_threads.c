/* SPDX-License-Identifier: Apache-2.0 */
/* What threads cost: making one and waiting for its end, and going back and forth between two. The best of five batches. */
#include "bench/work.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAKES 100
#define TURNS 500

static int there[2], back[2];
static uint32_t turn;

static void *nothing(void *arg)
{
	return arg;
}

static void make_and_join(void)
{
	pthread_t t;

	for (int i = 0; i < MAKES; i++)
		if (pthread_create(&t, NULL, nothing, NULL) || pthread_join(t, NULL))
			work_die("pthread_create");
}

static void wait_for(uint32_t mine)
{
	while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != mine)
		syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !mine, NULL, NULL, 0);
}

static void pass_to(uint32_t other)
{
	__atomic_store_n(&turn, other, __ATOMIC_RELEASE);
	syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *answer_futex(void *arg)
{
	for (int i = 0; i < TURNS; i++) {
		wait_for(1);
		pass_to(0);
	}
	return arg;
}

static void by_futex(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, answer_futex, NULL))
		work_die("pthread_create");
	for (int i = 0; i < TURNS; i++) {
		pass_to(1);
		wait_for(0);
	}
	pthread_join(t, NULL);
}

static void *answer_pipe(void *arg)
{
	char c;

	for (int i = 0; i < TURNS; i++)
		if (read(there[0], &c, 1) != 1 || write(back[1], &c, 1) != 1)
			work_die("pipe");
	return arg;
}

static void by_pipe(void)
{
	pthread_t t;
	char c = 0;

	if (pthread_create(&t, NULL, answer_pipe, NULL))
		work_die("pthread_create");
	for (int i = 0; i < TURNS; i++)
		if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
			work_die("pipe");
	pthread_join(t, NULL);
}

int work_threads(const char *unused)
{
	(void)unused;
	if (pipe(there) || pipe(back))
		work_die("pipe");
	work_best("make and join a thread", make_and_join, MAKES);
	work_best("to a thread and back by futex", by_futex, TURNS);
	work_best("to a thread and back by pipe", by_pipe, TURNS);
	return 0;
}
