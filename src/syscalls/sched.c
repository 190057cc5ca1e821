/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scheduling: the host schedules guest threads as its own, so policies, priorities and affinities are the host's. Questions may be about any process,
 * changes only about the guest's own.
 */
#include "syscalls/args.h"
#include "syscalls/pass.h"
#include "syscalls/whom.h"

#include "mm/uaccess.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define SCHED_ATTR_SIZE_VER0 48   /* <linux/sched/types.h> does not go with <sched.h> */
#define CPUSET_MAX           8192 /* bytes; more than any kernel's NR_CPUS needs */

PASS0(sys_sched_yield, SYS_sched_yield)
PASS1(sys_sched_getscheduler, SYS_sched_getscheduler)
PASS1(sys_sched_get_priority_max, SYS_sched_get_priority_max)
PASS1(sys_sched_get_priority_min, SYS_sched_get_priority_min)
PASS1_OBJ(sys_sched_getparam, SYS_sched_getparam, struct sched_param)
PASS1_OBJ(sys_sched_rr_get_interval, SYS_sched_rr_get_interval, struct timespec)
PASS2(sys_getpriority, SYS_getpriority)

int64_t sys_sched_setparam(struct hk_task *t, const uint64_t a[6])
{
	int r = whom_own(t, (int)a[0]);

	return r ? r : hk_hostcall(SYS_sched_setparam, a[0], host_obj(a[1], struct sched_param));
}

int64_t sys_sched_setscheduler(struct hk_task *t, const uint64_t a[6])
{
	int r = whom_own(t, (int)a[0]);

	return r ? r : hk_hostcall(SYS_sched_setscheduler, a[0], a[1], host_obj(a[2], struct sched_param));
}

/* How much of a struct sched_attr of this size the host will read; only the size itself of one that it refuses for it. */
static size_t attr_read(uint32_t size)
{
	if (size == 0)
		return SCHED_ATTR_SIZE_VER0;
	return size < SCHED_ATTR_SIZE_VER0 || size > HK_PAGE_SIZE ? sizeof(size) : size;
}

int64_t sys_sched_setattr(struct hk_task *t, const uint64_t a[6])
{
	int64_t r = whom_own(t, (int)a[0]);
	_Alignas(8) uint8_t attr[HK_PAGE_SIZE];
	uint64_t host = a[1] ? (uint64_t)(uintptr_t)attr : 0;
	uint32_t size;

	if (r)
		return r;
	if (copy_from_guest(&size, GVA(a[1]), sizeof(size)) || copy_from_guest(attr, GVA(a[1]), attr_read(size)))
		host = a[1] ? HOST_BAD_ADDR : 0;
	else
		memcpy(attr, &size, sizeof(size)); /* as first read */
	r = hk_hostcall(SYS_sched_setattr, a[0], host, a[2]);
	/* With E2BIG the host tells the size that it knows; where that cannot be written, Linux says E2BIG all the same. */
	if (r == -E2BIG && copy_to_guest(GVA(a[1]), attr, sizeof(size)))
		return r;
	return r;
}

int64_t sys_sched_getattr(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_sched_getattr, a[0], host_addr(a[1], (uint32_t)a[2]), a[2], a[3]);
}

int64_t sys_sched_setaffinity(struct hk_task *t, const uint64_t a[6])
{
	int r = whom_own(t, (int)a[0]);
	cpu_set_t set;

	if (r)
		return r;
	if (!CPU_COUNT(&t->proc->cpus))
		return hk_hostcall(SYS_sched_setaffinity, a[0], a[1],
				   host_addr(a[2], hk_min((uint32_t)a[1], CPUSET_MAX)));
	/* As in a cpuset(7): those that are asked for and allowed, EINVAL if there are none. */
	CPU_ZERO(&set);
	if (copy_from_guest(&set, GVA(a[2]), hk_min((uint32_t)a[1], sizeof(set))))
		return -EFAULT;
	CPU_AND(&set, &set, &t->proc->cpus);
	return hk_hostcall(SYS_sched_setaffinity, a[0], sizeof(set), (uint64_t)&set);
}

int64_t sys_sched_getaffinity(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_sched_getaffinity, a[0], a[1], host_addr(a[2], hk_min((uint32_t)a[1], CPUSET_MAX)));
}

PASS2(sys_ioprio_get, SYS_ioprio_get)

/* May this selection of processes be changed? A group only if it is the caller's own: the host's job control put the guest there. */
static int whom_which(struct hk_task *t, int which, int who)
{
	if (which == PRIO_PROCESS)
		return whom_own(t, who);
	if (which == PRIO_PGRP && (who == 0 || who == getpgrp()))
		return 0;
	if (which != PRIO_PGRP && which != PRIO_USER)
		return 0; /* the host says EINVAL */
	task_note(t, "other processes are not the guest's to change");
	return -EPERM;
}

int64_t sys_setpriority(struct hk_task *t, const uint64_t a[6])
{
	int r = whom_which(t, (int)a[0], (int)a[1]);

	return r ? r : hk_hostcall(SYS_setpriority, a[0], a[1], a[2]);
}

/* ioprio_set's selections are numbered from one, getpriority's from zero. */
int64_t sys_ioprio_set(struct hk_task *t, const uint64_t a[6])
{
	int r = whom_which(t, (int)((unsigned)a[0] - 1), (int)a[1]);

	return r ? r : hk_hostcall(SYS_ioprio_set, a[0], a[1], a[2]);
}
