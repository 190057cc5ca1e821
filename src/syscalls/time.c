/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks and sleeping: the host's clocks are the guest's. Setting them is not the guest's, whoever runs it: after Linux's own checks of the arguments
 * it is refused as to a process without CAP_SYS_TIME. Timers that send signals are in signal.c, timerfd in poll.c.
 */
#include "syscalls/args.h"
#include "syscalls/pass.h"

#include "mm/uaccess.h"

#include <errno.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

#define NS_PER_SEC 1000000000L
#define US_PER_SEC 1000000L
/* What the kernel accepts as the time of day: KTIME_SEC_MAX less thirty years of uptime. */
#define SETTOD_SEC_MAX (INT64_MAX / NS_PER_SEC - 30L * 365 * 24 * 3600)

/* A clock made of a descriptor: the descriptor is in the upper bits, inverted. */
static int clock_check(struct hk_task *t, uint64_t clock)
{
	int id = (int)clock;

	return id < 0 && (id & 7) == 3 && fd_is_ours(&t->proc->fds, ~(id >> 3)) ? -EINVAL : 0;
}

static int64_t refuse_setting(struct hk_task *t)
{
	task_note(t, "the host's clocks are not the guest's to set");
	return -EPERM;
}

static bool settable(int64_t sec, int64_t nsec)
{
	return sec >= 0 && sec < SETTOD_SEC_MAX && nsec >= 0 && nsec < NS_PER_SEC;
}

int64_t sys_clock_gettime(struct hk_task *t, const uint64_t a[6])
{
	int r = clock_check(t, a[0]);

	return r ? r : hk_hostcall(SYS_clock_gettime, a[0], host_obj(a[1], struct timespec));
}

int64_t sys_clock_getres(struct hk_task *t, const uint64_t a[6])
{
	int r = clock_check(t, a[0]);

	return r ? r : hk_hostcall(SYS_clock_getres, a[0], host_obj(a[1], struct timespec));
}

/* The host says EINVAL for a clock that cannot be set before it reads the time. */
int64_t sys_clock_settime(struct hk_task *t, const uint64_t a[6])
{
	struct timespec ts;
	int r = clock_check(t, a[0]);

	if (r)
		return r;
	if ((int)a[0] != CLOCK_REALTIME) {
		int64_t host = hk_hostcall(SYS_clock_settime, a[0], HOST_BAD_ADDR);

		if (host != -EFAULT)
			return host;
	}
	if (get_guest(&ts, GVA(a[1])))
		return -EFAULT;
	if ((int)a[0] == CLOCK_REALTIME && !settable(ts.tv_sec, ts.tv_nsec))
		return -EINVAL;
	return refuse_setting(t);
}

int64_t sys_nanosleep(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_nanosleep, host_obj(a[0], struct timespec), host_obj(a[1], struct timespec));
}

int64_t sys_clock_nanosleep(struct hk_task *t, const uint64_t a[6])
{
	int r = clock_check(t, a[0]);

	if (r)
		return r;
	return hk_hostcall(SYS_clock_nanosleep, a[0], a[1], host_obj(a[2], struct timespec),
			   host_obj(a[3], struct timespec));
}

PASS_OBJ(sys_time, SYS_time, time_t)

int64_t sys_gettimeofday(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_gettimeofday, host_obj(a[0], struct timeval), host_obj(a[1], struct timezone));
}

int64_t sys_settimeofday(struct hk_task *t, const uint64_t a[6])
{
	struct timeval tv = { 0 };
	struct timezone tz;

	if (a[0] && get_guest(&tv, GVA(a[0])))
		return -EFAULT;
	if (tv.tv_usec < 0 || tv.tv_usec >= US_PER_SEC)
		return -EINVAL;
	if (a[1] && get_guest(&tz, GVA(a[1])))
		return -EFAULT;
	return settable(tv.tv_sec, tv.tv_usec * 1000) ? refuse_setting(t) : -EINVAL;
}

static bool adjusts(const struct timex *tx)
{
	return tx->modes && tx->modes != ADJ_OFFSET_SS_READ;
}

/* Both calls work on a copy: between the look at `modes` and the call another thread could turn a question into an order. */
static int64_t adjust(struct hk_task *t, uint64_t clock, uint64_t addr)
{
	struct timex tx;
	bool set;
	int64_t r;

	if (get_guest(&tx, GVA(addr)))
		return -EFAULT;
	set = adjusts(&tx);
	if (set)
		tx.modes = 0;
	r = hk_hostcall(SYS_clock_adjtime, clock, &tx);
	if (r < 0)
		return r;
	if (set)
		return refuse_setting(t);
	return put_guest(GVA(addr), &tx) ? -EFAULT : r;
}

int64_t sys_adjtimex(struct hk_task *t, const uint64_t a[6])
{
	return adjust(t, CLOCK_REALTIME, a[0]);
}

int64_t sys_clock_adjtime(struct hk_task *t, const uint64_t a[6])
{
	int r = clock_check(t, a[0]);

	return r ? r : adjust(t, a[0], a[1]);
}
