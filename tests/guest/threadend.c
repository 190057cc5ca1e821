/* SPDX-License-Identifier: Apache-2.0 */
/* How a process with several threads ends, and with which status.
 * covers: exit exit_group tgkill
 * stderr: crash
 * cases: main-returns thread-exits thread-exit_group main-exit-alone main-exit-then-thread-exit_group all-alone last-is-main
 * cases: kill-default kill-directed fault fault-in-handler abort exit-in-handler many-exit-at-once blocked-main segv-blocked */
#include "t.h"

#include <pthread.h>

static pthread_barrier_t meet;

static void hang(void)
{
	for (;;)
		pause();
}

static void start(void *(*fn)(void *), void *arg)
{
	pthread_t t;

	if (pthread_create(&t, NULL, fn, arg)) {
		puts("pthread_create: BAD!");
		exit(3);
	}
}

static void *hanging(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&meet);
	hang();
	return NULL;
}

static void *exits(void *arg)
{
	(void)arg;
	exit(7);
}

static void *exits_group(void *arg)
{
	(void)arg;
	S(exit_group, 8);
	return NULL;
}

static void *ends_alone(void *arg)
{
	S(exit, (long)arg);
	return NULL;
}

static void *told_alone(void *arg)
{
	__atomic_store_n((int *)arg, (int)S(gettid), __ATOMIC_SEQ_CST);
	S(exit, 50);
	return NULL;
}

static void *late_exit(void *arg)
{
	(void)arg;
	usleep(200000);
	puts("the thread goes on");
	fflush(stdout);
	S(exit_group, 9);
	return NULL;
}

static void *late_alone(void *arg)
{
	usleep(200000);
	puts("the thread goes on");
	fflush(stdout);
	S(exit, (long)arg);
	return NULL;
}

static void *faults(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&meet);
	*(volatile int *)8 = 1;
	return NULL;
}

static void *aborts(void *arg)
{
	(void)arg;
	abort();
}

static void *kills(void *arg)
{
	S(tgkill, getpid(), (long)arg, SIGTERM);
	hang();
	return NULL;
}

static void *races(void *arg)
{
	pthread_barrier_wait(&meet);
	S(exit_group, 40 + ((long)arg & 0));
	return NULL;
}

static void *segv_blocked(void *arg)
{
	sigset_t all;

	(void)arg;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	*(volatile int *)8 = 1;
	return NULL;
}

static void on_signal(int sig)
{
	(void)sig;
	_exit(11);
}

static void on_segv(int sig)
{
	(void)sig;
	*(volatile int *)16 = 1;
}

static void fault_in_handler(void)
{
	struct sigaction act = { .sa_handler = on_segv };

	sigaction(SIGSEGV, &act, NULL);
	pthread_barrier_init(&meet, NULL, 2);
	start(faults, NULL);
	pthread_barrier_wait(&meet);
	hang();
}

static void by_signal(const char *how)
{
	struct sigaction act = { .sa_handler = on_signal };

	pthread_barrier_init(&meet, NULL, 3);
	start(hanging, NULL);
	start(hanging, NULL);
	pthread_barrier_wait(&meet);
	if (!strcmp(how, "exit-in-handler")) {
		sigaction(SIGUSR1, &act, NULL);
		S(kill, getpid(), SIGUSR1);
	} else if (!strcmp(how, "kill-default")) {
		S(kill, getpid(), SIGTERM);
	} else {
		start(kills, (void *)(long)getpid());
	}
	hang();
}

static void race(void)
{
	pthread_barrier_init(&meet, NULL, 9);
	for (long i = 0; i < 8; i++)
		start(races, (void *)i);
	pthread_barrier_wait(&meet);
	S(exit_group, 40);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	puts(how);
	fflush(stdout);
	pthread_barrier_init(&meet, NULL, 2);
	if (!strcmp(how, "main-returns")) {
		start(hanging, NULL);
		pthread_barrier_wait(&meet);
		return 5;
	} else if (!strcmp(how, "thread-exits")) {
		start(exits, NULL);
		hang();
	} else if (!strcmp(how, "thread-exit_group")) {
		start(exits_group, NULL);
		hang();
	} else if (!strcmp(how, "main-exit-alone")) {
		start(late_alone, (void *)21);
		S(exit, 20);
	} else if (!strcmp(how, "main-exit-then-thread-exit_group")) {
		start(late_exit, NULL);
		pthread_exit(NULL);
	} else if (!strcmp(how, "all-alone")) {
		for (long i = 0; i < 8; i++)
			start(i % 2 ? ends_alone : late_alone, (void *)(i % 2 ? 30 + i : 30));
		S(exit, 29);
	} else if (!strcmp(how, "last-is-main")) {
		int tid = 0;

		start(told_alone, &tid);
		while (!__atomic_load_n(&tid, __ATOMIC_SEQ_CST) || S(tgkill, getpid(), tid, 0) == 0)
			usleep(1000);
		S(exit, 51);
	} else if (!strcmp(how, "fault")) {
		start(faults, NULL);
		pthread_barrier_wait(&meet);
		hang();
	} else if (!strcmp(how, "fault-in-handler")) {
		fault_in_handler();
	} else if (!strcmp(how, "abort")) {
		start(aborts, NULL);
		hang();
	} else if (!strcmp(how, "many-exit-at-once")) {
		race();
	} else if (!strcmp(how, "blocked-main")) {
		/* Main has everything blocked: the thread is the one that gets it. */
		sigset_t all;

		start(hanging, NULL);
		pthread_barrier_wait(&meet);
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
		S(kill, getpid(), SIGTERM);
		hang();
	} else if (!strcmp(how, "segv-blocked")) {
		start(segv_blocked, NULL);
		hang();
	} else {
		by_signal(how);
	}
	return 1;
}
