/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clone, clone3, fork, vfork: the arguments copied and checked as Linux does, in its order, into a struct clone_request. Threads and processes are made by
 * monitor/, behind kern/spawn.h.
 */
#include "syscalls/args.h"
#include "syscalls/handlers.h"

#include "mm/uaccess.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>

/* Newer than some headers. */
#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000UL
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000UL
#endif

#define EXIT_SIGNAL 0xffUL /* the low byte of clone's flags */
#define NAMESPACES                                                                                                     \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define PID_LEVELS_MAX   32
#define ARGS_SIZE_FIRST  64 /* struct clone_args as first published */
#define ARGS_SIZE_CGROUP 88 /* … and with the cgroup */

/* The end of what a process can address: a segment base at or above it is refused. */
#define BASE_END (LINUX_TASK_SIZE)

static bool has_all(uint64_t flags, uint64_t all)
{
	return (flags & all) == all;
}

/* Combinations that Linux refuses. */
static bool flags_fit(uint64_t f)
{
	if (has_all(f, CLONE_NEWNS | CLONE_FS) || has_all(f, CLONE_NEWUSER | CLONE_FS))
		return false;
	if ((f & CLONE_THREAD) && !(f & CLONE_SIGHAND))
		return false;
	if ((f & CLONE_SIGHAND) && !(f & CLONE_VM))
		return false;
	if ((f & CLONE_THREAD) && (f & (CLONE_NEWUSER | CLONE_NEWPID)))
		return false;
	return !((f & CLONE_PIDFD) && (f & (CLONE_DETACHED | CLONE_THREAD)));
}

static int64_t refuse(struct hk_task *t, const char *why, int64_t err)
{
	task_note(t, why);
	return err;
}

/* Linux makes no child if the descriptor's number cannot be stored; here it is stored when there is one. */
static bool can_store(gva_t pidfd)
{
	int old;

	return get_guest(&old, pidfd) == 0 && put_guest(pidfd, &old) == 0;
}

static int64_t spawn(struct hk_task *t, const struct clone_request *req)
{
	const struct hk_spawn_ops *ops = t->proc->spawn;
	bool thread = req->flags & CLONE_THREAD;

	if (!flags_fit(req->flags))
		return -EINVAL;
	if (req->flags & (NAMESPACES | CLONE_NEWTIME))
		return refuse(t, "namespaces are not offered to guests", -EPERM);
	if ((req->flags & CLONE_SETTLS) && req->tls >= BASE_END)
		return -EPERM;
	if (thread && !(req->flags & CLONE_FILES))
		return refuse(t, "a thread with descriptors of its own is not offered", -EINVAL);
	if (!ops || !(thread ? ops->thread : ops->process))
		return refuse(t, thread ? "no threads here" : "no processes here", -ENOSYS);
	if ((req->flags & CLONE_PIDFD) && !can_store(req->pidfd))
		return -EFAULT;
	return thread ? ops->thread(t, req) : ops->process(t, req);
}

int64_t sys_clone(struct hk_task *t, const uint64_t a[6])
{
	uint64_t flags = (uint32_t)a[0] & ~EXIT_SIGNAL;
	struct clone_request req = {
		.flags = flags,
		.exit_signal = (int)(a[0] & EXIT_SIGNAL),
		.stack = GVA(a[1]),
		.parent_tid = GVA(a[2]),
		.child_tid = GVA(a[3]),
		.pidfd = GVA(a[2]), /* one argument, two uses */
		.tls = a[4],
	};

	if (has_all(flags, CLONE_PIDFD | CLONE_PARENT_SETTID))
		return -EINVAL;
	return spawn(t, &req);
}

int64_t sys_fork(struct hk_task *t, const uint64_t a[6] HK_UNUSED)
{
	return spawn(t, &(struct clone_request){ .exit_signal = SIGCHLD });
}

int64_t sys_vfork(struct hk_task *t, const uint64_t a[6] HK_UNUSED)
{
	return spawn(t, &(struct clone_request){ .flags = CLONE_VFORK | CLONE_VM, .exit_signal = SIGCHLD });
}

/* ---- clone3 ---- */

/* Copy what the guest knows of the structure; what it has beyond ours must be zero. */
static int copy_args(struct clone_args *c, uint64_t at, uint64_t size)
{
	uint8_t all[HK_PAGE_SIZE];

	if (size > sizeof(all))
		return -E2BIG;
	if (size < ARGS_SIZE_FIRST)
		return -EINVAL;
	if (copy_from_guest(all, GVA(at), size))
		return -EFAULT;
	for (uint64_t i = sizeof(*c); i < size; i++)
		if (all[i])
			return -E2BIG;
	memset(c, 0, sizeof(*c));
	memcpy(c, all, hk_min(size, sizeof(*c)));
	return 0;
}

static bool args_fit(const struct clone_args *c)
{
	if (c->flags & ~(0xffffffffUL | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP))
		return false;
	if (c->flags & (CLONE_DETACHED | (EXIT_SIGNAL & ~(uint64_t)CLONE_NEWTIME)))
		return false;
	if (has_all(c->flags, CLONE_SIGHAND | CLONE_CLEAR_SIGHAND))
		return false;
	if ((c->flags & (CLONE_THREAD | CLONE_PARENT)) && c->exit_signal)
		return false;
	if (!c->stack != !c->stack_size)
		return false;
	return c->stack_size <= LINUX_TASK_SIZE && c->stack <= LINUX_TASK_SIZE - c->stack_size;
}

static int check_args(const struct clone_args *c, uint64_t size)
{
	int pids[PID_LEVELS_MAX]; /* that the child shall have, one for each namespace it is in */

	if (c->set_tid_size > PID_LEVELS_MAX || !c->set_tid != !c->set_tid_size)
		return -EINVAL;
	if (c->exit_signal > SIGNAL_COUNT)
		return -EINVAL;
	if ((c->flags & CLONE_INTO_CGROUP) && (c->cgroup > INT_MAX || size < ARGS_SIZE_CGROUP))
		return -EINVAL;
	if (copy_from_guest(pids, GVA(c->set_tid), c->set_tid_size * sizeof(pids[0])))
		return -EFAULT;
	return args_fit(c) ? 0 : -EINVAL;
}

int64_t sys_clone3(struct hk_task *t, const uint64_t a[6])
{
	struct clone_args c;
	int r = copy_args(&c, a[0], a[1]);

	if (r == 0)
		r = check_args(&c, a[1]);
	if (r)
		return r;
	if (has_all(c.flags, CLONE_PIDFD | CLONE_PARENT_SETTID) && c.pidfd == c.parent_tid)
		return -EINVAL;
	if (c.set_tid_size)
		return refuse(t, "the host chooses the pids", -EPERM);
	if (c.flags & CLONE_INTO_CGROUP)
		return refuse(t, "cgroups are not offered to guests", -EPERM);
	return spawn(t, &(struct clone_request){
				.flags = c.flags,
				.exit_signal = (int)c.exit_signal,
				.stack = GVA(c.stack_size ? c.stack + c.stack_size : 0),
				.parent_tid = GVA(c.parent_tid),
				.child_tid = GVA(c.child_tid),
				.pidfd = GVA(c.pidfd),
				.tls = c.tls,
			});
}
