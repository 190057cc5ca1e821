/* SPDX-License-Identifier: Apache-2.0 */
/* Counters, timers and signals as descriptors.
 * covers: eventfd eventfd2 timerfd_create timerfd_settime timerfd_gettime signalfd signalfd4 */
#include "t.h"

#include <poll.h>

struct its {
	struct timespec interval, value;
};

static uint64_t v;

static void events(void)
{
	long e = T(eventfd2, 5, 0x800 | 0x80000), s = T(eventfd2, 3, 0x801), o = T(eventfd, 0);

	T(eventfd2, 0, 2);
	T(fcntl, e, F_GETFD);
	T(read, e, &v, 8);
	printf("%lu\n", (unsigned long)v);
	T(read, e, &v, 8);
	v = 7;
	T(write, e, &v, 8);
	T(write, e, &v, 8);
	T(read, e, &v, 7);
	T(read, e, &v, 100);
	printf("%lu\n", (unsigned long)v);
	v = ~0UL;
	T(write, e, &v, 8);
	v = ~0UL - 1;
	T(write, e, &v, 8);
	v = 1;
	T(write, e, &v, 8);
	T(write, e, &v, 7);
	for (int i = 0; i < 4; i++)
		T(read, s, &v, 8);
	T_BAD(t_out, read, e, bad, 8);
	T_BAD(t_in, write, o, bad, 8);
	T(lseek, e, 0, SEEK_SET);
}

static void timers(void)
{
	long t = T(timerfd_create, 1, 0x800 | 0x80000), b = T(timerfd_create, 0, 0);
	struct its i = { { 0, 0 }, { 0, 10000000 } }, old;
	struct pollfd f = { (int)t, POLLIN, 0 };

	T(timerfd_create, 7, 0);
	T(timerfd_create, 99, 0);
	T(timerfd_create, 1, 1);
	T(timerfd_gettime, t, &old);
	printf("%ld %ld\n", (long)old.value.tv_sec, old.value.tv_nsec);
	T(read, t, &v, 8);
	T(timerfd_settime, t, 0, &i, &old);
	T(poll, &f, 1, 5000);
	T(read, t, &v, 8);
	printf("%lu\n", (unsigned long)v);
	i.interval.tv_nsec = 1000000;
	T(timerfd_settime, t, 0, &i, NULL);
	i.value.tv_sec = 0, i.value.tv_nsec = 40000000;
	MUST(nanosleep, &i.value, NULL);
	T(read, t, &v, 8);
	OK(v >= 10);
	T(timerfd_gettime, t, &old);
	OK(old.interval.tv_nsec == 1000000 && old.value.tv_nsec <= 1000000);
	i.value.tv_nsec = 0;
	T(timerfd_settime, t, 0, &i, &old);
	OK(old.interval.tv_nsec == 1000000);
	i.value = (struct timespec){ 1, 0 };
	T(timerfd_settime, t, 1, &i, NULL);
	T(poll, &f, 1, 5000);
	T(read, t, &v, 7);
	T(read, t, &v, 8);
	OK(v > 1);
	i.value.tv_nsec = 1000000000;
	T(timerfd_settime, t, 0, &i, NULL);
	i.value.tv_nsec = -1;
	T(timerfd_settime, t, 0, &i, NULL);
	i.value = i.interval = (struct timespec){ 0, 0 };
	T(timerfd_settime, t, 99, &i, NULL);
	T(timerfd_settime, 1, 0, &i, NULL);
	T(timerfd_settime, 99, 0, &i, NULL);
	T(timerfd_gettime, 1, &old);
	T(timerfd_gettime, 99, &old);
	T(timerfd_settime, b, 0, &i, NULL);
	T_BAD(t_in, timerfd_settime, t, 0, bad, NULL);
	T_BAD(t_out_opt, timerfd_settime, t, 0, &i, bad);
	T_BAD(t_out, timerfd_gettime, t, bad);
	T(write, t, &v, 8);
	T_BAD(t_out, read, b, bad, 1);
}

static void signals(void)
{
	uint64_t mask = 1UL << (SIGUSR1 - 1);
	char info[128];
	long s, pid = S(getpid);

	T(rt_sigprocmask, SIG_BLOCK, &mask, NULL, 8);
	s = T(signalfd4, -1, &mask, 8, 0x800);
	T(signalfd, -1, &mask, 8);
	T(signalfd4, -1, &mask, 7, 0);
	T(signalfd4, -1, &mask, 8, 1);
	T(signalfd4, 99, &mask, 8, 0);
	T(signalfd4, 1, &mask, 8, 0);
	T(signalfd4, s, &mask, 8, 0);
	T_BAD(t_in, signalfd4, -1, bad, 8, 0);
	T(read, s, info, 128);
	T(kill, pid, SIGUSR1);
	T(read, s, info, 127);
	T(read, s, info, 128);
	printf("signal %d\n", *(int *)info);
	T(read, s, info, 128);
}

MAIN
{
	events();
	timers();
	signals();
}
