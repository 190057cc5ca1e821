/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and sleeping.
 * covers: clock_gettime clock_getres clock_settime clock_nanosleep nanosleep gettimeofday settimeofday time adjtimex clock_adjtime */
#include "t.h"

#include <sys/time.h>
#include <sys/timex.h>

static int64_t now(int clock)
{
	struct timespec t;

	MUST(clock_gettime, clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void reading(void)
{
	struct timespec t, u;
	struct timeval v;
	long s;

	for (int c = 0; c < 12; c++) {
		t_show("clock_gettime", "", S(clock_gettime, c, &t));
		t_show("clock_getres", "", S(clock_getres, c, &t));
		if (c < 8 && c != 1)
			printf("resolution %ld\n", t.tv_nsec);
	}
	T(clock_gettime, -1, &t);
	T(clock_gettime, 99, &t);
	T(clock_gettime, -6, &t);
	T(clock_getres, 99, &t);
	T(clock_getres, 0, NULL);
	int64_t a = now(1), b = now(1), c = now(0);
	OK(b >= a && now(7) > 0 && now(2) > 0 && now(3) > 0);
	T(gettimeofday, &v, NULL);
	s = S(time, NULL);
	OK(s - v.tv_sec <= 1 && s - c / 1000000000 <= 1 && s >= c / 1000000000 - 1);
	OK(S(time, &s) == s);
	int tz[2];
	T(gettimeofday, NULL, tz);
	T(gettimeofday, &v, tz);
	T(gettimeofday, NULL, NULL);
	clock_gettime(CLOCK_MONOTONIC, &t);
	MUST(clock_gettime, 1, &u);
	OK(u.tv_sec > t.tv_sec || (u.tv_sec == t.tv_sec && u.tv_nsec >= t.tv_nsec));
	T_BAD(t_out, clock_gettime, 0, bad);
	T_BAD(t_out, clock_gettime, 1, bad);
	T_BAD(t_out_opt, clock_getres, 0, bad);
	T_BAD(t_out_opt, gettimeofday, bad, NULL);
	T_BAD(t_out_opt, gettimeofday, NULL, bad);
	T_BAD(t_out_opt, time, bad);
}

static void setting(void)
{
	struct timespec t = { -1, 0 };
	struct timeval v = { -1, 0 };
	struct timex x = { .modes = 0 };

	/* Nothing that could succeed and set the clock of the machine. */
	T(clock_settime, 1, &t);
	T(clock_settime, 99, &t);
	T(clock_settime, 0, &t);
	T_BAD(t_in, clock_settime, 0, bad);
	T(settimeofday, &v, NULL);
	T_BAD(t_in_opt, settimeofday, bad, NULL);
	OK(S(adjtimex, &x) >= 0);
	OK(S(clock_adjtime, 0, &x) >= 0);
	T(clock_adjtime, 99, &x);
	T_BAD(t_out, adjtimex, bad);
}

static void sleeping(void)
{
	struct timespec t = { 0, 20000000 }, left = { 7, 7 };
	int64_t a = now(1), b;

	T(nanosleep, &t, &left);
	b = now(1);
	OK(b - a >= 20000000 && b - a < 5000000000);
	OK(left.tv_sec == 7);
	T(clock_nanosleep, 1, 0, &t, NULL);
	T(clock_nanosleep, 0, 0, &t, NULL);
	a = now(1) + 20000000;
	t = (struct timespec){ a / 1000000000, a % 1000000000 };
	T(clock_nanosleep, 1, 1, &t, NULL);
	OK(now(1) >= a);
	T(clock_nanosleep, 1, 1, &t, NULL);
	t = (struct timespec){ 0, 1000000000 };
	T(nanosleep, &t, NULL);
	T(clock_nanosleep, 1, 0, &t, NULL);
	t = (struct timespec){ -1, 0 };
	T(nanosleep, &t, NULL);
	t = (struct timespec){ 0, 0 };
	T(nanosleep, &t, NULL);
	T(clock_nanosleep, 99, 0, &t, NULL);
	T(clock_nanosleep, 4, 0, &t, NULL);
	T(clock_nanosleep, 3, 0, &t, NULL);
	T_BAD(t_in, nanosleep, bad, NULL);
	T_BAD(t_in, clock_nanosleep, 1, 0, bad, NULL);
}

MAIN
{
	reading();
	setting();
	sleeping();
}
