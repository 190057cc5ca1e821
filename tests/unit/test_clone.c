/* SPDX-License-Identifier: Apache-2.0 */
/* What clone and its kin make of their arguments: the request that reaches the monitor, and Linux's errors. */
#include "call_world.h"
#include "unit.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

static struct clone_request seen;
static int threads, processes;

static int64_t take_thread(struct hk_task *t, const struct clone_request *req)
{
	(void)t;
	seen = *req;
	threads++;
	return 42;
}

static int64_t take_process(struct hk_task *t, const struct clone_request *req)
{
	(void)t;
	seen = *req;
	processes++;
	return 43;
}

static const struct hk_spawn_ops ops = { .thread = take_thread, .process = take_process };

static int setup(void **state)
{
	struct call_world *w;
	int r = call_world_setup(state);

	w = *state;
	w->process.spawn = &ops;
	threads = processes = 0;
	memset(&seen, 0, sizeof(seen));
	return r;
}

static void test_clone_thread(void **state)
{
	struct call_world *w = *state;
	uint64_t flags = THREAD | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

	assert_int_equal(CALL(w, clone, flags | 0xffUL << 32, 0x7000, 0x8000, 0x9000, 0x1234), 42);
	assert_int_equal(threads, 1);
	assert_int_equal(seen.flags, flags);
	assert_int_equal(seen.stack.v, 0x7000);
	assert_int_equal(seen.parent_tid.v, 0x8000);
	assert_int_equal(seen.child_tid.v, 0x9000);
	assert_int_equal(seen.tls, 0x1234);
}

static void test_fork_and_vfork(void **state)
{
	struct call_world *w = *state;

	assert_int_equal(CALL(w, fork, 0), 43);
	assert_int_equal(seen.flags, 0);
	assert_int_equal(seen.exit_signal, SIGCHLD);
	assert_int_equal(seen.stack.v, 0);
	assert_int_equal(CALL(w, vfork, 0), 43);
	assert_int_equal(seen.flags, CLONE_VFORK | CLONE_VM);
	assert_int_equal(CALL(w, clone, CLONE_PIDFD | SIGUSR1, 0, w->mem, 0, 0), 43);
	assert_int_equal(seen.exit_signal, SIGUSR1);
	assert_int_equal(seen.pidfd.v, (uint64_t)(uintptr_t)w->mem);
	assert_int_equal(processes, 3);
}

static void test_combinations(void **state)
{
	static const uint64_t bad[] = {
		CLONE_THREAD,
		CLONE_THREAD | CLONE_SIGHAND,
		CLONE_SIGHAND,
		CLONE_NEWNS | CLONE_FS,
		CLONE_NEWUSER | CLONE_FS,
		THREAD | CLONE_NEWPID,
		CLONE_PIDFD | CLONE_DETACHED,
		THREAD | CLONE_PIDFD,
		CLONE_PIDFD | CLONE_PARENT_SETTID,
		THREAD & ~(uint64_t)CLONE_FILES,
	};
	struct call_world *w = *state;

	for (unsigned i = 0; i < HK_ARRAY_LEN(bad); i++)
		assert_int_equal(CALL(w, clone, bad[i], 0, w->mem, 0, 0), -EINVAL);
	assert_int_equal(CALL(w, clone, CLONE_NEWNET, 0, 0, 0, 0), -EPERM);
	assert_int_equal(CALL(w, clone, THREAD | CLONE_SETTLS, 0, 0, 0, 1UL << 47), -EPERM);
	assert_int_equal(threads + processes, 0);
}

static void test_nobody_to_make_them(void **state)
{
	static const struct hk_spawn_ops none = { 0 };
	struct call_world *w = *state;

	w->process.spawn = &none;
	assert_int_equal(CALL(w, fork, 0), -ENOSYS);
	assert_int_equal(CALL(w, clone, THREAD, 0, 0, 0, 0), -ENOSYS);
	assert_non_null(w->call.note);
	w->process.spawn = NULL;
	assert_int_equal(CALL(w, fork, 0), -ENOSYS);
}

static void test_clone3(void **state)
{
	struct call_world *w = *state;
	struct clone_args *c = (void *)w->mem;

	*c = (struct clone_args){ .flags = THREAD | CLONE_SETTLS,
				  .stack = 0x100000,
				  .stack_size = 0x8000,
				  .tls = 5,
				  .child_tid = 6,
				  .parent_tid = 7 };
	assert_int_equal(CALL(w, clone3, c, sizeof(*c)), 42);
	assert_int_equal(seen.stack.v, 0x108000);
	assert_int_equal(seen.tls, 5);
	assert_int_equal(seen.child_tid.v, 6);
	assert_int_equal(seen.parent_tid.v, 7);
	*c = (struct clone_args){ .flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
	assert_int_equal(CALL(w, clone3, c, 64), 43);
	assert_int_equal(seen.flags, CLONE_CLEAR_SIGHAND);
	assert_int_equal(seen.exit_signal, SIGCHLD);
}

static void test_clone3_sizes(void **state)
{
	struct call_world *w = *state;
	struct clone_args *c = (void *)w->mem;

	c->exit_signal = SIGCHLD;
	assert_int_equal(CALL(w, clone3, c, 63), -EINVAL);
	assert_int_equal(CALL(w, clone3, c, 4097), -E2BIG);
	assert_int_equal(CALL(w, clone3, c, 4096), 43);
	w->mem[sizeof(*c)] = 1;
	assert_int_equal(CALL(w, clone3, c, sizeof(*c) + 8), -E2BIG);
	assert_int_equal(CALL(w, clone3, w->end - 32, 64), -EFAULT);
}

static void test_clone3_arguments(void **state)
{
	const struct clone_args bad[] = {
		{ .flags = 1UL << 40 },
		{ .flags = CLONE_DETACHED },
		{ .flags = SIGCHLD },
		{ .flags = CLONE_VM | CLONE_SIGHAND | CLONE_CLEAR_SIGHAND },
		{ .flags = THREAD, .exit_signal = SIGCHLD },
		{ .flags = CLONE_PARENT, .exit_signal = SIGCHLD },
		{ .exit_signal = 65 },
		{ .exit_signal = 0x100 },
		{ .stack = 0x1000 },
		{ .stack_size = 0x1000 },
		{ .stack = 1UL << 47, .stack_size = 1 },
		{ .stack = 0x1000, .stack_size = ~0UL },
		{ .set_tid_size = 1 },
		{ .set_tid = 0x1000 },
		{ .set_tid = 0x1000, .set_tid_size = 33 },
		{ .flags = CLONE_INTO_CGROUP, .cgroup = 1UL << 31 },
		{ .flags = CLONE_PIDFD | CLONE_PARENT_SETTID },
	};
	struct call_world *w = *state;
	struct clone_args *c = (void *)w->mem;
	int *pids = (void *)(w->mem + 1024);

	for (unsigned i = 0; i < HK_ARRAY_LEN(bad); i++) {
		*c = bad[i];
		assert_int_equal(CALL(w, clone3, c, sizeof(*c)), -EINVAL);
	}
	*c = (struct clone_args){ .set_tid = (uint64_t)(uintptr_t)pids, .set_tid_size = 1 };
	assert_int_equal(CALL(w, clone3, c, sizeof(*c)), -EPERM);
	c->set_tid = (uint64_t)(uintptr_t)w->end;
	assert_int_equal(CALL(w, clone3, c, sizeof(*c)), -EFAULT);
	*c = (struct clone_args){ .flags = CLONE_INTO_CGROUP };
	assert_int_equal(CALL(w, clone3, c, sizeof(*c)), -EPERM);
	assert_int_equal(CALL(w, clone3, c, 80), -EINVAL);
	assert_int_equal(threads + processes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, call_world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_clone_thread),        TEST(test_fork_and_vfork), TEST(test_combinations),
		TEST(test_nobody_to_make_them), TEST(test_clone3),         TEST(test_clone3_sizes),
		TEST(test_clone3_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
