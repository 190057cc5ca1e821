/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dispositions, masks, and noting what arrives (signal.h). Frames are in sigframe.c. Raw system calls throughout: the C library keeps
 * signals 32 and 33 for itself, but here they are the guest's.
 */
#include "kern/signal.h"

#include "base/hostcall.h"
#include "kern/task.h"
#include "mm/uaccess.h"

#include <errno.h>
#include <string.h>
#include <ucontext.h>

#define SA_RESTORER 0x04000000

#define BIT(sig) (1UL << ((sig)-1))
/* A fault of the monitor's on guest memory must always reach uaccess.c; nobody can block KILL and STOP. */
#define NEVER_BLOCKED (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGKILL) | BIT(SIGSTOP))
/* Bits of sa_flags that the host needs to know about. */
#define MIRRORED_FLAGS ((uint64_t)(SA_NOCLDSTOP | SA_NOCLDWAIT))

extern const char hk_hostcall_begin[], hk_hostcall_end[];
void hk_sigreturn(void);

/* A signal handler has no argument of ours: this is how it finds its task. */
static __thread struct hk_task *current;

/* Runs on the task's thread, with all signals blocked. */
static void on_signal(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	struct hk_task *t = current;
	struct signal_state *s;

	if (!t)
		return;
	s = &t->signals;
	if (s->caught_count < SIGNAL_CAUGHT_MAX) {
		s->caught[s->caught_count].sig = sig;
		s->caught[s->caught_count].info = *info;
		s->caught_count++;
	}
	/* The rest waits in the kernel, in its order, until this one has its frame. */
	memset(&uc->uc_sigmask, 0xff, 8);
	((uint64_t *)&uc->uc_sigmask)[0] = ~NEVER_BLOCKED;
	t->cpu->ops->kick(t->cpu);
	/* Decided but not yet made, or about to be made again by the kernel: come back first. */
	if ((uint64_t)uc->uc_mcontext.gregs[REG_RIP] == (uint64_t)(uintptr_t)hk_hostcall_begin) {
		uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)hk_hostcall_end;
		uc->uc_mcontext.gregs[REG_RAX] = -HK_ERESTARTSYS;
	}
}

static int64_t host_action(int sig, const struct hk_sigaction *new_act, struct hk_sigaction *old_act)
{
	return hk_hostcall(SYS_rt_sigaction, sig, new_act, old_act, 8);
}

/* Give the host what stands for the guest's action. */
static int64_t mirror(int sig, const struct hk_sigaction *act)
{
	struct hk_sigaction host = { .flags = (act->flags & MIRRORED_FLAGS) | SA_RESTORER,
				     .restorer = (uint64_t)(uintptr_t)hk_sigreturn };

	/* SIGSEGV and SIGBUS stay with uaccess.c, which passes on to us what is not a fault of its own. */
	if (sig == SIGSEGV || sig == SIGBUS)
		return 0;
	if (act->handler > 1) {
		/* SA_RESTART always: then a call that may be restarted shows itself by its RIP (on_signal). */
		host.handler = (uint64_t)(uintptr_t)on_signal;
		host.flags |= SA_SIGINFO | SA_RESTART;
		host.mask = ~NEVER_BLOCKED;
	} else {
		host.handler = act->handler;
	}
	return host_action(sig, &host, NULL);
}

/* A SIGSEGV or SIGBUS that somebody sent. True: taken care of. */
static bool on_sent_fault_signal(int sig, siginfo_t *info, void *context)
{
	struct hk_task *t = current;
	uint64_t handler = t ? t->proc->actions.act[sig].handler : 0;

	if (handler > 1)
		on_signal(sig, info, context);
	return handler != 0;
}

int signal_init(struct hk_task *t)
{
	struct hk_sigaction old;
	int64_t r;

	current = t;
	for (int sig = 1; sig <= SIGNAL_COUNT; sig++) {
		if (sig == SIGSEGV || sig == SIGBUS)
			continue;
		r = host_action(sig, NULL, &old);
		/* Only SIG_IGN is inherited through an exec; no handler of ours exists yet. */
		if (r == 0 && old.handler == 1)
			t->proc->actions.act[sig].handler = 1;
	}
	uaccess_on_sent(on_sent_fault_signal);
	r = hk_hostcall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &t->signals.blocked, 8);
	return (int)r;
}

int64_t signal_action(struct hk_task *t, int sig, const struct hk_sigaction *new_act, struct hk_sigaction *old_act)
{
	struct hk_sigaction *act = &t->proc->actions.act[sig];
	int64_t r = 0;

	if (old_act)
		*old_act = *act;
	if (!new_act)
		return 0;
	if (sig == SIGKILL || sig == SIGSTOP)
		return -EINVAL;
	r = mirror(sig, new_act);
	if (r)
		return r;
	*act = *new_act;
	act->mask &= ~(BIT(SIGKILL) | BIT(SIGSTOP));
	return 0;
}

uint64_t signal_host_mask(uint64_t mask)
{
	return mask & ~NEVER_BLOCKED;
}

void signal_set_mask(struct hk_task *t, uint64_t mask)
{
	uint64_t host;

	t->signals.blocked = mask & ~(BIT(SIGKILL) | BIT(SIGSTOP));
	host = signal_host_mask(mask);
	hk_hostcall(SYS_rt_sigprocmask, SIG_SETMASK, &host, NULL, 8);
}
