/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling: queries, and settings that change nothing.
 * covers: sched_getaffinity sched_setaffinity sched_getscheduler sched_setscheduler sched_getparam sched_setparam sched_getattr sched_setattr
 * covers: sched_get_priority_max sched_get_priority_min sched_rr_get_interval */
#include "t.h"

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t prio;
	uint64_t runtime, deadline, period;
	uint32_t umin, umax;
};

MAIN
{
	unsigned long mask[128], back[128];
	int prio = 0, bad_prio = 50;
	struct timespec t;
	struct attr a = { .size = sizeof(a) };
	long n = S(sched_getaffinity, 0, sizeof(mask), mask);

	OK(n >= 8 && n <= 1024 && n % 8 == 0);
	t_show("set the same", "", S(sched_setaffinity, 0, n, mask));
	OK(S(sched_getaffinity, 0, sizeof(back), back) == n && !memcmp(mask, back, (size_t)n));
	T(sched_getaffinity, 0, 7, mask);
	T(sched_getaffinity, 0, 0, mask);
	T(sched_getaffinity, 999999999, sizeof(mask), mask);
	T(sched_getaffinity, -1, sizeof(mask), mask);
	memset(back, 0, sizeof(back));
	T(sched_setaffinity, 0, 128, back);
	T(sched_setaffinity, 999999999, 128, mask);
	T_BAD(t_out, sched_getaffinity, 0, 1024, bad);
	T_BAD(t_in, sched_setaffinity, 0, 128, bad);
	for (int p = -1; p < 8; p++) {
		t_show("max", "", S(sched_get_priority_max, p));
		t_show("min", "", S(sched_get_priority_min, p));
	}
	T(sched_getscheduler, 0);
	T(sched_getscheduler, -1);
	T(sched_getscheduler, 999999999);
	T(sched_setscheduler, 0, 0, &prio);
	T(sched_setscheduler, 0, 0, &bad_prio);
	T(sched_setscheduler, 0, 99, &prio);
	T(sched_setscheduler, -1, 0, &prio);
	T(sched_setscheduler, 0, 1, &bad_prio);
	T_BAD(t_in, sched_setscheduler, 0, 0, bad);
	T(sched_setscheduler, 0, 3, &prio);
	T(sched_getscheduler, 0);
	T(sched_getparam, 0, &prio);
	printf("prio %d\n", prio);
	T(sched_setparam, 0, &prio);
	T(sched_setparam, 0, &bad_prio);
	T(sched_getparam, -1, &prio);
	T_BAD(t_out, sched_getparam, 0, bad);
	T_BAD(t_in, sched_setparam, 0, bad);
	T(sched_getattr, 0, &a, sizeof(a), 0);
	printf("size %u policy %u nice %d prio %u\n", a.size, a.policy, a.nice, a.prio);
	T(sched_getattr, 0, &a, 10, 0);
	T(sched_getattr, 0, &a, sizeof(a), 1);
	T(sched_getattr, -1, &a, sizeof(a), 0);
	T(sched_getattr, 0, &a, 5000, 0);
	T_BAD(t_out, sched_getattr, 0, bad, sizeof(a), 0);
	a = (struct attr){ .size = 48, .policy = 0, .nice = 3 };
	T(sched_setattr, 0, &a, 0);
	T(sched_setattr, 0, &a, 1);
	a.policy = 77;
	T(sched_setattr, 0, &a, 0);
	a.size = 10;
	T(sched_setattr, 0, &a, 0);
	T_BAD(t_in, sched_setattr, 0, bad, 0);
	T(sched_rr_get_interval, 0, &t);
	T(sched_rr_get_interval, -1, &t);
	T_BAD(t_out, sched_rr_get_interval, 0, bad);
}
