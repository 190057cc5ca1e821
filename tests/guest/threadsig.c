/* SPDX-License-Identifier: Apache-2.0 */
/* Signals among threads: who gets them, what is pending where, alternate stacks, faults, timers, waiting, setuid's own signal. */
#include "t.h"

#include <pthread.h>
#include <setjmp.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/wait.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define N 4

static pthread_barrier_t meet;
static volatile long got_tid, got_code, got_pid, got_value;
static volatile int got, on_alt, stop, about_to;
static char order[16];

static void block(int how, int sig)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, sig);
	pthread_sigmask(how, &s, NULL);
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	got_tid = S(gettid);
	got_code = info->si_code;
	got_pid = info->si_pid;
	__atomic_add_fetch(&got, 1, __ATOMIC_SEQ_CST);
}

static void handle(int sig, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction act = { .sa_sigaction = fn, .sa_flags = SA_SIGINFO | flags };

	sigaction(sig, &act, NULL);
}

static pthread_t start(void *(*fn)(void *), void *arg)
{
	pthread_t t;

	if (pthread_create(&t, NULL, fn, arg)) {
		puts("pthread_create: BAD!");
		exit(3);
	}
	return t;
}

static void until(volatile int *p, int value)
{
	while (__atomic_load_n(p, __ATOMIC_SEQ_CST) < value)
		usleep(100);
}

/* ---- to the process: the one thread that lets it in ---- */

static void *receiver(void *arg)
{
	*(long *)arg = S(gettid);
	block(SIG_UNBLOCK, SIGUSR1);
	pthread_barrier_wait(&meet);
	while (!stop)
		usleep(1000);
	return NULL;
}

static void *spinner(void *arg)
{
	pthread_barrier_wait(&meet);
	while (!stop)
		;
	return arg;
}

static void to_process(void)
{
	pthread_t t[3];
	long tid;

	handle(SIGUSR1, on_signal, 0);
	block(SIG_BLOCK, SIGUSR1);
	pthread_barrier_init(&meet, NULL, 4);
	stop = got = 0;
	t[0] = start(receiver, &tid);
	t[1] = start(spinner, NULL);
	t[2] = start(spinner, NULL);
	pthread_barrier_wait(&meet);
	for (int i = 0; i < 5; i++) {
		S(kill, getpid(), SIGUSR1);
		until(&got, i + 1);
	}
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	OK(got == 5);
	OK(got_tid == tid);
	OK(got_code == SI_USER);
	OK(got_pid == getpid());
	block(SIG_UNBLOCK, SIGUSR1);
}

/* ---- to one thread, that runs or sleeps ---- */

static void *counts(void *arg)
{
	volatile int *mine = arg;

	pthread_barrier_wait(&meet);
	while (*mine < 3)
		if (mine[1])
			usleep(1000);
	return NULL;
}

static __thread volatile int *own_count;
static volatile int counters[N][2];

static void on_directed(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	if (info->si_code != SI_TKILL)
		got_code = info->si_code;
	++*own_count;
}

static void *directed(void *arg)
{
	own_count = counters[(long)arg];
	return counts((void *)counters[(long)arg]);
}

static void to_threads(void)
{
	pthread_t t[N];

	handle(SIGUSR2, on_directed, 0);
	pthread_barrier_init(&meet, NULL, N + 1);
	got_code = SI_TKILL;
	for (long i = 0; i < N; i++) {
		counters[i][1] = i % 2;
		t[i] = start(directed, (void *)i);
	}
	pthread_barrier_wait(&meet);
	for (int k = 1; k <= 3; k++)
		for (int i = 0; i < N; i++) {
			pthread_kill(t[i], SIGUSR2);
			while (counters[i][0] < k)
				usleep(100);
		}
	for (int i = 0; i < N; i++)
		OK(pthread_join(t[i], NULL) == 0);
	OK(got_code == SI_TKILL);
}

/* ---- pending: the thread's own and the process's ---- */

static void *is_pending(void *arg)
{
	sigset_t s;

	(void)arg;
	pthread_barrier_wait(&meet);
	pthread_barrier_wait(&meet);
	sigpending(&s);
	OK(sigismember(&s, SIGUSR1) == 1);
	OK(sigismember(&s, SIGUSR2) == 1);
	OK(sigismember(&s, SIGTERM) == 0);
	return NULL;
}

static void pending(void)
{
	sigset_t s;
	pthread_t t;
	int sig;

	block(SIG_BLOCK, SIGUSR1);
	block(SIG_BLOCK, SIGUSR2);
	pthread_barrier_init(&meet, NULL, 2);
	t = start(is_pending, NULL);
	pthread_barrier_wait(&meet);
	pthread_kill(t, SIGUSR1);
	S(kill, getpid(), SIGUSR2);
	sigpending(&s);
	OK(sigismember(&s, SIGUSR1) == 0);
	OK(sigismember(&s, SIGUSR2) == 1);
	pthread_barrier_wait(&meet);
	pthread_join(t, NULL);
	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	sigaddset(&s, SIGUSR2);
	OK(sigwait(&s, &sig) == 0 && sig == SIGUSR2);
	sigpending(&s);
	OK(sigismember(&s, SIGUSR1) == 0);
	block(SIG_UNBLOCK, SIGUSR1);
	block(SIG_UNBLOCK, SIGUSR2);
}

/* ---- alternate stacks and faults ---- */

static __thread sigjmp_buf back;
static __thread char *alt;

static void on_segv(int sig, siginfo_t *info, void *context)
{
	char here;

	(void)sig, (void)context;
	if (&here > alt && &here < alt + 65536 && info->si_addr == (void *)0x1238 && info->si_code == SEGV_MAPERR)
		__atomic_add_fetch(&on_alt, 1, __ATOMIC_SEQ_CST);
	siglongjmp(back, 1);
}

static void *faults(void *arg)
{
	stack_t s = { .ss_size = 65536 }, old;

	sigaltstack(NULL, &old);
	if (!(old.ss_flags & SS_DISABLE))
		return (void *)-100L;
	s.ss_sp = alt = malloc(65536);
	sigaltstack(&s, NULL);
	for (volatile int i = 0; i < 50; i++)
		if (!sigsetjmp(back, 1))
			*(volatile int *)0x1238 = 1;
	s.ss_flags = SS_DISABLE;
	sigaltstack(&s, NULL);
	free(alt);
	return arg;
}

static void faulting(void)
{
	pthread_t t[N];
	stack_t s = { .ss_size = 65536, .ss_sp = malloc(65536) };

	sigaltstack(&s, NULL); /* a new thread has none, whatever its parent has */
	handle(SIGSEGV, on_segv, SA_ONSTACK);
	for (long i = 0; i < N; i++)
		t[i] = start(faults, (void *)i);
	for (long i = 0; i < N; i++) {
		void *r;

		pthread_join(t[i], &r);
		OK((long)r == i);
	}
	OK(on_alt == 50 * N);
}

/* ---- queues, waiting, descriptors ---- */

static void on_queued(int sig, siginfo_t *info, void *context)
{
	(void)context;
	order[got++] = (char)('a' + (sig - SIGRTMIN) * 3 + info->si_value.sival_int);
}

static void *queued(void *arg)
{
	sigset_t s;

	(void)arg;
	pthread_barrier_wait(&meet);
	pthread_barrier_wait(&meet);
	sigemptyset(&s);
	pthread_sigmask(SIG_SETMASK, &s, NULL);
	return NULL;
}

static void queues(void)
{
	pthread_t t;
	sigset_t s;

	got = 0;
	sigfillset(&s);
	pthread_sigmask(SIG_BLOCK, &s, NULL);
	for (int i = 0; i < 3; i++) {
		struct sigaction act = { .sa_sigaction = on_queued, .sa_flags = SA_SIGINFO };

		sigfillset(&act.sa_mask);
		sigaction(SIGRTMIN + i, &act, NULL);
	}
	t = start(queued, NULL);
	pthread_barrier_wait(&meet);
	for (int v = 0; v < 3; v++)
		for (int i = 2; i >= 0; i--)
			OK(sigqueue(getpid(), SIGRTMIN + i, (union sigval){ .sival_int = v }) == 0);
	pthread_barrier_wait(&meet);
	pthread_join(t, NULL);
	printf("order %s\n", order);
	sigemptyset(&s);
	pthread_sigmask(SIG_SETMASK, &s, NULL);
}

static void *waits(void *arg)
{
	struct timespec limit = { 5, 0 };
	siginfo_t info = { 0 };
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	if (arg)
		return (void *)(long)sigtimedwait(&s, &info, &limit);
	int fd = signalfd(-1, &s, 0);
	struct signalfd_siginfo sfd;

	if (read(fd, &sfd, sizeof(sfd)) != sizeof(sfd))
		return NULL;
	close(fd);
	return (void *)(long)sfd.ssi_signo;
}

static void waiting(void)
{
	void *r;

	block(SIG_BLOCK, SIGUSR1);
	for (long how = 0; how < 2; how++) {
		pthread_t t = start(waits, (void *)how);

		usleep(2000);
		if (how)
			S(kill, getpid(), SIGUSR1);
		else
			pthread_kill(t, SIGUSR1);
		pthread_join(t, &r);
		OK((long)r == SIGUSR1);
	}
	block(SIG_UNBLOCK, SIGUSR1);
}

/* ---- interrupted calls ---- */

static void *reads(void *arg)
{
	char c = 'x';

	errno = 0;
	__atomic_store_n(&about_to, 1, __ATOMIC_SEQ_CST);
	return (void *)(read((int)(long)arg, &c, 1) == 1 ? (long)c : (long)-errno);
}

static void interrupted(void)
{
	int p[2];
	void *r;

	for (int flags = 0; flags <= SA_RESTART; flags += SA_RESTART) {
		pthread_t t;

		MUST(pipe, p);
		got = 0;
		handle(SIGUSR1, on_signal, flags);
		about_to = 0;
		t = start(reads, (void *)(long)p[0]);
		until(&about_to, 1);
		usleep(50000);
		pthread_kill(t, SIGUSR1);
		until(&got, 1);
		usleep(2000);
		S(write, p[1], "y", 1);
		pthread_join(t, &r);
		printf("read %s\n", (long)r == 'y' ? "went on" : (long)r == -EINTR ? "EINTR" : "BAD!");
	}
}

/* ---- timers ---- */

static void *ticks(void *arg)
{
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
	struct itimerspec every = { { 0, 2000000 }, { 0, 2000000 } };
	int timer;

	ev.sigev_notify_thread_id = (int)S(gettid);
	*(long *)arg = S(gettid);
	if (S(timer_create, CLOCK_MONOTONIC, &ev, &timer))
		return (void *)1;
	S(timer_settime, timer, 0, &every, NULL);
	until(&got, 5);
	S(timer_delete, timer);
	return NULL;
}

static void timers(void)
{
	struct itimerval every = { { 0, 2000 }, { 0, 2000 } }, none = { 0 };
	pthread_t t;
	void *r;
	long tid;

	got = 0;
	handle(SIGUSR1, on_signal, SA_RESTART);
	t = start(ticks, &tid);
	pthread_join(t, &r);
	OK(!r);
	OK(got_tid == tid);
	OK(got_code == SI_TIMER);
	got = 0;
	handle(SIGALRM, on_signal, SA_RESTART);
	setitimer(ITIMER_REAL, &every, NULL);
	until(&got, 5);
	setitimer(ITIMER_REAL, &none, NULL);
	OK(got >= 5);
}

/* ---- what the C library does with signals of its own ---- */

static void *sleeps(void *arg)
{
	pthread_barrier_wait(&meet);
	pthread_barrier_wait(&meet);
	return (void *)(long)(arg == NULL && getgid() == getegid());
}

static void ids(void)
{
	pthread_t t[N];
	void *r;

	pthread_barrier_init(&meet, NULL, N + 1);
	for (int i = 0; i < N; i++)
		t[i] = start(sleeps, NULL);
	pthread_barrier_wait(&meet);
	OK(setgid(getgid()) == 0);
	OK(setresuid(-1, getuid(), -1) == 0);
	pthread_barrier_wait(&meet);
	for (int i = 0; i < N; i++) {
		pthread_join(t[i], &r);
		OK(r == (void *)1);
	}
}

MAIN
{
	to_process();
	to_threads();
	pthread_barrier_init(&meet, NULL, 2);
	pending();
	faulting();
	queues();
	waiting();
	interrupted();
	timers();
	ids();
}
