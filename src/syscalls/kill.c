/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending signals. Whether the sender may is the host's to say; that the receiver is a guest of the same sandbox is looked at here: nobody else's processes
 * are reached, whoever they belong to. kill(2), tgkill(2), rt_sigqueueinfo(2), pidfd_send_signal(2).
 */
#include "syscalls/args.h"
#include "syscalls/handlers.h"
#include "syscalls/whom.h"

#include "kern/family.h"
#include "mm/uaccess.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

/* Is tid a thread of the monitor's own? The guest has none of that number. */
static bool is_monitors(struct hk_task *t, int tid)
{
	return tid > 0 && tid != t->tid && hk_hostcall_sure(SYS_tgkill, getpid(), tid, 0) == 0 &&
	       !task_list_has(&t->proc->tasks, tid);
}

/* May thread tid of process pid be sent a signal? 0, -ESRCH or -EPERM. Numbers that are none give 0: the host knows the error. */
static int may_reach(struct hk_task *t, int pid, int tid)
{
	if (tid > 0 && is_monitors(t, tid))
		return -ESRCH;
	return pid > 0 ? whom_family(t, pid) : 0;
}

/* ---- many at once ---- */

struct sending {
	struct hk_task *t;
	int sig;
	pid_t group; /* 0: everybody but the sender */
	bool found, sent, to_self;
	int64_t error;
};

static int send_one(pid_t pid, void *ctx)
{
	struct sending *s = ctx;
	int64_t r;

	if (s->group && getpgid(pid) != s->group)
		return 0;
	if (pid == getpid()) {
		s->to_self = s->group != 0;
		return 0;
	}
	s->found = true;
	r = hk_hostcall_sure(SYS_kill, pid, s->sig);
	if (r == 0)
		s->sent = true;
	else if (r != -ESRCH)
		s->error = r;
	return 0;
}

/* The sender comes last: it may die of it. */
static int64_t send_many(struct hk_task *t, pid_t group, int sig)
{
	struct sending s = { .t = t, .sig = sig, .group = group };

	if (sig < 0 || sig > SIGNAL_COUNT)
		return -EINVAL;
	family_each(t->proc->family, send_one, &s);
	if (s.to_self)
		return hk_hostcall_sure(SYS_kill, getpid(), sig);
	if (s.sent)
		return 0;
	return s.error ? s.error : -ESRCH;
}

int64_t sys_kill(struct hk_task *t, const uint64_t a[6])
{
	int pid = (int)a[0], sig = (int)a[1], r;

	if (!t->proc->family || pid == INT_MIN)
		return hk_hostcall(SYS_kill, a[0], a[1]);
	if (pid == 0 || pid < -1)
		return send_many(t, pid ? -pid : getpgrp(), sig);
	if (pid == -1)
		return send_many(t, 0, sig);
	r = may_reach(t, pid, pid);
	return r ? r : hk_hostcall(SYS_kill, a[0], a[1]);
}

int64_t sys_tkill(struct hk_task *t, const uint64_t a[6])
{
	int tid = (int)a[0], r = is_monitors(t, tid) ? -ESRCH : 0;

	if (r == 0 && tid > 0 && tid != t->tid && !task_list_has(&t->proc->tasks, tid))
		r = whom_family_thread(t, tid);
	return r ? r : hk_hostcall(SYS_tkill, a[0], a[1]);
}

int64_t sys_tgkill(struct hk_task *t, const uint64_t a[6])
{
	int r = may_reach(t, (int)a[0], (int)a[1]);

	return r ? r : hk_hostcall(SYS_tgkill, a[0], a[1], a[2]);
}

/* What is sent is looked at before to whom. */
static int looked_at(uint64_t info)
{
	siginfo_t copy;

	return get_guest(&copy, GVA(info));
}

int64_t sys_rt_sigqueueinfo(struct hk_task *t, const uint64_t a[6])
{
	int r = looked_at(a[2]) ?: may_reach(t, (int)a[0], 0);

	return r ? r : hk_hostcall(SYS_rt_sigqueueinfo, a[0], a[1], host_addr(a[2], sizeof(siginfo_t)));
}

int64_t sys_rt_tgsigqueueinfo(struct hk_task *t, const uint64_t a[6])
{
	int r = looked_at(a[3]) ?: may_reach(t, (int)a[0], (int)a[1]);

	return r ? r : hk_hostcall(SYS_rt_tgsigqueueinfo, a[0], a[1], a[2], host_addr(a[3], sizeof(siginfo_t)));
}

/* ---- by descriptor ---- */

int64_t sys_pidfd_open(struct hk_task *t, const uint64_t a[6])
{
	int r = (int)a[0] > 0 ? whom_family(t, (int)a[0]) : 0;

	return r ? r : hk_hostcall(SYS_pidfd_open, a[0], a[1]);
}

/* A pidfd is a right to its process: the guest got it from pidfd_open or clone, or was handed it on purpose. */
int64_t sys_pidfd_send_signal(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_pidfd_send_signal, a[0], a[1], host_addr(a[2], sizeof(siginfo_t)), a[3]);
}
