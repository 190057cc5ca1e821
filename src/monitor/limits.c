/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --cpu-time, --cpus, --files, --fsize: what the host's kernel can bound, it bounds, for each process; CPU time is added up for all of them (watchdog.c), and
 * other processors than these the guest does not get (syscalls/sched.c). setrlimit(2), sched_setaffinity(2).
 */
#include "monitor/internal.h"

#include "kern/rlimit.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#define NS 1000000000UL

/* Soft and hard; a hard limit of the caller's that is lower stays. */
static int bound(struct monitor *m, unsigned resource, uint64_t most)
{
	struct rlimit64 lim;
	int r = rlimit_get(&m->proc, resource, &lim);

	lim.rlim_max = hk_min(lim.rlim_max, most);
	lim.rlim_cur = hk_min(lim.rlim_cur, lim.rlim_max);
	/* The host's own, hard limit and all: a monitor that a guest has broken into cannot get round it. */
	if (r == 0 && prlimit64(0, resource, &lim, NULL))
		r = -errno;
	return r;
}

int limits_begin(struct monitor *m, struct hk_err *err)
{
	const struct run_limits *l = &m->opt->limits;
	int r = l->files ? fd_guard_cap(&m->proc.fds, l->files) : 0;

	if (r == 0 && l->fsize)
		r = bound(m, RLIMIT_FSIZE, l->fsize);
	/* Behind what adds up: a monitor that a guest has broken into does not count. */
	if (r == 0 && l->cpu_ns)
		r = bound(m, RLIMIT_CPU, (l->cpu_ns + NS - 1) / NS + 1);
	if (r == 0 && CPU_COUNT(&l->cpus) && sched_setaffinity(0, sizeof(l->cpus), &l->cpus))
		r = -errno;
	return r ? hk_err_set(err, r, "cannot set the limits: %s", strerror(-r)) : 0;
}
