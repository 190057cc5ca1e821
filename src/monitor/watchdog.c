/* SPDX-License-Identifier: Apache-2.0 */
/* --timeout: a thread that waits beside the guest. It needs no signal that the guest could block, and ends the process whatever the
 * guest's thread is doing. */
#include "monitor/internal.h"

#include "kern/family.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static int end_process(pid_t pid, void *ctx HK_UNUSED)
{
	if (pid != getpid())
		kill(pid, SIGKILL);
	return 0;
}

static void *watch(void *arg)
{
	struct monitor *m = arg;
	uint64_t ns = m->opt->timeout_ns, end = m->deadline_ns;
	struct timespec until = { .tv_sec = (time_t)(end / 1000000000), .tv_nsec = (long)(end % 1000000000) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	monitor_claim_end(m);
	family_each(m->proc.family, end_process, NULL);
	monitor_finish(m);
	dprintf(STDERR_FILENO, "husk: %s: ended by --timeout after %.6g s\n", m->opt->argv[0], (double)ns / 1e9);
	_exit(HUSK_EXIT_TIMEOUT);
}

int watchdog_start(struct monitor *m)
{
	pthread_t thread;

	return host_thread(m, watch, m, 0, &thread);
}
