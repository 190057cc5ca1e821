/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prctl: an explicit list. What concerns the process as the host knows it is passed on; what concerns the program's view (its name) is husk's; what would
 * change the monitor under the guest is refused with an error that a kernel without the feature gives.
 */
#include "syscalls/args.h"
#include "syscalls/handlers.h"

#include "mm/uaccess.h"

#include <errno.h>
#include <linux/prctl.h>
#include <string.h>

#define COMM_LEN 16

/* Newer than the headers we build with. */
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_GET_MDWE 66
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#define PR_GET_MEMORY_MERGE 68
#endif

static int64_t refuse(struct hk_task *t, const char *why, int err)
{
	task_note(t, why);
	return -err;
}

static int64_t pass(const uint64_t a[6])
{
	return hk_hostcall(SYS_prctl, a[0], a[1], a[2], a[3], a[4]);
}

/* The result goes to an int at arg2. */
static int64_t pass_int_out(const uint64_t a[6])
{
	return hk_hostcall(SYS_prctl, a[0], host_obj(a[1], int), a[2], a[3], a[4]);
}

/* The host keeps the names of threads: what /proc shows of them is its own, and ps on the host tells guests apart. */
static int64_t set_name(uint64_t addr)
{
	char name[COMM_LEN] = "";
	size_t n = copy_from_guest_partial(name, GVA(addr), COMM_LEN - 1);

	if (n < COMM_LEN - 1 && !memchr(name, '\0', n))
		return -EFAULT;
	return hk_hostcall(SYS_prctl, PR_SET_NAME, name, 0, 0, 0);
}

static int64_t get_name(uint64_t addr)
{
	char name[COMM_LEN];
	int64_t r = hk_hostcall(SYS_prctl, PR_GET_NAME, name, 0, 0, 0);

	return r ? r : copy_to_guest(GVA(addr), name, sizeof(name));
}

static int64_t get_speculation(const uint64_t a[6])
{
	int64_t r = pass(a);

	return r > 0 ? r & ~(int64_t)PR_SPEC_PRCTL : r; /* it cannot be set: see below */
}

static int64_t set_speculation(struct hk_task *t, const uint64_t a[6])
{
	int64_t r = hk_hostcall(SYS_prctl, PR_GET_SPECULATION_CTRL, a[1], 0, 0, 0);

	return r < 0 ? r : refuse(t, "speculation control is the monitor's", ENXIO);
}

static int64_t set_tsc(struct hk_task *t, const uint64_t a[6])
{
	return (int)a[1] == PR_TSC_ENABLE ? pass(a) : refuse(t, "RDTSC cannot be made to fault", EINVAL);
}

static int64_t set_dispatch(struct hk_task *t, const uint64_t a[6])
{
	return a[1] == PR_SYS_DISPATCH_OFF ? pass(a) : refuse(t, "no system-call user dispatch", EINVAL);
}

/* The monitor has them no more (jail/cage.c); what the guest sees is what it did itself. */
static int64_t no_new_privs(struct hk_task *t, const uint64_t a[6])
{
	bool set = (int)a[0] == PR_SET_NO_NEW_PRIVS;

	if (a[1] != set || a[2] || a[3] || a[4])
		return -EINVAL;
	if (!set)
		return t->proc->no_new_privs;
	t->proc->no_new_privs = true;
	return 0;
}

int64_t sys_prctl(struct hk_task *t, const uint64_t a[6])
{
	switch ((int)a[0]) {
	case PR_SET_NAME:
		return set_name(a[1]);
	case PR_GET_NAME:
		return get_name(a[1]);
	case PR_GET_TID_ADDRESS:
		return put_guest(GVA(a[1]), &t->clear_child_tid.v);
	case PR_GET_PDEATHSIG:
	case PR_GET_CHILD_SUBREAPER:
	case PR_GET_TSC:
		return pass_int_out(a);
	case PR_SET_PDEATHSIG:
	case PR_GET_DUMPABLE:
	case PR_SET_DUMPABLE:
	case PR_GET_KEEPCAPS:
	case PR_SET_KEEPCAPS:
	case PR_GET_TIMING:
	case PR_SET_TIMING:
	case PR_CAPBSET_READ:
	case PR_CAPBSET_DROP:
	case PR_CAP_AMBIENT:
	case PR_GET_SECUREBITS:
	case PR_SET_SECUREBITS:
	case PR_GET_TIMERSLACK:
	case PR_SET_TIMERSLACK:
	case PR_MCE_KILL:
	case PR_MCE_KILL_GET:
	case PR_SET_CHILD_SUBREAPER:
	case PR_GET_THP_DISABLE:
	case PR_SET_THP_DISABLE:
	case PR_GET_IO_FLUSHER:
	case PR_SET_IO_FLUSHER:
	case PR_TASK_PERF_EVENTS_DISABLE:
	case PR_TASK_PERF_EVENTS_ENABLE:
		return pass(a);
	case PR_GET_NO_NEW_PRIVS:
	case PR_SET_NO_NEW_PRIVS:
		return no_new_privs(t, a);
	case PR_SET_TSC:
		return set_tsc(t, a);
	case PR_GET_SPECULATION_CTRL:
		return get_speculation(a);
	case PR_SET_SPECULATION_CTRL:
		return set_speculation(t, a);
	case PR_SET_SYSCALL_USER_DISPATCH:
		return set_dispatch(t, a);
	case PR_GET_SECCOMP:
		return 0; /* a filter that confines the monitor is not the guest's */
	case PR_SET_SECCOMP:
		return refuse(t, "no seccomp for guests", EINVAL);
	case PR_SET_MM:
		return refuse(t, "the monitor's memory map is not the guest's", EPERM);
	case PR_SET_VMA:
		return refuse(t, "no names for anonymous memory", EINVAL);
	case PR_SET_PTRACER:
		return refuse(t, "guests are not traced", EINVAL);
	case PR_SCHED_CORE:
		return refuse(t, "no core scheduling", EINVAL);
	case PR_SET_MDWE:
	case PR_GET_MDWE:
	case PR_SET_MEMORY_MERGE:
	case PR_GET_MEMORY_MERGE:
		return refuse(t, "it would bind the monitor too", EINVAL);
	default:
		return refuse(t, "no such option here", EINVAL);
	}
}
