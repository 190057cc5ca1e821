/* SPDX-License-Identifier: Apache-2.0 */
/* Signals at their edges: masks for the time of a call, a blocked SIGSEGV that was sent, what a handler may write into the flags and RIP of its context,
 * a stack without room, a signal that comes just when the program is about to go on.
 * covers: rt_sigsuspend ppoll rt_sigpending rt_sigtimedwait rt_sigaction sigaltstack rt_sigreturn */
#include "t.h"

#include <setjmp.h>
#include <sys/time.h>
#include <ucontext.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif
#define BIT(sig) (1UL << ((sig)-1))
#define FLAG_TF  0x100
#define FLAG_NT  0x4000
#define IOPL     0x3000

static long pid;
static volatile int order[8], runs;
static volatile uint64_t mask_inside[8];
static char alt[65536] __attribute__((aligned(64)));
static sigjmp_buf back;

static void set(int sig, void (*h)(int, siginfo_t *, void *), int flags)
{
	struct sigaction a = { .sa_sigaction = h, .sa_flags = SA_SIGINFO | flags };

	sigaction(sig, &a, NULL);
}

static void note(int sig, siginfo_t *si T_UNUSED, void *uc T_UNUSED)
{
	uint64_t m = 0;

	S(rt_sigprocmask, SIG_BLOCK, NULL, &m, 8);
	if (runs < 8) {
		mask_inside[runs] = m;
		order[runs++] = sig;
	}
}

static void notes(const char *what)
{
	printf("%s:", what);
	for (int i = 0; i < runs; i++)
		printf(" %d with mask %lx", order[i], (unsigned long)mask_inside[i]);
	printf("\n");
	runs = 0;
}

/* All that the call's mask lets in has its handler, with that mask. */
static void waits(void)
{
	uint64_t both = BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGTERM), one = BIT(SIGUSR2) | BIT(SIGHUP), none = 0, old;

	set(SIGUSR1, note, 0);
	set(SIGUSR2, note, 0);
	MUST(rt_sigprocmask, SIG_SETMASK, &both, NULL, 8);
	T(kill, pid, SIGUSR1);
	T(kill, pid, SIGUSR2);
	T(rt_sigsuspend, &one, 8);
	notes("only one");
	T(kill, pid, SIGUSR1);
	T(rt_sigsuspend, &none, 8);
	notes("both");
	T(kill, pid, SIGUSR1);
	T(kill, pid, SIGUSR2);
	T(ppoll, NULL, 0, NULL, &none, 8);
	notes("ppoll");
	MUST(rt_sigprocmask, SIG_SETMASK, &none, &old, 8);
	printf("mask afterwards %lx\n", (unsigned long)old);
}

/* The processor's own signals, sent by a process, are like others. */
static void fault_sent(int sig)
{
	uint64_t set_of = BIT(sig), pending, none = 0;
	struct timespec zero = { 0 };
	siginfo_t info = { 0 };

	set(sig, note, 0);
	MUST(rt_sigprocmask, SIG_BLOCK, &set_of, NULL, 8);
	T(kill, pid, sig);
	T(kill, pid, sig);
	notes("blocked");
	T(rt_sigpending, &pending, 8);
	printf("pending %lx\n", (unsigned long)pending);
	T(rt_sigtimedwait, &set_of, &info, &zero, 8);
	printf("signal %d, code %d\n", info.si_signo, info.si_code);
	T(rt_sigtimedwait, &set_of, &info, &zero, 8);
	T(kill, pid, sig);
	T(rt_sigsuspend, &none, 8);
	notes("suspended");
	T(kill, pid, sig);
	MUST(rt_sigprocmask, SIG_UNBLOCK, &set_of, NULL, 8);
	notes("unblocked");
	T(kill, pid, sig);
	notes("open");
}

static volatile int steps;
static volatile long step_at[16];
extern const char step_from[];

static void trap(int sig, siginfo_t *si T_UNUSED, void *ctx)
{
	greg_t *g = ((ucontext_t *)ctx)->uc_mcontext.gregs;

	if (sig == SIGUSR1) {
		g[REG_EFL] |= FLAG_TF;
		return;
	}
	if (steps < 16)
		step_at[steps] = (long)(g[REG_RIP] - (greg_t)(uintptr_t)step_from);
	if (++steps >= 5)
		g[REG_EFL] &= ~FLAG_TF;
}

static void nested_task(int sig T_UNUSED, siginfo_t *si T_UNUSED, void *ctx)
{
	((ucontext_t *)ctx)->uc_mcontext.gregs[REG_EFL] |= FLAG_NT;
}

/* Single steps begin where the handler returns to, not in what brings it there. */
static void flags(void)
{
	set(SIGUSR1, trap, 0);
	set(SIGTRAP, trap, 0);
	__asm__ volatile("syscall\n"
			 "step_from: nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n"
			 :
			 : "a"(SYS_kill), "D"(pid), "S"(SIGUSR1)
			 : "rcx", "r11", "memory", "cc");
	printf("%d steps:", steps);
	for (int i = 0; i < steps && i < 16; i++)
		printf(" %ld", step_at[i]);
	printf("\n");
	set(SIGUSR1, nested_task, 0);
	T(kill, pid, SIGUSR1);
}

static void stack_flags(int sig T_UNUSED, siginfo_t *si T_UNUSED, void *ctx)
{
	stack_t now;

	S(sigaltstack, NULL, &now);
	printf("in the frame %x, now %x\n", ((ucontext_t *)ctx)->uc_stack.ss_flags, now.ss_flags);
}

static void altstacks(void)
{
	stack_t st = { .ss_sp = alt, .ss_size = sizeof(alt) }, now;

	set(SIGUSR1, stack_flags, SA_ONSTACK);
	MUST(sigaltstack, &st, NULL);
	T(kill, pid, SIGUSR1);
	st.ss_flags = (int)SS_AUTODISARM;
	MUST(sigaltstack, &st, NULL);
	T(kill, pid, SIGUSR1);
	MUST(sigaltstack, NULL, &now);
	printf("after %x\n", now.ss_flags);
}

static volatile long wild;
static volatile bool without_fpu;

static void go_wild(int sig T_UNUSED, siginfo_t *si T_UNUSED, void *ctx)
{
	ucontext_t *uc = ctx;
	greg_t *g = uc->uc_mcontext.gregs;

	g[REG_RIP] = g[REG_RCX] = wild;
	g[REG_R11] = g[REG_EFL];
	if (without_fpu)
		uc->uc_mcontext.fpregs = NULL;
}

static void tell(int sig, siginfo_t *si, void *ctx)
{
	greg_t *g = ((ucontext_t *)ctx)->uc_mcontext.gregs;

	printf("signal %d, code %d, address %p, rip %llx, trap %lld, error %lld\n", sig, si->si_code, si->si_addr,
	       (unsigned long long)g[REG_RIP], (long long)g[REG_TRAPNO], (long long)g[REG_ERR]);
	siglongjmp(back, 1);
}

/* A handler returns to where nobody can be. */
static void wild_returns(void)
{
	static const unsigned long to[] = { 0x8000000000000000, 0xffffffff81000000 };
	stack_t st = { .ss_sp = alt, .ss_size = sizeof(alt) };

	MUST(sigaltstack, &st, NULL);
	set(SIGUSR1, go_wild, 0);
	set(SIGSEGV, tell, SA_ONSTACK);
	for (unsigned i = 0; i < 4; i++) {
		wild = (long)to[i / 2];
		without_fpu = i & 1;
		if (!sigsetjmp(back, 1))
			S(kill, pid, SIGUSR1);
	}
}

static void refuse(int sig, siginfo_t *si, void *ctx T_UNUSED)
{
	printf("signal %d, code %d\n", sig, si->si_code);
	siglongjmp(back, 1);
}

/* No room for a frame is a SIGSEGV, whose handler has a stack here. */
static void no_room(void)
{
	set(SIGUSR1, note, 0);
	set(SIGSEGV, refuse, SA_ONSTACK);
	if (sigsetjmp(back, 1))
		return;
	__asm__ volatile("mov %%rsp, %%rbx\n\t"
			 "xor %%esp, %%esp\n\t"
			 "syscall\n\t"
			 "mov %%rbx, %%rsp"
			 :
			 : "a"(SYS_kill), "D"(pid), "S"(SIGUSR1)
			 : "rbx", "rcx", "r11", "memory", "cc");
	printf("not reached\n");
}

extern const char ports_from[];

static void want_ports(int sig T_UNUSED, siginfo_t *si T_UNUSED, void *ctx)
{
	ucontext_t *uc = ctx;
	greg_t *g = uc->uc_mcontext.gregs;

	g[REG_RIP] = g[REG_RCX] = (greg_t)(uintptr_t)ports_from;
	g[REG_R11] = g[REG_EFL] | IOPL;
	g[REG_EFL] |= IOPL;
	uc->uc_mcontext.fpregs = NULL;
}

/* Neither the flags nor what looks like them gives the program the ports; no segment register takes a local descriptor. */
static void privileges(void)
{
	unsigned long f;

	set(SIGUSR1, want_ports, 0);
	__asm__ volatile("syscall\n"
			 "ports_from: pushfq\n\t"
			 "pop %0"
			 : "=r"(f)
			 : "a"(SYS_kill), "D"(pid), "S"(SIGUSR1)
			 : "rcx", "r11", "memory", "cc");
	printf("IOPL %lx\n", f & IOPL);
	if (!sigsetjmp(back, 1)) {
		__asm__ volatile("mov %0, %%es" : : "r"(0x0f));
		printf("loaded\n");
	} else {
		printf("refused\n");
	}
}

static void unknown_flags(void)
{
	struct {
		unsigned long handler, flags, restorer;
		uint64_t mask;
	} a = { 1, ~0UL, 0, 0 };

	T(rt_sigaction, SIGUSR2, &a, NULL, 8);
	T(rt_sigaction, SIGUSR2, NULL, &a, 8);
	printf("flags %lx\n", a.flags & 0xffffffffUL);
}

static volatile bool fired;

static void fire(int sig T_UNUSED)
{
	fired = true;
}

/* A timer expires when the program is just on its way back from the kernel, or from a fault; then it makes no call any more. */
static void on_the_way(bool fault)
{
	const long rounds = 600, apart = 2L << 20;
	char *m = mmap(NULL, (size_t)(rounds * apart), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int lost = 0;

	signal(SIGALRM, fire);
	for (long i = 0; m != MAP_FAILED && i < rounds && !lost; i++) {
		struct itimerval it = { .it_value.tv_usec = 20 + i % 200 };
		struct timespec start, now;
		long ms = 0;

		clock_gettime(CLOCK_MONOTONIC, &start);
		fired = false;
		S(setitimer, ITIMER_REAL, &it, NULL);
		if (fault)
			m[i * apart] = 1;
		for (unsigned long n = 0; !fired && n < 400000000; n++)
			__asm__ volatile("pause");
		clock_gettime(CLOCK_MONOTONIC, &now);
		ms = (now.tv_sec - start.tv_sec) * 1000;
		lost += !fired || ms > 20000;
	}
	printf("lost %d\n", lost);
}

MAIN
{
	pid = S(getpid);
	waits();
	fault_sent(SIGSEGV);
	fault_sent(SIGBUS);
	flags();
	altstacks();
	wild_returns();
	no_room();
	privileges();
	unknown_flags();
	on_the_way(false);
	on_the_way(true);
}
