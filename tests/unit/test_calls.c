/* SPDX-License-Identifier: Apache-2.0 */
/* Small handlers whose answer a guest program cannot see natively: limits kept apart from the monitor's, refusals, requests of ioctl. */
#include "call_world.h"
#include "kern/rlimit.h"
#include "syscalls/table.h"
#include "unit.h"

#include <asm/ioctls.h>
#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

static void test_memory_limits_spare_the_monitor(void **state)
{
	static const int which[] = { RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK };
	struct call_world *w = *state;
	struct rlimit64 *lim = (void *)w->mem;
	struct rlimit before, after;

	for (unsigned i = 0; i < HK_ARRAY_LEN(which); i++) {
		assert_int_equal(getrlimit(which[i], &before), 0);
		*lim = (struct rlimit64){ 4096, before.rlim_max };
		assert_int_equal(CALL(w, setrlimit, which[i], lim), 0);
		assert_int_equal(getrlimit(which[i], &after), 0);
		assert_int_equal(after.rlim_cur, before.rlim_cur);
		lim->rlim_cur = 0;
		assert_int_equal(CALL(w, prlimit64, 0, which[i], 0, lim), 0);
		assert_int_equal(lim->rlim_cur, 4096);
		*lim = (struct rlimit64){ 2, 1 };
		assert_int_equal(CALL(w, setrlimit, which[i], lim), -EINVAL);
	}
	assert_int_equal(w->process.mm->rlim_as, 4096);
	assert_int_equal(w->process.mm->rlim_data, 4096);
	assert_int_equal(CALL(w, setrlimit, 16, lim), -EINVAL);
	assert_int_equal(CALL(w, setrlimit, RLIMIT_AS, w->end - 8), -EFAULT);
	assert_int_equal(CALL(w, getrlimit, RLIMIT_AS, w), -EFAULT);
}

static void test_raised_file_limit_moves_ours(void **state)
{
	struct call_world *w = *state;
	struct rlimit64 *lim = (void *)w->mem;
	int before;

	assert_int_equal(CALL(w, getrlimit, RLIMIT_NOFILE, lim), 0);
	lim->rlim_cur = 300;
	assert_int_equal(CALL(w, setrlimit, RLIMIT_NOFILE, lim), 0);
	fd_guard_drop(&w->process.fds, &w->ours);
	assert_int_equal(fd_guard_init(&w->process.fds), 0);
	w->ours = dup(w->file);
	assert_int_equal(fd_guard_adopt(&w->process.fds, &w->ours), 0);
	before = w->ours;
	lim->rlim_cur = 600;
	assert_int_equal(CALL(w, setrlimit, RLIMIT_NOFILE, lim), 0);
	assert_true(w->ours > before);
	assert_true(fcntl(w->ours, F_GETFD) >= 0);
	assert_int_equal(fcntl(before, F_GETFD), -1);
}

static void test_clocks_cannot_be_set(void **state)
{
	struct call_world *w = *state;
	struct timespec *ts = (void *)w->mem;
	struct timex *tx = (void *)(w->mem + 1024);

	clock_gettime(CLOCK_REALTIME, ts); /* were it to go through, little would be lost */
	assert_int_equal(CALL(w, clock_settime, CLOCK_REALTIME, ts), -EPERM);
	assert_non_null(w->call.note);
	assert_int_equal(CALL(w, clock_settime, CLOCK_MONOTONIC, ts), -EINVAL);
	assert_int_equal(CALL(w, clock_settime, 99, ts), -EINVAL);
	assert_int_equal(CALL(w, clock_settime, CLOCK_REALTIME, w->end), -EFAULT);
	ts->tv_nsec = 1000000000;
	assert_int_equal(CALL(w, clock_settime, CLOCK_REALTIME, ts), -EINVAL);
	((struct timeval *)ts)->tv_usec = 1;
	assert_int_equal(CALL(w, settimeofday, ts, 0), -EPERM);
	assert_int_equal(CALL(w, settimeofday, 0, w->end - 4), -EFAULT);
	memset(tx, 0, sizeof(*tx));
	assert_true(CALL(w, adjtimex, tx) >= 0);
	assert_true(tx->tick > 0);
	tx->modes = ADJ_TICK;
	assert_int_equal(CALL(w, adjtimex, tx), -EPERM);
	assert_int_equal(CALL(w, clock_adjtime, CLOCK_REALTIME, tx), -EPERM);
	assert_int_equal(CALL(w, clock_adjtime, CLOCK_MONOTONIC, tx), -EOPNOTSUPP);
	tx->modes = ADJ_OFFSET_SS_READ;
	assert_true(CALL(w, adjtimex, tx) >= 0);
	assert_int_equal(CALL(w, clock_gettime, ~(unsigned)w->ours << 3 | 3, ts), -EINVAL);
}

static void test_segment_bases(void **state)
{
	struct call_world *w = *state;
	uint64_t *got = (uint64_t *)w->mem;

	assert_int_equal(CALL(w, arch_prctl, ARCH_SET_FS, 0x7fffffffeff8), 0);
	assert_int_equal(CALL(w, arch_prctl, ARCH_SET_GS, 0x1234), 0);
	assert_int_equal(CALL(w, arch_prctl, ARCH_GET_FS, got), 0);
	assert_int_equal(*got, 0x7fffffffeff8);
	assert_int_equal(CALL(w, arch_prctl, ARCH_GET_GS, got), 0);
	assert_int_equal(*got, 0x1234);
	assert_int_equal(CALL(w, arch_prctl, ARCH_SET_FS, 1UL << 47), -EPERM);
	assert_int_equal(CALL(w, arch_prctl, ARCH_SET_GS, ~0UL), -EPERM);
	assert_int_equal(CALL(w, arch_prctl, ARCH_GET_FS, w), -EFAULT);
	assert_int_equal(CALL(w, arch_prctl, 0x3001 /* ARCH_CET_STATUS */, got), -EINVAL);
	assert_int_equal(CALL(w, arch_prctl, ARCH_MAP_VDSO_64, 0), -EINVAL);
}

static void test_what_would_hurt_the_monitor(void **state)
{
	struct call_world *w = *state;

	assert_int_equal(CALL(w, prctl, PR_SET_MM, PR_SET_MM_BRK, 0, 0, 0), -EPERM);
	assert_int_equal(CALL(w, prctl, PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, w->mem), -EINVAL);
	assert_int_equal(CALL(w, prctl, PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0), -EINVAL);
	assert_int_equal(CALL(w, prctl, PR_SET_SECCOMP, 1, 0, 0, 0), -EINVAL);
	assert_int_equal(CALL(w, prctl, 65 /* PR_SET_MDWE */, 1, 0, 0, 0), -EINVAL);
	assert_int_equal(CALL(w, prctl, -1, 0, 0, 0, 0), -EINVAL);
	assert_int_equal(CALL(w, prctl, PR_GET_NAME, w), -EFAULT);
	assert_int_equal(CALL(w, prctl, PR_GET_PDEATHSIG, w), -EFAULT);
	assert_int_equal(CALL(w, personality, READ_IMPLIES_EXEC), -EINVAL);
	assert_int_equal(CALL(w, personality, 0xffffffff), personality(0xffffffff));
	assert_int_equal(CALL(w, arch_prctl, ARCH_SET_CPUID, 0), -ENODEV);
}

static void test_name(void **state)
{
	struct call_world *w = *state;
	char name[16];

	memcpy(w->end - 15, "exactly fifteen", 15); /* with nothing behind it */
	assert_int_equal(CALL(w, prctl, PR_SET_NAME, w->end - 15), 0);
	assert_int_equal(prctl(PR_GET_NAME, name), 0);
	assert_string_equal(name, "exactly fifteen");
	memcpy(w->mem, "a name that is too long", 24);
	assert_int_equal(CALL(w, prctl, PR_SET_NAME, w->mem), 0);
	assert_int_equal(CALL(w, prctl, PR_GET_NAME, w->mem + 64), 0);
	assert_string_equal(w->mem + 64, "a name that is ");
	assert_int_equal(CALL(w, prctl, PR_SET_NAME, w->end - 14), -EFAULT);
	memcpy(w->mem, "ab", 3);
	assert_int_equal(CALL(w, prctl, PR_SET_NAME, w->mem), 0);
	assert_int_equal(CALL(w, prctl, PR_GET_NAME, w->mem + 64), 0);
	assert_memory_equal(w->mem + 64, "ab\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static void test_other_processes(void **state)
{
	struct call_world *w = *state;
	struct rlimit64 *lim = (void *)w->mem;

	*lim = (struct rlimit64){ 0, 0 };
	assert_int_equal(CALL(w, prlimit64, getppid(), RLIMIT_CORE, lim, 0), -EPERM);
	assert_int_equal(CALL(w, prlimit64, 999999999, RLIMIT_CORE, lim, 0), -ESRCH);
	assert_int_equal(CALL(w, prlimit64, getppid(), 99, lim, 0), -EINVAL);
	assert_int_equal(CALL(w, setpriority, PRIO_PROCESS, getppid(), 19), -EPERM);
	assert_int_equal(CALL(w, setpriority, PRIO_PROCESS, 999999999, 19), -ESRCH);
	assert_int_equal(CALL(w, setpriority, PRIO_USER, 0, 19), -EPERM);
	assert_int_equal(CALL(w, setpriority, PRIO_PGRP, getpgid(getppid()) == getpgrp() ? 1 : getppid(), 19), -EPERM);
	assert_int_equal(CALL(w, setpriority, 9, 0, 19), -EINVAL);
	*(unsigned long *)w->mem = 1;
	assert_int_equal(CALL(w, sched_setaffinity, getppid(), 8, w->mem), -EPERM);
	assert_int_equal(CALL(w, sched_setscheduler, getppid(), 0, w->mem + 64), -EPERM);
}

static void test_sysinfo_with_limit(void **state)
{
	struct call_world *w = *state;
	struct sysinfo *si = (void *)w->mem;

	w->process.mem_limit = 8UL << 20;
	assert_int_equal(CALL(w, sysinfo, si), 0);
	assert_int_equal(si->totalram * si->mem_unit, 8UL << 20);
	assert_true(si->freeram <= si->totalram && si->freeram * si->mem_unit >= (7UL << 20));
	assert_true(si->bufferram <= si->totalram - si->freeram);
	assert_int_equal(CALL(w, sysinfo, w), -EFAULT);
}

static void test_ioctl(void **state)
{
	struct call_world *w = *state;
	struct file_clone_range *range = (void *)w->mem;
	struct file_dedupe_range *same = (void *)w->mem;

	assert_int_equal(CALL(w, ioctl, w->file, 0xae00 /* KVM_GET_API_VERSION */, 0), -ENOTTY);
	assert_non_null(w->call.note);
	assert_int_equal(CALL(w, ioctl, 9999, 0xae00, 0), -EBADF);
	assert_int_equal(CALL(w, ioctl, w->file, TIOCSTI, w->mem), -ENOTTY);
	assert_int_equal(CALL(w, ioctl, w->file, FICLONE, w->ours), -EBADF);
	range->src_fd = w->ours;
	assert_int_equal(CALL(w, ioctl, w->file, FICLONERANGE, range), -EBADF);
	assert_int_equal(CALL(w, ioctl, w->file, FICLONERANGE, w->end - 8), -EFAULT);
	memset(w->mem, 0, CALL_PAGE);
	same->dest_count = 0xffff;
	assert_int_equal(CALL(w, ioctl, w->file, FIDEDUPERANGE, same), -ENOMEM);
	assert_int_equal(CALL(w, ioctl, w->file, FIONBIO, w->end), -EFAULT);
	assert_int_equal(CALL(w, ioctl, w->file, FIGETBSZ, w), -EFAULT);
}

static void test_exit(void **state)
{
	struct call_world *w = *state;

	assert_int_equal(CALL(w, exit_group, 0x1234), 0);
	assert_true(w->task.exiting);
	assert_int_equal(w->task.exit_code, 0x34);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, call_world_setup, call_world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_memory_limits_spare_the_monitor),
		TEST(test_raised_file_limit_moves_ours),
		TEST(test_clocks_cannot_be_set),
		TEST(test_segment_bases),
		TEST(test_what_would_hurt_the_monitor),
		TEST(test_name),
		TEST(test_other_processes),
		TEST(test_sysinfo_with_limit),
		TEST(test_ioctl),
		TEST(test_exit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
