/* SPDX-License-Identifier: Apache-2.0 */
/* Signal masks that change often, so that husk answers rt_sigprocmask by itself where it can: what is blocked does not come, what is let in comes at once.
 * covers: rt_sigprocmask rt_sigpending */
#include "t.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

#define BIT(sig) (1UL << ((sig)-1))

struct shared {
	volatile int inside, sent, stop;
};

static struct shared *shared;
static volatile int hits, bad, section;
static long pid;

/* The same instruction each time: after a few calls it is replaced. */
static __attribute__((noinline)) long mask(long how, const uint64_t *set, uint64_t *old, long size)
{
	register long r10 __asm__("r10") = size;
	long r;

	__asm__ volatile("mov $14, %%eax\n\tsyscall"
			 : "=&a"(r)
			 : "D"(how), "S"(set), "d"(old), "r"(r10)
			 : "rcx", "r11", "memory");
	return r;
}

static void handler(int sig)
{
	uint64_t now = 0;

	hits++;
	bad += section != 0;
	mask(SIG_BLOCK, NULL, &now, 8);
	bad += !(now & BIT(sig));
}

static void catch (int sig)
{
	struct sigaction sa = { .sa_handler = handler };

	sigaction(sig, &sa, NULL);
}

static void warm(void)
{
	uint64_t set = BIT(SIGUSR1), old;

	for (int i = 0; i < 200; i++) {
		mask(SIG_BLOCK, &set, &old, 8);
		mask(SIG_SETMASK, &old, NULL, 8);
	}
}

static void values(void)
{
	uint64_t set = BIT(SIGUSR1) | BIT(SIGKILL) | BIT(SIGSTOP) | BIT(64), old = 1, now = 0;
	unsigned char carry;
	long r;

	printf("block %ld", mask(SIG_BLOCK, &set, &old, 8));
	printf(" was %lx", old);
	printf(" again %ld", mask(SIG_BLOCK, &set, &set, 8));
	printf(" in place %lx\n", set);
	set = BIT(64);
	printf("unblock %ld", mask(SIG_UNBLOCK, &set, &old, 8));
	mask(SIG_SETMASK, NULL, &now, 8);
	printf(" was %lx is %lx\n", old, now);
	printf("no set, bad how %ld; bad how %ld %ld; bad size %ld %ld\n", mask(77, NULL, NULL, 8),
	       mask(3, &set, NULL, 8), mask(-1, &set, NULL, 8), mask(SIG_BLOCK, &set, NULL, 4),
	       mask(SIG_BLOCK, NULL, NULL, 16));
	printf("bad set %ld %ld %ld\n", mask(SIG_BLOCK, (void *)8, NULL, 8), mask(SIG_BLOCK, (void *)-8, NULL, 8),
	       mask(SIG_BLOCK, (void *)0x7f0000000000, NULL, 8));
	set = BIT(SIGUSR2);
	printf("bad old %ld", mask(SIG_BLOCK, &set, (void *)8, 8));
	mask(SIG_SETMASK, NULL, &now, 8);
	printf(" is %lx\n", now);
	set = 0;
	__asm__ volatile("mov $8, %%r10d\n\tstc\n\tmov $14, %%eax\n\tsyscall\n\tsetc %1"
			 : "=&a"(r), "=&r"(carry)
			 : "D"((long)SIG_SETMASK), "S"(&set), "d"(0L)
			 : "rcx", "r10", "r11", "memory");
	mask(SIG_SETMASK, NULL, &now, 8);
	printf("flags kept %d, is %lx\n", carry, now);
}

static void timer(void)
{
	struct itimerval once = { { 0, 0 }, { 0, 300 } }, none = { 0 };
	uint64_t set = BIT(SIGALRM), old;
	int armed = -1;

	catch (SIGALRM);
	hits = bad = 0;
	for (int i = 0; hits < 200 || i < 20000; i++) {
		if (armed != hits) { /* not before the last one was handled: on a slow host, nothing else would run */
			armed = hits;
			setitimer(ITIMER_REAL, &once, NULL);
		}
		mask(SIG_BLOCK, &set, &old, 8);
		section = 1;
		for (volatile int j = 0; j < i % 50; j++)
			;
		section = 0;
		mask(SIG_SETMASK, &old, NULL, 8);
	}
	setitimer(ITIMER_REAL, &none, NULL);
	printf("timer: bad %d\n", bad);
}

/* SIGTERM has its default action: whoever is ended by it was outside. */
static void killed(void)
{
	int status, wrong = 0;

	for (int i = 0; i < 20; i++) {
		pid_t child = fork();

		if (child == 0) {
			uint64_t set = BIT(SIGTERM), old;

			for (;;) {
				mask(SIG_BLOCK, &set, &old, 8);
				shared->inside = 1;
				for (volatile int j = 0; j < 3000; j++)
					;
				shared->inside = 0;
				mask(SIG_SETMASK, &old, NULL, 8);
			}
		}
		usleep(3000 + i * 531);
		kill(child, SIGTERM);
		wrong += waitpid(child, &status, 0) != child || !WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM ||
			 shared->inside;
		shared->inside = 0;
	}
	printf("killed: wrong %d\n", wrong);
}

/* Blocked without a trace in the kernel, sent by another process, seen as pending, let in. */
static void pending(void)
{
	uint64_t set = BIT(SIGUSR2), old, waits = 0;
	int status;
	pid_t child;

	catch (SIGUSR2);
	hits = 0;
	shared->sent = shared->stop = 0;
	child = fork();
	if (child == 0) {
		while (!shared->stop)
			;
		kill(getppid(), SIGUSR2);
		shared->sent = 1;
		_exit(0);
	}
	warm();
	mask(SIG_BLOCK, &set, &old, 8);
	shared->stop = 1;
	while (!shared->sent)
		;
	S(rt_sigpending, &waits, 8);
	printf("pending %d, hits %d", !!(waits & set), hits);
	mask(SIG_SETMASK, &old, NULL, 8);
	printf(", let in: %d\n", hits);
	waitpid(child, &status, 0);
}

/* Ignored, but blocked when it comes: it is kept, and can be waited for. */
static void ignored(void)
{
	const struct timespec soon = { 5, 0 };
	uint64_t set = BIT(SIGCHLD) | BIT(SIGURG), old;
	siginfo_t info;
	long first, second;
	pid_t child = fork();

	if (child == 0) {
		while (!shared->inside)
			;
		kill(getppid(), SIGURG);
		_exit(0);
	}
	warm();
	mask(SIG_BLOCK, &set, &old, 8);
	shared->inside = 1;
	first = S(rt_sigtimedwait, &set, &info, &soon, 8);
	second = S(rt_sigtimedwait, &set, &info, &soon, 8);
	printf("waited for both: %d", first + second == SIGCHLD + SIGURG && first != second);
	mask(SIG_SETMASK, &old, NULL, 8);
	printf(" %d\n", waitpid(child, NULL, 0) == child);
	shared->inside = 0;
}

/* From the thread itself, which blocks it, sends it and lets it in. */
static void self(void)
{
	uint64_t set = BIT(SIGUSR1), old;

	catch (SIGUSR1);
	hits = bad = 0;
	for (int i = 1; i <= 300; i++) {
		mask(SIG_BLOCK, &set, &old, 8);
		section = 1;
		if (i % 3 == 0)
			S(tkill, pid, SIGUSR1);
		section = 0;
		mask(SIG_UNBLOCK, &set, NULL, 8);
		bad += hits != i / 3;
	}
	printf("self: hits %d bad %d\n", hits, bad);
}

static pthread_t receiver;
static volatile int ready, sent;

static void *sender(void *arg)
{
	for (int i = 1; i <= 200; i++) {
		while (ready != i)
			;
		pthread_kill(receiver, SIGUSR1);
		sent = i;
	}
	return arg;
}

/* Another thread has sent it, says so through memory alone, and now it is let in. */
static void threads(void)
{
	uint64_t set = BIT(SIGUSR1), old;
	pthread_t thread;

	hits = bad = 0;
	receiver = pthread_self();
	pthread_create(&thread, NULL, sender, NULL);
	for (int i = 1; i <= 200; i++) {
		mask(SIG_BLOCK, &set, &old, 8);
		ready = i;
		while (sent != i)
			;
		bad += hits != i - 1;
		mask(SIG_SETMASK, &old, NULL, 8);
		bad += hits != i;
	}
	pthread_join(thread, NULL);
	printf("threads: hits %d bad %d\n", hits, bad);
}

int main(void)
{
	pid = S(gettid);
	shared = (struct shared *)MUST(mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	warm();
	values();
	self();
	timer();
	killed();
	pending();
	ignored();
	threads();
	return 0;
}
