/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the process is: its numbers, users, groups, capabilities, how it ends. A guest process is a host process, so nearly all of it is the host's. Not
 * here: prctl (prctl.c), limits and usage (limits.c), scheduling (sched.c).
 */
#include "syscalls/args.h"
#include "syscalls/pass.h"
#include "syscalls/whom.h"

#include "kern/family.h"
#include "mm/uaccess.h"

#include <asm/prctl.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/utsname.h>

#define NGROUPS 65536 /* NGROUPS_MAX of the kernel */

/* The end of what a process can address; segment bases at or above it are refused. */
#define TASK_SIZE_MAX ((1UL << 47) - HK_PAGE_SIZE)

PASS0(sys_getpid, SYS_getpid)
PASS0(sys_getppid, SYS_getppid)
PASS0(sys_gettid, SYS_gettid)
PASS0(sys_getpgrp, SYS_getpgrp)
PASS1(sys_getpgid, SYS_getpgid)
PASS2(sys_setpgid, SYS_setpgid)
PASS1(sys_getsid, SYS_getsid)
PASS0(sys_setsid, SYS_setsid)

PASS0(sys_getuid, SYS_getuid)
PASS0(sys_getgid, SYS_getgid)
PASS0(sys_geteuid, SYS_geteuid)
PASS0(sys_getegid, SYS_getegid)
PASS1(sys_setuid, SYS_setuid)
PASS1(sys_setgid, SYS_setgid)
PASS2(sys_setreuid, SYS_setreuid)
PASS2(sys_setregid, SYS_setregid)
PASS3(sys_setresuid, SYS_setresuid)
PASS3(sys_setresgid, SYS_setresgid)
PASS1(sys_setfsuid, SYS_setfsuid)
PASS1(sys_setfsgid, SYS_setfsgid)

PASS_OBJ(sys_uname, SYS_uname, struct utsname)

/* A number that is none of ours. */
static int not_ours(struct hk_task *t, int pid, const char *why)
{
	if (kill(pid, 0) && errno == ESRCH)
		return -ESRCH;
	task_note(t, why);
	return -EPERM;
}

int whom_family(struct hk_task *t, int pid)
{
	if (pid <= 0 || pid == getpid() || !t->proc->family || family_has(t->proc->family, pid) ||
	    task_list_has(&t->proc->tasks, pid))
		return 0;
	return not_ours(t, pid, "a process outside of the sandbox is out of reach");
}

int whom_family_thread(struct hk_task *t, int tid)
{
	if (tid <= 0 || !t->proc->family || family_has_thread(t->proc->family, tid) ||
	    task_list_has(&t->proc->tasks, tid))
		return 0;
	return not_ours(t, tid, "a thread outside of the sandbox is out of reach");
}

int whom_own(struct hk_task *t, int pid)
{
	/* libc's calls: these are our questions, not the guest's call that a signal may cut short. */
	if (pid <= 0 || pid == t->tid || pid == getpid() || task_list_has(&t->proc->tasks, pid))
		return 0;
	if (t->proc->family && family_has_thread(t->proc->family, pid))
		return 0;
	return not_ours(t, pid, "a process outside of the sandbox is not the guest's to change");
}

static int64_t end(struct hk_task *t, uint64_t status)
{
	t->exiting = true;
	t->exit_code = (int)(status & 0xff);
	return 0;
}

int64_t sys_exit(struct hk_task *t, const uint64_t a[6])
{
	/* What was caught for this thread must not go with it: its handler runs first. */
	if (!signal_close(t))
		return -HK_ERESTARTNOINTR;
	t->exit_alone = true;
	return end(t, a[0]);
}

int64_t sys_exit_group(struct hk_task *t, const uint64_t a[6])
{
	return end(t, a[0]);
}

static int64_t get_three_ids(int64_t nr, const uint64_t a[6])
{
	return hk_hostcall(nr, host_obj(a[0], uint32_t), host_obj(a[1], uint32_t), host_obj(a[2], uint32_t));
}

int64_t sys_getresuid(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return get_three_ids(SYS_getresuid, a);
}

int64_t sys_getresgid(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return get_three_ids(SYS_getresgid, a);
}

static uint64_t host_gids(uint64_t count, uint64_t addr)
{
	return host_addr(addr, hk_min((uint32_t)count, NGROUPS) * sizeof(uint32_t));
}

int64_t sys_getgroups(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_getgroups, a[0], host_gids(a[0], a[1]));
}

int64_t sys_setgroups(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_setgroups, a[0], host_gids(a[0], a[1]));
}

static int64_t capabilities(int64_t nr, const uint64_t a[6])
{
	uint64_t data = host_addr(a[1], _LINUX_CAPABILITY_U32S_3 * sizeof(struct __user_cap_data_struct));

	return hk_hostcall(nr, host_obj(a[0], struct __user_cap_header_struct), data);
}

int64_t sys_capget(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return capabilities(SYS_capget, a);
}

int64_t sys_capset(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return capabilities(SYS_capset, a);
}

/* All personalities are the host's business (most act at exec only) but the one that would make the guest's memory executable in the monitor. */
int64_t sys_personality(struct hk_task *t, const uint64_t a[6])
{
	uint32_t persona = (uint32_t)a[0];

	if (persona != 0xffffffff && persona & READ_IMPLIES_EXEC) {
		task_note(t, "READ_IMPLIES_EXEC is not offered to guests");
		return -EINVAL;
	}
	return hk_hostcall(SYS_personality, persona);
}

int64_t sys_set_tid_address(struct hk_task *t, const uint64_t a[6])
{
	t->clear_child_tid = GVA(a[0]);
	return t->tid;
}

/*
 * The list is given to the host kernel too: only it can walk it when the process is killed, so that other processes see EOWNERDEAD. The C library's own
 * list of this thread is lost by that; the monitor has no robust mutexes.
 */
int64_t sys_set_robust_list(struct hk_task *t, const uint64_t a[6])
{
	uint64_t head = host_obj(a[0], struct robust_list_head);
	int64_t r = hk_hostcall(SYS_set_robust_list, head == HOST_BAD_ADDR ? 0 : head, a[1]);

	if (r == 0)
		t->robust_list = GVA(a[0]);
	return r;
}

int64_t sys_get_robust_list(struct hk_task *t, const uint64_t a[6])
{
	uint64_t len = sizeof(struct robust_list_head), head = t->robust_list.v;
	int pid = (int)a[0];

	if (pid != 0 && pid != t->tid && !task_list_robust(&t->proc->tasks, pid, &head))
		return hk_hostcall(SYS_get_robust_list, pid, host_obj(a[1], uint64_t), host_obj(a[2], uint64_t));
	if (put_guest(GVA(a[2]), &len) || put_guest(GVA(a[1]), &head))
		return -EFAULT;
	return 0;
}

static int64_t get_base(struct hk_task *t, bool gs, uint64_t to)
{
	uint64_t base[2];
	int r = t->cpu->ops->get_fs_gs(t->cpu, &base[0], &base[1]);

	return r ? r : put_guest(GVA(to), &base[gs]);
}

int64_t sys_arch_prctl(struct hk_task *t, const uint64_t a[6])
{
	switch ((int)a[0]) {
	case ARCH_SET_FS:
		return a[1] >= TASK_SIZE_MAX ? -EPERM : t->cpu->ops->set_fs(t->cpu, a[1]);
	case ARCH_SET_GS:
		return a[1] >= TASK_SIZE_MAX ? -EPERM : t->cpu->ops->set_gs(t->cpu, a[1]);
	case ARCH_GET_FS:
		return get_base(t, false, a[1]);
	case ARCH_GET_GS:
		return get_base(t, true, a[1]);
	case ARCH_GET_CPUID:
		return 1; /* the instruction does not fault */
	case ARCH_SET_CPUID:
		task_note(t, "the guest's CPUID does not fault on request");
		return -ENODEV;
	default:
		task_note(t, "not offered to guests");
		return -EINVAL;
	}
}

int64_t sys_getcpu(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_getcpu, host_obj(a[0], uint32_t), host_obj(a[1], uint32_t), 0);
}
