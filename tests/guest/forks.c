/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork and vfork: what a child shares with its parent, what it gets a copy of, what it does not inherit.
 * covers: fork vfork clone wait4
 */
#include "t.h"

#include <linux/sched.h>
#include <sys/wait.h>

#define SHARE(n) ((volatile int *)MUST(mmap, 0, (n), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))

static int data = 1;

/* How child pid ended: its exit status, or 1000 + the signal. */
static int reap(long pid)
{
	int status = 0;

	if (S(wait4, pid, &status, 0, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void copies(void)
{
	volatile int *shared = SHARE(T_PAGE), stack = 1;
	volatile int *own =
		(volatile int *)MUST(mmap, 0, T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long pid;

	*own = 1;
	fflush(stdout);
	pid = S(fork);
	if (pid == 0) {
		bool as_before = data == 1 && stack == 1 && *own == 1 && *shared == 0;

		data = stack = *own = *shared = 2;
		_exit(as_before ? 7 : 8);
	}
	OK(pid > 0);
	printf("child: %d\n", reap(pid));
	printf("data %d stack %d private %d shared %d\n", data, stack, *own, *shared);
	/* Changed by the parent after the fork: the child has the old. */
	*shared = 0;
	pid = S(fork);
	if (pid == 0) {
		while (!*shared)
			S(sched_yield);
		_exit(data);
	}
	data = 3;
	*shared = 1;
	printf("child saw %d\n", reap(pid));
}

static void numbers(void)
{
	volatile int *n = SHARE(T_PAGE);
	long me = S(getpid), pid = S(fork);

	if (pid == 0) {
		n[0] = (int)S(getpid);
		n[1] = (int)S(gettid);
		n[2] = (int)S(getppid);
		n[3] = (int)S(getpgid, 0);
		_exit(0);
	}
	printf("child: %d\n", reap(pid));
	OK(n[0] == pid);
	OK(n[1] == pid);
	OK(n[2] == me);
	OK(n[3] == S(getpgid, 0));
}

/* fork with something in the registers that a system call leaves alone: are they there afterwards? The child says so by its status. */
static void registers(void)
{
	uint16_t x87 = 0x0c7f, x87_after; /* x87 and SSE round towards zero */
	uint32_t mxcsr = 0x7f80, mxcsr_after;
	double in[2] = { 1.25, -3.5 }, out[2], st = 0.0;
	long pid, r12;
	bool same;

	fflush(stdout);
	__asm__ volatile("fldcw %[cw]\n\tldmxcsr %[csr]\n\tmovupd %[in], %%xmm6\n\tfldl %[in]\n\t"
			 "mov $0x1234567, %%r12\n\tsyscall\n\t"
			 "mov %%r12, %[r12]\n\tfstpl %[st]\n\tmovupd %%xmm6, %[out]\n\tstmxcsr %[csr2]\n\tfnstcw %[cw2]"
			 : "=a"(pid), [r12] "=m"(r12), [st] "=m"(st), [out] "=m"(out), [csr2] "=m"(mxcsr_after),
			   [cw2] "=m"(x87_after)
			 : "a"(SYS_fork), [cw] "m"(x87), [csr] "m"(mxcsr), [in] "m"(in)
			 : "rcx", "r11", "r12", "xmm6", "memory");
	same = r12 == 0x1234567 && st == 1.25 && !memcmp(in, out, sizeof(in)) && mxcsr_after == mxcsr &&
	       x87_after == x87;
	x87 = 0x37f;
	mxcsr = 0x1f80;
	__asm__ volatile("fldcw %0\n\tldmxcsr %1" ::"m"(x87), "m"(mxcsr));
	if (pid == 0)
		_exit(same ? 11 : 12);
	OK(same);
	printf("registers in the child: %d\n", reap(pid));
}

/* clone's flags for a child that is a process. */
static void flags(void)
{
	volatile int *tids = SHARE(T_PAGE);
	long pid;
	int status;

	fflush(stdout);
	pid = S(clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0, &tids[0], &tids[1], 0);
	if (pid == 0)
		_exit(tids[1] == S(getpid) ? 4 : 5);
	printf("settid: %d\n", reap(pid));
	OK(tids[0] == pid && tids[1] == pid);
	pid = S(clone, 0, 0, 0, 0, 0);
	if (pid == 0)
		_exit(6);
	T(wait4, pid, &status, 0, 0);
	OK(S(wait4, pid, &status, __WCLONE, 0) == pid);
	printf("no signal: %d\n", WEXITSTATUS(status));
	pid = S(clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		_exit((int)S(umask, 0123));
	reap(pid);
	printf("umask of both: %03lo\n", S(umask, 022));
}

static void borrowed(void)
{
	volatile int x = 1, *p = &x;
	long pid;

	fflush(stdout);
	pid = vfork();
	if (pid == 0) {
		*p = 2;
		_exit(9);
	}
	printf("vfork: x %d, child %d\n", x, reap(pid));
}

/* The child starts without its parent's pending signals and timers, with its mask and handlers. */
static volatile int caught;

static void on_signal(int sig)
{
	caught = sig;
}

static void signals(void)
{
	struct sigaction act = { .sa_handler = on_signal };
	sigset_t set, pending;
	long pid;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaction(SIGUSR1, &act, NULL);
	sigprocmask(SIG_BLOCK, &set, NULL);
	S(kill, getpid(), SIGUSR1);
	S(alarm, 100);
	pid = S(fork);
	if (pid == 0) {
		int bits = 0;

		sigpending(&pending);
		bits |= sigismember(&pending, SIGUSR1) ? 1 : 0;
		bits |= S(alarm, 0) ? 2 : 0;
		sigprocmask(SIG_BLOCK, NULL, &set);
		bits |= sigismember(&set, SIGUSR1) ? 4 : 0;
		S(kill, getpid(), SIGUSR1);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		bits |= caught == SIGUSR1 ? 8 : 0;
		_exit(bits);
	}
	printf("child: %d\n", reap(pid));
	sigpending(&pending);
	OK(sigismember(&pending, SIGUSR1));
	OK(S(alarm, 0) > 0);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	OK(caught == SIGUSR1);
}

static volatile long forked;

static void on_fork(int sig)
{
	(void)sig;
	forked = S(fork);
	if (forked == 0)
		_exit(21);
}

static void in_handler(void)
{
	struct sigaction act = { .sa_handler = on_fork };

	sigaction(SIGUSR2, &act, NULL);
	fflush(stdout);
	S(kill, getpid(), SIGUSR2);
	OK(forked > 0);
	printf("forked in a handler: %d\n", reap(forked));
}

static int chain(int depth)
{
	long pid;

	if (!depth)
		return 1;
	pid = S(fork);
	if (pid == 0)
		_exit(chain(depth - 1));
	return pid < 0 ? 100 : 1 + reap(pid);
}

MAIN
{
	copies();
	numbers();
	registers();
	flags();
	borrowed();
	signals();
	in_handler();
	fflush(stdout);
	printf("chain: %d\n", chain(20));
}
