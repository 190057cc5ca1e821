/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that are caught: what a handler is told, on which stack and with which mask it runs, what it may change, how calls are interrupted.
 * covers: rt_sigreturn rt_sigsuspend pause */
#include "t.h"

#include <setjmp.h>
#include <sys/time.h>
#include <ucontext.h>

static volatile int count, signo, code, inside, depth, deepest;
static volatile uint64_t mask_inside;
static void *volatile address;
static volatile bool on_alt;
static char alt[65536];
static sigjmp_buf back;
static long pid;

static void plain(int sig)
{
	uint64_t m = 0;

	count++;
	signo = sig;
	S(rt_sigprocmask, SIG_BLOCK, NULL, &m, 8);
	mask_inside = m;
	on_alt = (char *)&m >= alt && (char *)&m < alt + sizeof(alt);
}

static void told(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	count++;
	signo = sig;
	code = si->si_code;
	address = si->si_addr;
	inside = uc->uc_mcontext.gregs[REG_RIP] != 0 && uc->uc_mcontext.fpregs != NULL;
	plain(sig);
}

static void nest(int sig)
{
	depth++;
	deepest = depth > deepest ? depth : deepest;
	if (depth < 4)
		S(tkill, pid, sig);
	depth--;
}

static void jump(int sig, siginfo_t *si, void *ctx T_UNUSED)
{
	address = si->si_addr;
	code = si->si_code;
	siglongjmp(back, sig);
}

/* Steps over the instruction, or repairs what it missed. */
static void mend(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	count++;
	if (sig == SIGSEGV)
		S(mprotect, (uintptr_t)si->si_addr & -4096L, 4096, PROT_READ | PROT_WRITE);
	else
		uc->uc_mcontext.gregs[REG_RIP] += 2;
}

static void set(int sig, void (*handler)(int), int flags)
{
	struct sigaction sa = { .sa_flags = flags };

	sigemptyset(&sa.sa_mask);
	if (flags & SA_SIGINFO)
		sa.sa_sigaction = (void (*)(int, siginfo_t *, void *))(void (*)(void))handler;
	else
		sa.sa_handler = handler;
	OK(sigaction(sig, &sa, NULL) == 0);
}

#define INFO(f) ((void (*)(int))(void (*)(void))(f))

static void simple(void)
{
	uint64_t m = 0;

	set(SIGUSR1, plain, 0);
	T(kill, pid, SIGUSR1);
	printf("count %d signo %d inside %lx alt %d\n", count, signo, (unsigned long)mask_inside, on_alt);
	set(SIGUSR1, plain, SA_NODEFER);
	T(tkill, pid, SIGUSR1);
	printf("count %d inside %lx\n", count, (unsigned long)mask_inside);
	set(SIGUSR2, INFO(told), SA_SIGINFO);
	T(tgkill, pid, pid, SIGUSR2);
	printf("count %d signo %d code %d inside %d\n", count, signo, code, inside);
	set(SIGUSR1, plain, SA_RESETHAND);
	T(kill, pid, SIGUSR1);
	struct sigaction sa;
	OK(sigaction(SIGUSR1, NULL, &sa) == 0 && sa.sa_handler == SIG_DFL);
	T(rt_sigprocmask, SIG_BLOCK, NULL, &m, 8);
	printf("mask %lx\n", (unsigned long)m);
	set(SIGUSR1, nest, SA_NODEFER);
	T(tkill, pid, SIGUSR1);
	printf("depth %d deepest %d\n", depth, deepest);
}

static void stacks(void)
{
	stack_t s = { .ss_sp = alt, .ss_size = sizeof(alt) };

	OK(sigaltstack(&s, NULL) == 0);
	set(SIGUSR1, plain, SA_ONSTACK);
	T(kill, pid, SIGUSR1);
	printf("alt %d\n", on_alt);
	set(SIGUSR1, plain, 0);
	T(kill, pid, SIGUSR1);
	printf("alt %d\n", on_alt);
}

static void faults(void)
{
	volatile char *none = (char *)MUST(mmap, 0, T_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile int zero = 0;
	int sig;

	set(SIGSEGV, INFO(jump), SA_SIGINFO | SA_ONSTACK);
	set(SIGFPE, INFO(jump), SA_SIGINFO);
	set(SIGILL, INFO(jump), SA_SIGINFO);
	sig = sigsetjmp(back, 1);
	if (!sig)
		none[123] = 1;
	printf("signal %d code %d right address %d\n", sig, code, address == none + 123);
	sig = sigsetjmp(back, 1);
	if (!sig)
		*(volatile char *)0x1234 = 1;
	printf("signal %d code %d address %p\n", sig, code, address);
	sig = sigsetjmp(back, 1);
	if (!sig)
		*(volatile char *)0x8000000000000000 = 1;
	printf("signal %d code %d address %p\n", sig, code, address);
	sig = sigsetjmp(back, 1);
	if (!sig)
		printf("%d\n", 1 / zero);
	printf("signal %d code %d\n", sig, code);
	sig = sigsetjmp(back, 1);
	if (!sig)
		__asm__ volatile("ud2");
	printf("signal %d code %d\n", sig, code);
	count = 0;
	set(SIGSEGV, INFO(mend), SA_SIGINFO);
	set(SIGILL, INFO(mend), SA_SIGINFO);
	none[5] = 6;
	__asm__ volatile("ud2");
	printf("mended %d: %d\n", count, none[5]);
}

static void registers(void)
{
	double a = 1.5, b = 2.25;
	unsigned long in = 0x1234567890abcdef, out = 0;

	set(SIGUSR1, plain, 0);
	__asm__ volatile("movsd %3, %%xmm9\n mov %4, %%rbx\n syscall\n movsd %%xmm9, %0\n mov %%rbx, %1\n"
			 : "=m"(b), "=m"(out), "+D"(pid)
			 : "m"(a), "m"(in), "a"(SYS_kill), "S"(SIGUSR1)
			 : "rcx", "r11", "rbx", "xmm9", "memory");
	OK(b == 1.5 && out == in);
}

static void interrupted(void)
{
	struct itimerval it = { { 0, 0 }, { 0, 20000 } };
	struct timespec t = { 5, 0 }, left = { 0, 0 };
	int p[2];
	char c;
	uint64_t none = 0, block = 1UL << (SIGALRM - 1);

	MUST(pipe, p);
	set(SIGALRM, plain, 0);
	count = 0;
	MUST(setitimer, ITIMER_REAL, &it, NULL);
	T(read, p[0], &c, 1);
	MUST(setitimer, ITIMER_REAL, &it, NULL);
	T(nanosleep, &t, &left);
	OK(left.tv_sec == 4);
	MUST(setitimer, ITIMER_REAL, &it, NULL);
	T(pause);
	MUST(rt_sigprocmask, SIG_BLOCK, &block, NULL, 8);
	MUST(setitimer, ITIMER_REAL, &it, NULL);
	T(rt_sigsuspend, &none, 8);
	MUST(rt_sigprocmask, SIG_UNBLOCK, &block, NULL, 8);
	MUST(setitimer, ITIMER_REAL, &it, NULL);
	while (count < 5) /* no call at all: the signal must come into a loop */
		;
	printf("count %d\n", count);
}

MAIN
{
	pid = S(getpid);
	simple();
	stacks();
	faults();
	registers();
	interrupted();
}
