/* SPDX-License-Identifier: Apache-2.0 */
/* The instant before a host call, in which a signal may come: found by single steps, and dealt with as kern/signal.c's handler does. */
#include "unit.h"

#include "base/hostcall.h"

#include <errno.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

extern const char hk_hostcall_begin[], hk_hostcall_syscall[], hk_hostcall_end[];

/* The signal comes at this instruction of the routine that begins at `routine`, or at its SYSCALL. */
static volatile int wanted, seen;
static volatile uintptr_t routine, came_at;

static void step(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	greg_t *g = uc->uc_mcontext.gregs;
	uintptr_t ip = (uintptr_t)g[REG_RIP], at_call = (uintptr_t)hk_hostcall_syscall;

	(void)sig;
	(void)info;
	if (ip < routine || ip > at_call || (seen++ != wanted && ip != at_call))
		return;
	came_at = ip;
	g[REG_EFL] &= ~0x100L;
	hk_hostcall_cut = 1;
	if (ip < (uintptr_t)hk_hostcall_begin)
		return;
	g[REG_RIP] = (greg_t)(uintptr_t)hk_hostcall_end;
	g[REG_RAX] = ip == at_call ? -HK_ERESTARTSYS : -HK_ERESTARTNOINTR;
}

/* From here on every instruction traps, until the signal comes. */
static void catch_next(void)
{
	__asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq" : : : "memory", "cc");
}

static void a_call_gives_way(void **state)
{
	int64_t r;

	(void)state;
	routine = (uintptr_t)hk_hostcall6;
	came_at = 0;
	for (wanted = 0; came_at != (uintptr_t)hk_hostcall_syscall; wanted++) {
		seen = 0;
		came_at = 0;
		catch_next();
		r = hk_hostcall(SYS_getpid);
		hk_hostcall_cut = 0;
		assert_true(came_at);
		assert_int_equal(r, came_at == (uintptr_t)hk_hostcall_syscall ? -HK_ERESTARTSYS : -HK_ERESTARTNOINTR);
	}
	assert_true(wanted > 3);
}

static void a_sure_one_is_made(void **state)
{
	int64_t r;

	(void)state;
	routine = (uintptr_t)hk_hostcall6_sure;
	came_at = 0;
	for (wanted = 0; came_at != (uintptr_t)hk_hostcall_syscall; wanted++) {
		seen = 0;
		came_at = 0;
		catch_next();
		r = hk_hostcall_sure(SYS_getpid);
		hk_hostcall_cut = 0;
		assert_true(came_at);
		assert_int_equal(r, getpid());
	}
	assert_true(wanted > 3);
	assert_int_equal(hk_hostcall_sure(SYS_close, -1), -EBADF);
}

/* What was noted before the call began. */
static void a_noted_signal_keeps_it_from_being_made(void **state)
{
	(void)state;
	hk_hostcall_cut = 1;
	assert_int_equal(hk_hostcall(SYS_getpid), -HK_ERESTARTNOINTR);
	assert_int_equal(hk_hostcall_sure(SYS_getpid), getpid());
	hk_hostcall_cut = 0;
	assert_int_equal(hk_hostcall(SYS_getpid), getpid());
}

int main(void)
{
	struct sigaction act = { .sa_sigaction = step, .sa_flags = SA_SIGINFO };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_gives_way),
		cmocka_unit_test(a_sure_one_is_made),
		cmocka_unit_test(a_noted_signal_keeps_it_from_being_made),
	};

	sigaction(SIGTRAP, &act, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
