/* SPDX-License-Identifier: Apache-2.0 */
/* --timeout and --cpu-time: a thread that waits beside the guest. It needs no signal that the guest could block, and ends the process whatever the
 * guest's thread is doing. */
#include "monitor/internal.h"

#include "kern/family.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* How often CPU time is looked at, in nanoseconds. */
#define LOOK_LEAST 5000000UL
#define LOOK_MOST  100000000UL

static int end_process(pid_t pid, void *ctx HK_UNUSED)
{
	if (pid != getpid())
		kill(pid, SIGKILL);
	return 0;
}

static void sleep_until(uint64_t ns)
{
	struct timespec until = { .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* How long until CPU time has to be looked at again: all processors may use it up. 0: it is used up. */
static uint64_t cpu_time_left(const struct monitor *m)
{
	uint64_t most = m->opt->limits.cpu_ns, used, processors = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);

	family_count_all_cpu(m->proc.family);
	used = __atomic_load_n(&m->proc.family->cpu_ns, __ATOMIC_RELAXED);
	return used >= most ? 0 : hk_max(LOOK_LEAST, hk_min(LOOK_MOST, (most - used) / processors));
}

static HK_NORETURN void end_all(struct monitor *m, const char *option, uint64_t ns)
{
	monitor_claim_end(m);
	family_each(m->proc.family, end_process, NULL);
	monitor_finish(m);
	dprintf(STDERR_FILENO, "husk: %s: ended by %s after %.6g s\n", m->opt->argv[0], option, (double)ns / 1e9);
	_exit(HUSK_EXIT_TIMEOUT);
}

static void *watch(void *arg)
{
	struct monitor *m = arg;
	uint64_t end = m->deadline_ns ? m->deadline_ns : UINT64_MAX;

	while (m->opt->limits.cpu_ns) {
		uint64_t left = cpu_time_left(m), now = now_ns();

		if (!left)
			end_all(m, "--cpu-time", m->opt->limits.cpu_ns);
		if (now >= end)
			break;
		sleep_until(hk_min(end, now + left));
	}
	sleep_until(end);
	end_all(m, "--timeout", m->opt->timeout_ns);
}

int watchdog_start(struct monitor *m)
{
	pthread_t thread;

	return host_thread(m, watch, m, 0, &thread);
}
