/* SPDX-License-Identifier: Apache-2.0 */
/* kern/fd.c: the monitor's descriptors stay out of the guest's numbers, whatever the limits are. */
#include "unit.h"

#include "kern/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOFT 300UL

static unsigned long hard_limit(void)
{
	struct rlimit lim;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &lim), 0);
	return lim.rlim_max;
}

static unsigned long soft_limit(void)
{
	struct rlimit lim;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &lim), 0);
	return lim.rlim_cur;
}

static void set_soft(unsigned long soft)
{
	struct rlimit lim = { soft, hard_limit() };

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &lim), 0);
}

static int setup(void **state)
{
	(void)state;
	assert_true(hard_limit() >= SOFT + FD_GUARD_MAX + 200);
	set_soft(SOFT);
	return 0;
}

static int set_limit(struct fd_guard *g, unsigned long soft)
{
	return fd_guard_set_limit(g, &(struct rlimit64){ soft, hard_limit() });
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int open_null(void)
{
	int fd = open("/dev/null", O_RDWR);

	assert_true(fd >= 0);
	return fd;
}

static void test_zeroed_guard_owns_nothing(void **state)
{
	static struct fd_guard g;

	(void)state;
	for (int fd = -1; fd < 10; fd++)
		assert_false(fd_is_ours(&g, fd));
	assert_int_equal(fd_guard_next(&g, 0), -1);
}

static void test_dup_is_ours_and_the_original_stays(void **state)
{
	int fd = open_null(), copy = -1;
	struct fd_guard g;

	(void)state;
	assert_int_equal(fd_guard_init(&g), 0);
	assert_int_equal(fd_guard_dup(&g, 9999, &copy), -EBADF);
	assert_int_equal(copy, -1);
	assert_int_equal(fd_guard_dup(&g, fd, &copy), 0);
	assert_true(copy >= (int)SOFT && fd_is_ours(&g, copy) && is_open(fd) && !fd_is_ours(&g, fd));
	assert_int_equal(fcntl(copy, F_GETFD), FD_CLOEXEC);
	fd_guard_drop(&g, &copy);
	assert_int_equal(copy, -1);
	assert_int_equal(fd_guard_next(&g, 0), -1);
	close(fd);
}

static void test_adopt_moves_above_the_limit(void **state)
{
	struct fd_guard g;
	int fd = open_null(), low = fd;

	(void)state;
	assert_int_equal(fd_guard_init(&g), 0);
	assert_int_equal(g.base, SOFT);
	assert_int_equal(fd_guard_adopt(&g, &fd), 0);
	assert_true((unsigned long)fd >= SOFT);
	assert_false(is_open(low));
	assert_true(is_open(fd));
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(soft_limit(), SOFT);
	assert_true(fd_is_ours(&g, fd));
	assert_int_equal(fd_check(&g, fd), -EBADF);
	assert_int_equal(fd_check(&g, fd + 1), 0);
	assert_int_equal(fd_check(&g, low), 0);
	assert_int_equal(fd_check(&g, -1), 0);
	assert_int_equal(fd_check(&g, AT_FDCWD), 0);
	/* the guest's lowest free number is what it was */
	assert_int_equal(open_null(), low);
	/* and the kernel itself keeps a guest from putting one onto ours */
	assert_int_equal(dup2(low, fd), -1);
	assert_int_equal(errno, EBADF);
	close(low);
	low = fd;
	fd_guard_drop(&g, &fd);
	assert_int_equal(fd, -1);
	assert_false(is_open(low));
	assert_false(fd_is_ours(&g, low));
}

static void test_adopt_of_a_bad_one_changes_nothing(void **state)
{
	struct fd_guard g;
	int fd = 299;

	(void)state;
	assert_int_equal(fd_guard_init(&g), 0);
	assert_int_equal(fd_guard_adopt(&g, &fd), -EBADF);
	assert_int_equal(fd, 299);
	assert_int_equal(fd_guard_next(&g, 0), -1);
	assert_int_equal(soft_limit(), SOFT);
}

static void test_full_guard_says_so(void **state)
{
	struct fd_guard g;
	static int fds[FD_GUARD_MAX];
	int more = open_null();

	(void)state;
	assert_int_equal(fd_guard_init(&g), 0);
	for (int i = 0; i < FD_GUARD_MAX; i++) {
		fds[i] = open_null();
		assert_int_equal(fd_guard_adopt(&g, &fds[i]), 0);
		assert_int_equal(fds[i], SOFT + (unsigned)i);
	}
	assert_int_equal(fd_guard_adopt(&g, &more), -ENOSPC);
	assert_true(is_open(more));
	/* a slot that comes free is used again */
	fd_guard_drop(&g, &fds[7]);
	assert_int_equal(fd_guard_adopt(&g, &more), 0);
	assert_int_equal(more, SOFT + 7);
	fd_guard_drop(&g, &more);
	for (int i = 0; i < FD_GUARD_MAX; i++)
		if (i != 7)
			fd_guard_drop(&g, &fds[i]);
}

static void test_walk(void **state)
{
	struct fd_guard g;
	int a = open_null(), b = open_null();

	(void)state;
	assert_int_equal(fd_guard_init(&g), 0);
	assert_int_equal(fd_guard_adopt(&g, &a), 0);
	assert_int_equal(fd_guard_adopt(&g, &b), 0);
	assert_int_equal(fd_guard_next(&g, 0), a);
	assert_int_equal(fd_guard_next(&g, (unsigned)a), a);
	assert_int_equal(fd_guard_next(&g, (unsigned)a + 1), b);
	assert_int_equal(fd_guard_next(&g, (unsigned)b + 1), -1);
	assert_int_equal(fd_guard_next(&g, ~0U), -1);
	fd_guard_drop(&g, &a);
	assert_int_equal(fd_guard_next(&g, 0), b);
	fd_guard_drop(&g, &b);
}

static void test_relocate_follows_the_limit(void **state)
{
	struct fd_guard g;
	int fd = open_null(), old;
	struct stat st;

	(void)state;
	assert_int_equal(fd_guard_init(&g), 0);
	assert_int_equal(fd_guard_adopt(&g, &fd), 0);
	old = fd;
	/* lower, or the same: what is open stays where it is */
	assert_int_equal(set_limit(&g, 100), 0);
	assert_int_equal(soft_limit(), 100);
	assert_int_equal(set_limit(&g, SOFT), 0);
	assert_int_equal(fd, old);
	/* one that is refused moves nothing */
	assert_int_equal(fd_guard_set_limit(&g, &(struct rlimit64){ SOFT + 200, SOFT + 100 }), -EINVAL);
	assert_int_equal(fd, old);
	assert_int_equal(set_limit(&g, SOFT + 100), 0);
	assert_int_equal(fd, SOFT + 100);
	assert_int_equal(g.base, SOFT + 100);
	assert_false(is_open(old));
	assert_false(fd_is_ours(&g, old));
	assert_true(fd_is_ours(&g, fd));
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(soft_limit(), SOFT + 100);
	set_soft(SOFT);
	fd_guard_drop(&g, &fd);
}

/* Limits cannot be raised again: in a child, which says by its exit status which step failed. */
static int without_room(void)
{
	struct rlimit lim = { SOFT, SOFT };
	struct fd_guard g;
	static int more[100], kept[100];
	int fd = open("/dev/null", O_RDWR), at;

	if (setrlimit(RLIMIT_NOFILE, &lim) || fd_guard_init(&g))
		return 1;
	if (g.base != (int)SOFT - 64 || fd_guard_adopt(&g, &fd))
		return 2;
	at = fd;
	if (at != g.base || !fd_is_ours(&g, at) || fd_is_ours(&g, at + 1))
		return 3;
	/* nowhere to go: they stay, and the guest may raise its limit all the same */
	if (set_limit(&g, SOFT) || fd != at)
		return 4;
	if (getrlimit(RLIMIT_NOFILE, &lim) || lim.rlim_cur != SOFT)
		return 5;
	/* More than there was room for: they go downwards, as far as is decent. */
	for (int i = 0; i < 100; i++) {
		more[i] = open("/dev/null", O_RDWR);
		if (fd_guard_adopt(&g, &more[i]) || !fd_is_ours(&g, more[i]) || more[i] < g.base)
			return 6;
	}
	if (g.base != (int)SOFT - 128 || !is_open(at))
		return 7;
	for (int i = 0; i < 100; i++) {
		kept[i] = open("/dev/null", O_RDWR);
		if (kept[i] < 0)
			return 8;
		/* that far: then it says so, and leaves it where it is */
		if (fd_guard_adopt(&g, &kept[i]))
			return kept[i] < 64 && is_open(kept[i]) ? 0 : 10;
	}
	return 9;
}

static void test_soft_limit_equal_to_the_hard_one(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0)
		_exit(without_room());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_high_limits_do_not_push_ours_up(void **state)
{
	struct fd_guard g;
	int fd = open_null();

	(void)state;
	assert_int_equal(fd_guard_init(&g), 0);
	assert_int_equal(fd_guard_adopt(&g, &fd), 0);
	assert_int_equal(set_limit(&g, hard_limit()), 0);
	assert_true(g.base <= FD_GUARD_HIGHEST);
	set_soft(SOFT);
	assert_int_equal(fd, g.base);
	fd_guard_drop(&g, &fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeroed_guard_owns_nothing),
		cmocka_unit_test(test_dup_is_ours_and_the_original_stays),
		cmocka_unit_test(test_adopt_moves_above_the_limit),
		cmocka_unit_test(test_adopt_of_a_bad_one_changes_nothing),
		cmocka_unit_test(test_full_guard_says_so),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_relocate_follows_the_limit),
		cmocka_unit_test(test_soft_limit_equal_to_the_hard_one),
		cmocka_unit_test(test_high_limits_do_not_push_ours_up),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
