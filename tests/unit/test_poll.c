/* SPDX-License-Identifier: Apache-2.0 */
/* syscalls/poll.c: the monitor's descriptors look closed to poll and select, and the guest's memory is read and written as Linux does. */
#include "call_world.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

static void test_poll_ours_is_closed(void **state)
{
	struct call_world *w = *state;
	struct pollfd *f = (void *)w->mem;

	f[0] = (struct pollfd){ w->ours, POLLIN, 0 };
	f[1] = (struct pollfd){ w->file, POLLIN, 0 };
	f[2] = (struct pollfd){ -1, POLLIN, 77 };
	assert_int_equal(CALL(w, poll, f, 3, -1), 2);
	assert_int_equal(f[0].revents, POLLNVAL);
	assert_int_equal(f[0].fd, w->ours); /* only revents is written */
	assert_int_equal(f[1].revents, POLLIN);
	assert_int_equal(f[2].revents, 0);
}

static void test_poll_many(void **state)
{
	struct call_world *w = *state;
	struct pollfd *f = (void *)(w->end - 500 * sizeof(*f));

	for (int i = 0; i < 500; i++)
		f[i] = (struct pollfd){ i % 5 ? w->file : w->ours, POLLOUT, 0 };
	assert_int_equal(CALL(w, poll, f, 500, -1), 500);
	for (int i = 0; i < 500; i++)
		assert_int_equal(f[i].revents, i % 5 ? POLLOUT : POLLNVAL);
	assert_int_equal(CALL(w, poll, f, 501, 0), -EFAULT);
	assert_int_equal(CALL(w, poll, f, 1U << 31, 0), -EINVAL);
	assert_int_equal(CALL(w, poll, (char *)w, 1, 0), -EFAULT); /* the monitor's memory */
}

static void test_ppoll_errors_in_order(void **state)
{
	struct call_world *w = *state;
	struct timespec *ts = (void *)w->mem;

	*ts = (struct timespec){ 0, 1000000000 };
	assert_int_equal(CALL(w, ppoll, 8, 1, ts, w->end, 8), -EINVAL); /* the time before the mask and the array */
	*ts = (struct timespec){ 0, 0 };
	assert_int_equal(CALL(w, ppoll, 8, 1, ts, w->end, 8), -EFAULT);
	assert_int_equal(CALL(w, ppoll, 8, 1, ts, w->mem, 4), -EINVAL);
	assert_int_equal(CALL(w, ppoll, 0, 0, ts, 0, 4), 0);
	*ts = (struct timespec){ 0, 2000000 };
	assert_int_equal(CALL(w, ppoll, 0, 0, ts, w->mem + 64, 8), 0);
	assert_int_equal(ts->tv_nsec, 0); /* what was left */
}

static void set_bit(void *set, int fd)
{
	((unsigned long *)set)[fd / 64] |= 1UL << fd % 64;
}

static void test_select(void **state)
{
	struct call_world *w = *state;
	struct timeval *now = (void *)w->mem;
	char *in = w->mem + 1024, *out = w->mem + 2048;

	set_bit(in, w->file);
	set_bit(out, w->file);
	assert_int_equal(CALL(w, select, w->file + 1, in, out, 0, now), 2);
	assert_int_equal(CALL(w, select, w->file, in, out, 0, now), 0); /* not looked at… */
	set_bit(in, 60);
	close(60);
	assert_int_equal(CALL(w, select, 61, in, 0, 0, now), -EBADF);
	assert_true(*(unsigned long *)in >> 60 & 1); /* untouched */
	assert_int_equal(CALL(w, select, -1, in, 0, 0, now), -EINVAL);
	assert_int_equal(CALL(w, select, 1, w->end, 0, 0, now), -EFAULT);
	assert_int_equal(CALL(w, select, 0, w->end, 0, 0, now), 0);
}

static void test_select_ours_is_closed(void **state)
{
	struct call_world *w = *state;
	struct timeval *now = (void *)w->mem;
	char *set = w->mem + 1024;
	int above;

	assert_true(w->ours < (int)(3 * CALL_PAGE * 8));
	set_bit(set, w->ours);
	/* Beyond the guest's own table: Linux does not look. */
	assert_int_equal(CALL(w, select, w->ours + 1, set, 0, 0, now), 0);
	/* Within it: closed. */
	above = fcntl(w->file, F_DUPFD, w->ours + 1);
	assert_true(above > w->ours);
	assert_int_equal(CALL(w, select, w->ours + 1, set, 0, 0, now), -EBADF);
	memset(set, 0, 3 * CALL_PAGE - 1024);
	set_bit(set, above);
	assert_int_equal(CALL(w, select, above + 1, set, 0, 0, now), 1);
	close(above);
}

/* A huge n with a small set at the end of memory: as many bits are read as the process has descriptors. */
static void test_select_reads_no_more_than_linux(void **state)
{
	struct call_world *w = *state;
	struct timeval *now = (void *)w->mem;
	char *set = w->end - 128;

	set_bit(set, w->file);
	assert_int_equal(CALL(w, select, 1 << 20, set, 0, 0, now), 1);
	assert_int_equal(CALL(w, select, INT_MAX, 0, set, 0, now), 1);
	set_bit(set, 900); /* beyond the table */
	assert_int_equal(CALL(w, select, 1024, set, 0, 0, now), 1);
}

static void test_pselect6_mask(void **state)
{
	struct call_world *w = *state;
	struct timespec *now = (void *)w->mem;
	uint64_t *arg = (void *)(w->mem + 512);

	assert_int_equal(CALL(w, pselect6, 0, 0, 0, 0, now, arg), 0);
	arg[0] = (uint64_t)(w->mem + 256);
	assert_int_equal(CALL(w, pselect6, 0, 0, 0, 0, now, arg), -EINVAL);
	arg[1] = 8;
	assert_int_equal(CALL(w, pselect6, 0, 0, 0, 0, now, arg), 0);
	arg[0] = (uint64_t)(w->end - 4);
	assert_int_equal(CALL(w, pselect6, 0, 0, 0, 0, now, arg), -EFAULT);
	assert_int_equal(CALL(w, pselect6, 0, 0, 0, 0, now, w->end - 8), -EFAULT);
	arg[0] = (uint64_t)w; /* the monitor's memory */
	assert_int_equal(CALL(w, pselect6, 0, 0, 0, 0, now, arg), -EFAULT);
}

static void test_epoll_wait_bounds(void **state)
{
	struct call_world *w = *state;
	struct epoll_event e = { EPOLLIN, { .u64 = 5 } };
	int ep = epoll_create1(0), p[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], "x", 1), 1);
	assert_int_equal(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e), 0);
	assert_int_equal(CALL(w, epoll_wait, ep, w->mem, 0, 0), -EINVAL);
	assert_int_equal(CALL(w, epoll_wait, ep, w->mem, -1, 0), -EINVAL);
	assert_int_equal(CALL(w, epoll_wait, ep, w->mem, INT_MAX, 0), -EINVAL);
	assert_int_equal(CALL(w, epoll_wait, ep, w->mem, INT_MAX / 12, 0), 1);
	assert_int_equal(((struct epoll_event *)w->mem)->data.u64, 5);
	assert_int_equal(CALL(w, epoll_wait, ep, w, 1, 0), -EFAULT);
	assert_int_equal(CALL(w, epoll_wait, ep, HK_GUEST_MAX - 12, 2, 0), -EFAULT);
	assert_int_equal(CALL(w, epoll_pwait, ep, w->mem, 1, 0, w->mem, 7), -EINVAL);
	close(ep), close(p[0]), close(p[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, call_world_setup, call_world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_poll_ours_is_closed),   TEST(test_poll_many),
		TEST(test_ppoll_errors_in_order), TEST(test_select),
		TEST(test_select_ours_is_closed), TEST(test_select_reads_no_more_than_linux),
		TEST(test_pselect6_mask),         TEST(test_epoll_wait_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
