/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits and what was used: getrlimit and kin, getrusage, times, sysinfo. The figures are the host process's: the monitor's share is in them. */
#include "syscalls/args.h"
#include "syscalls/pass.h"
#include "syscalls/whom.h"

#include "kern/rlimit.h"
#include "mm/uaccess.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>

PASS1_OBJ(sys_getrusage, SYS_getrusage, struct rusage)
PASS_OBJ(sys_times, SYS_times, struct tms)

int64_t sys_getrlimit(struct hk_task *t, const uint64_t a[6])
{
	struct rlimit64 lim;
	int r = rlimit_get(t->proc, (unsigned)a[0], &lim);

	return r ? r : put_guest(GVA(a[1]), &lim);
}

/*
 * The monitor's descriptors move out of the way of a new RLIMIT_NOFILE: nobody may be on one of them meanwhile. In a child of vfork none moves, and it
 * could not stop its parent's threads, which are not its own to signal.
 */
static int set_limit(struct hk_task *t, unsigned resource, const struct rlimit64 *lim)
{
	const struct hk_spawn_ops *ops = t->proc->spawn;
	bool stop = resource == RLIMIT_NOFILE && ops && ops->stop_world && !t->proc->fds.borrowed;
	int r;

	if (stop)
		ops->stop_world(t);
	r = rlimit_set(t->proc, resource, lim);
	if (stop)
		ops->resume_world(t);
	return r;
}

int64_t sys_setrlimit(struct hk_task *t, const uint64_t a[6])
{
	struct rlimit64 lim;

	if (get_guest(&lim, GVA(a[1])))
		return -EFAULT;
	return set_limit(t, (unsigned)a[0], &lim);
}

static int64_t own_limits(struct hk_task *t, unsigned resource, const struct rlimit64 *set, uint64_t old)
{
	struct rlimit64 was;
	int r = rlimit_get(t->proc, resource, &was);

	if (r == 0 && set)
		r = set_limit(t, resource, set);
	if (r == 0 && old)
		r = put_guest(GVA(old), &was);
	return r;
}

int64_t sys_prlimit64(struct hk_task *t, const uint64_t a[6])
{
	int pid = (int)a[0];
	struct rlimit64 set;

	if (a[2] && get_guest(&set, GVA(a[2])))
		return -EFAULT;
	if (pid == 0 || pid == getpid() || pid == t->tid)
		return own_limits(t, (unsigned)a[1], a[2] ? &set : NULL, a[3]);
	if (a[2]) {
		/* The host's say first on whether there is such a process and such a limit. */
		int r = syscall(SYS_prlimit64, pid, a[1], NULL, NULL) ? -errno : whom_own(t, pid);

		if (r)
			return r;
		if (!rlimit_is_hosts((unsigned)a[1])) {
			task_note(t, "this limit of another process is known to its own monitor only");
			return -EPERM;
		}
		return hk_hostcall(SYS_prlimit64, pid, a[1], &set, host_obj(a[3], struct rlimit64));
	}
	return hk_hostcall(SYS_prlimit64, pid, a[1], 0, host_obj(a[3], struct rlimit64));
}

/* With --mem the guest's memory is that, and what of it is not promised yet is free. */
static void fit_to_limit(struct hk_process *p, struct sysinfo *si)
{
	uint64_t unit = si->mem_unit ? si->mem_unit : 1, committed;

	pthread_mutex_lock(&p->mm->lock);
	committed = p->mm->committed;
	pthread_mutex_unlock(&p->mm->lock);
	si->totalram = hk_min(si->totalram, p->mem_limit / unit);
	si->freeram = hk_min(si->freeram, (p->mem_limit - hk_min(committed, p->mem_limit)) / unit);
	si->bufferram = hk_min(si->bufferram, si->totalram - hk_min(si->freeram, si->totalram));
	si->totalswap = si->freeswap = 0;
}

int64_t sys_sysinfo(struct hk_task *t, const uint64_t a[6])
{
	struct sysinfo si;
	int64_t r;

	memset(&si, 0, sizeof(si));
	r = hk_hostcall(SYS_sysinfo, &si);
	if (r)
		return r;
	if (t->proc->mem_limit)
		fit_to_limit(t->proc, &si);
	return put_guest(GVA(a[0]), &si);
}
