/* SPDX-License-Identifier: Apache-2.0 */
/* The signal calls. Masks and dispositions are mirrored to the host (kern/signal.h), so that sending, waiting and timers are its own. */
#include "kern/signal.h"
#include "base/hostcall.h"
#include "mm/uaccess.h"
#include "syscalls/args.h"
#include "syscalls/handlers.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>

#define SIGSET_SIZE 8

int64_t sys_rt_sigaction(struct hk_task *t, const uint64_t a[6])
{
	int sig = (int)a[0];
	struct hk_sigaction new_act, old_act;
	int64_t r;

	if (a[3] != SIGSET_SIZE)
		return -EINVAL;
	if (a[1] && get_guest(&new_act, GVA(a[1])))
		return -EFAULT;
	if (sig < 1 || sig > SIGNAL_COUNT || (a[1] && (sig == SIGKILL || sig == SIGSTOP)))
		return -EINVAL;
	r = signal_action(t, sig, a[1] ? &new_act : NULL, &old_act);
	if (r == 0 && a[2] && put_guest(GVA(a[2]), &old_act))
		return -EFAULT;
	return r;
}

int64_t sys_rt_sigprocmask(struct hk_task *t, const uint64_t a[6])
{
	uint64_t set, old = t->signals.blocked;

	if (a[3] != SIGSET_SIZE)
		return -EINVAL;
	if (a[1]) {
		if (get_guest(&set, GVA(a[1])))
			return -EFAULT;
		switch ((int)a[0]) {
		case SIG_BLOCK:
			set |= old;
			break;
		case SIG_UNBLOCK:
			set = old & ~set;
			break;
		case SIG_SETMASK:
			break;
		default:
			return -EINVAL;
		}
		signal_set_mask(t, set);
	}
	return a[2] && put_guest(GVA(a[2]), &old) ? -EFAULT : 0;
}

int64_t sys_rt_sigreturn(struct hk_task *t, const uint64_t a[6])
{
	(void)a;
	return signal_return(t);
}

int64_t sys_rt_sigpending(struct hk_task *t, const uint64_t a[6])
{
	uint64_t set;
	int64_t r;

	if (a[1] > SIGSET_SIZE)
		return -EINVAL;
	r = hk_hostcall(SYS_rt_sigpending, &set, sizeof(set));
	if (r == 0)
		set |= signal_held(t, t->signals.blocked);
	if (r == 0 && copy_to_guest(GVA(a[0]), &set, a[1]))
		return -EFAULT;
	return r;
}

int64_t sys_rt_sigsuspend(struct hk_task *t, const uint64_t a[6])
{
	uint64_t mask;

	if (a[1] != SIGSET_SIZE)
		return -EINVAL;
	if (get_guest(&mask, GVA(a[0])))
		return -EFAULT;
	return signal_suspend(t, mask);
}

int64_t sys_pause(struct hk_task *t, const uint64_t a[6])
{
	(void)t;
	(void)a;
	return hk_hostcall(SYS_pause);
}

int64_t sys_rt_sigtimedwait(struct hk_task *t, const uint64_t a[6])
{
	struct timespec ts;
	siginfo_t info;
	uint64_t set;
	int64_t r;

	if (a[3] != SIGSET_SIZE)
		return -EINVAL;
	if (get_guest(&set, GVA(a[0])) || (a[2] && get_guest(&ts, GVA(a[2]))))
		return -EFAULT;
	r = signal_take_held(t, set, &info);
	if (r == 0)
		r = hk_hostcall(SYS_rt_sigtimedwait, &set, &info, a[2] ? &ts : NULL, SIGSET_SIZE);
	if (r == -EINTR && signal_held(t, set))
		r = signal_take_held(t, set, &info);
	if (r > 0 && a[1] && put_guest(GVA(a[1]), &info))
		return -EFAULT;
	return r;
}

/* ---- the alternate stack ---- */

int64_t sys_sigaltstack(struct hk_task *t, const uint64_t a[6])
{
	uint64_t sp = t->cpu->ops->regs(t->cpu)->rsp;
	struct hk_sigstack to, old = signal_altstack(t, sp);
	int64_t r = 0;

	if (a[0]) {
		if (get_guest(&to, GVA(a[0])))
			return -EFAULT;
		r = signal_set_altstack(t, &to, sp);
	}
	return r == 0 && a[1] && put_guest(GVA(a[1]), &old) ? -EFAULT : r;
}

/* ---- signalfd ---- */

static int64_t do_signalfd(int fd, uint64_t mask_at, uint64_t size, int flags)
{
	uint64_t mask;

	if (size != SIGSET_SIZE)
		return -EINVAL;
	if (get_guest(&mask, GVA(mask_at)))
		return -EFAULT;
	return hk_hostcall(SYS_signalfd4, fd, &mask, SIGSET_SIZE, flags);
}

int64_t sys_signalfd(struct hk_task *t, const uint64_t a[6])
{
	(void)t;
	return do_signalfd((int)a[0], a[1], a[2], 0);
}

int64_t sys_signalfd4(struct hk_task *t, const uint64_t a[6])
{
	(void)t;
	return do_signalfd((int)a[0], a[1], a[2], (int)a[3]);
}
