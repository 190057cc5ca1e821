/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for children. A guest's child is the monitor's child, so the host waits, reaps and knows how it ended. wait4(2), waitid(2). */
#include "syscalls/args.h"
#include "syscalls/handlers.h"

#include "kern/family.h"
#include "mm/uaccess.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

/* Child pid was waited for: if nothing is left of it, its number is free again. */
static void reaped(struct hk_task *t, int64_t pid)
{
	if (pid > 0 && t->proc->family && hk_hostcall_sure(SYS_kill, pid, 0) == -ESRCH)
		family_forget(t->proc->family, (pid_t)pid, -1);
}

int64_t sys_wait4(struct hk_task *t, const uint64_t a[6])
{
	int64_t pid = hk_hostcall(SYS_wait4, a[0], host_obj(a[1], int), a[2], host_obj(a[3], struct rusage));

	reaped(t, pid);
	return pid;
}

int64_t sys_waitid(struct hk_task *t, const uint64_t a[6])
{
	int64_t r = hk_hostcall(SYS_waitid, a[0], a[1], host_obj(a[2], siginfo_t), a[3], host_obj(a[4], struct rusage));
	siginfo_t info;

	if (r == 0 && a[2] && get_guest(&info, GVA(a[2])) == 0)
		reaped(t, info.si_pid);
	return r;
}
