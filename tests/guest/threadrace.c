/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads against each other: memory that goes and comes while calls and instructions use it, signals at every moment, threads that come and end, descriptors
 * closed under a read, copies of the process. Everything may end in an error, nothing in a wrong result. With a number: that many milliseconds of all at once (a long run by hand).
 * cases: memory descriptors handlers forks all 400
 */
#include "t.h"

#include <pthread.h>
#include <setjmp.h>
#include <sys/time.h>
#include <sys/wait.h>

#define PAGES 16
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static char *arena;
static volatile int stop;
static bool holes; /* nobody else maps anything meanwhile: it would land in one */
static pthread_barrier_t ready;
static int rounds;
static volatile long wrong, caught;
static __thread sigjmp_buf back;
static __thread volatile int guarded;
static int pipes[2];

static void bad(void)
{
	__atomic_add_fetch(&wrong, 1, __ATOMIC_SEQ_CST);
}

static bool go_on(int *i)
{
	return rounds ? ++*i <= rounds : !__atomic_load_n(&stop, __ATOMIC_RELAXED);
}

static unsigned next(unsigned *seed)
{
	return *seed = *seed * 1103515245 + 12345;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	uint64_t a = (uint64_t)info->si_addr - (uint64_t)arena;

	(void)sig, (void)context;
	/* Somebody else's fault would be one of the monitor's making. */
	if (!guarded || a >= PAGES * T_PAGE)
		_exit(88);
	siglongjmp(back, 1);
}

static void on_signal(int sig)
{
	(void)sig;
	__atomic_add_fetch(&caught, 1, __ATOMIC_RELAXED);
}

/* Maps, unmaps, protects and moves the pages. */
static void *shuffle(void *arg)
{
	unsigned seed = (unsigned)(long)arg;

	pthread_barrier_wait(&ready);
	for (int i = 0; go_on(&i);) {
		char *p = arena + next(&seed) / 65536 % PAGES * T_PAGE;
		char *q = arena + next(&seed) / 65536 % PAGES * T_PAGE;
		int prot[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE };

		switch (next(&seed) / 65536 % 5) {
		case 0:
			if (holes)
				S(munmap, p, T_PAGE);
			else
				S(mmap, p, T_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
			break;
		case 1:
			S(mprotect, p, T_PAGE, prot[next(&seed) / 65536 % 4]);
			break;
		case 2:
			if (p != q)
				S(mremap, p, T_PAGE, T_PAGE,
				  MREMAP_MAYMOVE | MREMAP_FIXED | (holes ? 0 : MREMAP_DONTUNMAP), q);
			break;
		case 3:
			S(madvise, p, T_PAGE, MADV_DONTNEED);
			break;
		default:
			S(mmap, p, T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		}
	}
	return NULL;
}

/* Uses them by instructions. */
static void *touch(void *arg)
{
	static __thread unsigned seed;

	seed = (unsigned)(long)arg;

	pthread_barrier_wait(&ready);
	for (int i = 0; go_on(&i);) {
		volatile char *p = arena + next(&seed) / 65536 % PAGES * T_PAGE + 100;

		if (sigsetjmp(back, 1) == 0) {
			guarded = 1;
			char c = *p;

			if (c != 0 && c != 'z')
				bad();
			*p = 'z';
		}
		guarded = 0;
	}
	return NULL;
}

/* … and by calls, that copy in, out, and look at vectors and structures there. */
static void *call(void *arg)
{
	unsigned seed = (unsigned)(long)arg;
	long fd = MUST(open, "/dev/zero", O_RDWR);

	pthread_barrier_wait(&ready);
	for (int i = 0; go_on(&i);) {
		char *p = arena + next(&seed) / 65536 % PAGES * T_PAGE + 200;
		long r[6] = { S(read, fd, p, 5000), S(write, fd, p, 5000), S(getcwd, p, 1000),
			      S(uname, p),          S(writev, fd, p, 3),   S(clock_gettime, CLOCK_REALTIME, p) };

		for (int k = 0; k < 6; k++)
			if (r[k] < 0 && r[k] != -EFAULT && r[k] != -EINTR && !(k == 4 && r[k] == -EINVAL) &&
			    r[k] != -ERANGE)
				bad();
		/* Cleared: touch() knows what may be there. */
		S(read, fd, p, T_PAGE - 200);
	}
	S(close, fd);
	return NULL;
}

static void *reader(void *arg)
{
	pthread_barrier_wait(&ready);
	for (int i = 0; go_on(&i);) {
		char c;
		long r = S(read, __atomic_load_n(&pipes[0], __ATOMIC_RELAXED), &c, 1);

		/* EINVAL in husk alone: the number may be that of a vCPU for a moment, which is just being made (docs/decisions/010). */
		if (r < 0 && r != -EBADF && r != -EINTR && r != -EAGAIN && r != -EINVAL)
			bad();
	}
	return arg;
}

static void *closer(void *arg)
{
	pthread_barrier_wait(&ready);
	for (int i = 0; go_on(&i);) {
		int p[2], old[2] = { pipes[0], pipes[1] };

		S(write, old[1], "x", 1);
		if (pipe2(p, O_NONBLOCK))
			continue;
		__atomic_store_n(&pipes[0], p[0], __ATOMIC_RELAXED);
		pipes[1] = p[1];
		S(close, old[0]);
		S(close, old[1]);
	}
	return arg;
}

static void *brief(void *arg)
{
	return arg;
}

/* Makes threads and sends them, itself and the process signals. */
static void *breeder(void *arg)
{
	pthread_barrier_wait(&ready);
	for (int i = 0; go_on(&i);) {
		pthread_t t;

		if (pthread_create(&t, NULL, brief, arg))
			continue;
		pthread_kill(t, SIGUSR1);
		pthread_kill(pthread_self(), SIGUSR1);
		S(kill, getpid(), SIGUSR2);
		void *r;

		pthread_join(t, &r);
		if (r != arg)
			bad();
	}
	return NULL;
}

/* Copies of the process, made while everything changes; each has its own memory and says so by its end. */
static void *forker(void *arg)
{
	volatile int mine = 1;

	pthread_barrier_wait(&ready);
	for (int i = 0; go_on(&i);) {
		pid_t pid = fork();
		int status = 0;

		if (pid == 0) {
			char *p = mmap(NULL, T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			mine = 7;
			if (p != MAP_FAILED)
				*p = 1;
			_exit(p != MAP_FAILED && munmap(p, T_PAGE) == 0 ? mine : 8);
		}
		if (pid < 0)
			continue;
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 7 || mine != 1)
			bad();
	}
	return arg;
}

static void *sums(void *arg)
{
	pthread_barrier_wait(&ready);
	for (int i = 0; go_on(&i);) {
		double s = 0;

		for (int k = 1; k <= 2000; k++)
			s += 1.0 / k;
		if (s < 8.17836 || s > 8.17837)
			bad();
	}
	return arg;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void run(void *(*const *fn)(void *))
{
	pthread_t t[16];
	int n = 0;

	while (fn[n])
		n++;
	pthread_barrier_init(&ready, NULL, (unsigned)n);
	for (n = 0; fn[n]; n++)
		if (pthread_create(&t[n], NULL, fn[n], (void *)(long)(n + 1)))
			bad();
	if (!rounds) {
		long end = now_ms() + atol(getenv("MS"));

		while (now_ms() < end)
			usleep(1000);
		stop = 1;
	}
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
}

int main(int argc, char **argv)
{
	void *(*const memory[])(void *) = { shuffle, touch, call, touch, NULL };
	void *(*const descriptors[])(void *) = { closer, reader, reader, NULL };
	void *(*const handlers[])(void *) = { breeder, sums, sums, call, NULL };
	void *(*const all[])(void *) = { shuffle, touch, call, closer, reader, breeder, sums, shuffle, forker, NULL };
	void *(*const forks[])(void *) = { forker, shuffle, breeder, forker, NULL };
	struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO },
			 sig = { .sa_handler = on_signal };
	struct itimerval tick = { { 0, 3000 }, { 0, 3000 } };
	const char *how = argc > 1 ? argv[1] : "";

	rounds = atoi(how) ? 0 : 150;
	holes = !strcmp(how, "memory");
	setenv("MS", how, 1);
	arena = mmap(NULL, PAGES * T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaction(SIGSEGV, &fault, NULL);
	sigaction(SIGBUS, &fault, NULL);
	sig.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &sig, NULL);
	sig.sa_flags = 0;
	sigaction(SIGUSR2, &sig, NULL);
	sigaction(SIGALRM, &sig, NULL);
	if (pipe2(pipes, O_NONBLOCK))
		return 3;
	if (!rounds)
		setitimer(ITIMER_REAL, &tick, NULL);
	run(!strcmp(how, "memory")        ? memory
	    : !strcmp(how, "descriptors") ? descriptors
	    : !strcmp(how, "handlers")    ? handlers
	    : !strcmp(how, "forks")       ? forks
					  : all);
	printf("wrong %ld\n", wrong);
	if (!strcmp(how, "handlers"))
		OK(caught > 150);
	return wrong || t_bads;
}
