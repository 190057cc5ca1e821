/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for children. A guest's child is the monitor's child, so the host waits, reaps and knows how it ended. wait4(2), waitid(2). */
#include "syscalls/args.h"
#include "syscalls/handlers.h"

#include <signal.h>
#include <sys/resource.h>

int64_t sys_wait4(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_wait4, a[0], host_obj(a[1], int), a[2], host_obj(a[3], struct rusage));
}

int64_t sys_waitid(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_waitid, a[0], a[1], host_obj(a[2], siginfo_t), a[3], host_obj(a[4], struct rusage));
}
