/* SPDX-License-Identifier: Apache-2.0 */
/* The instant before a host call, in which a signal may come: found by single steps, and dealt with as kern/signal.c's handler does. */
#include "unit.h"

#include "base/hostcall.h"

#include <errno.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

extern const char hk_hostcall_syscall[], hk_hostcall_end[];

static volatile int stepped;

static void step(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	greg_t *g = uc->uc_mcontext.gregs;

	(void)sig;
	(void)info;
	if (g[REG_RIP] != (greg_t)(uintptr_t)hk_hostcall_syscall)
		return;
	stepped++;
	g[REG_EFL] &= ~0x100L;
	g[REG_RIP] = (greg_t)(uintptr_t)hk_hostcall_end;
	g[REG_RAX] = -HK_ERESTARTSYS;
}

/* From here on every instruction traps, until the next host call is about to be made. */
static void catch_next(void)
{
	__asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq" : : : "memory", "cc");
}

static void a_call_gives_way(void **state)
{
	int64_t r;

	(void)state;
	stepped = 0;
	catch_next();
	r = hk_hostcall(SYS_getpid);
	assert_int_equal(stepped, 1);
	assert_int_equal(r, -HK_ERESTARTSYS);
}

static void a_sure_one_is_made(void **state)
{
	int64_t r;

	(void)state;
	stepped = 0;
	catch_next();
	r = hk_hostcall_sure(SYS_getpid);
	assert_int_equal(stepped, 1);
	assert_int_equal(r, getpid());
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
