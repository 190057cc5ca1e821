/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make bench-clocks [MINUTES=60]: are the guest's clocks the host's, for long? This program runs in husk; each second it reads each clock by libc (the vDSO)
 * between two readings that the host makes, by the system call itself. The outer two bound the inner one, or the difference is a deviation. It also
 * looks for steps back between readings one after the other. Prints a line a clock; exit status 1 if a clock went back or deviated by more than 10 µs.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BURST        2000 /* readings by libc in a row, each second */
#define MOST_NS      10000
#define NS_PER_SEC   1000000000L
#define SECS_PER_MIN 60

struct clock {
	clockid_t id;
	const char *name;
	int64_t last;
	long back;
	int64_t early, late; /* the most that a reading was outside of the host's two */
	int64_t widest;      /* the longest time between those */
};

static struct clock clocks[] = {
	{ .id = CLOCK_REALTIME, .name = "realtime" },
	{ .id = CLOCK_MONOTONIC, .name = "monotonic" },
	{ .id = CLOCK_BOOTTIME, .name = "boottime" },
	{ .id = CLOCK_TAI, .name = "tai" },
};

static int64_t ns(const struct timespec *ts)
{
	return ts->tv_sec * NS_PER_SEC + ts->tv_nsec;
}

static int64_t by_libc(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ns(&ts);
}

static int64_t by_host(clockid_t id)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, id, &ts);
	return ns(&ts);
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void look(struct clock *c)
{
	int64_t before = by_host(c->id), inner = by_libc(c->id), after = by_host(c->id);

	c->early = larger(c->early, before - inner);
	c->late = larger(c->late, inner - after);
	c->widest = larger(c->widest, after - before);
	for (int i = 0; i < BURST; i++) {
		int64_t t = by_libc(c->id);

		/* Realtime may be set back by somebody; nobody does here. */
		c->back += t < c->last;
		c->last = t;
	}
}

int main(int argc, char **argv)
{
	long seconds = (argc > 1 ? strtol(argv[1], NULL, 10) : 1) * SECS_PER_MIN;
	int bad = 0;

	for (long s = 0; s < seconds; s++) {
		for (size_t i = 0; i < sizeof(clocks) / sizeof(*clocks); i++)
			look(&clocks[i]);
		sleep(1);
	}
	printf("%-10s %9s %14s %14s %14s\n", "clock", "went back", "too early, ns", "too late, ns", "bounds, ns");
	for (size_t i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
		const struct clock *c = &clocks[i];

		printf("%-10s %9ld %14ld %14ld %14ld\n", c->name, c->back, (long)c->early, (long)c->late,
		       (long)c->widest);
		bad += c->back || c->early > MOST_NS || c->late > MOST_NS;
	}
	return bad != 0;
}
