/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dispositions, masks, and noting what arrives (signal.h). Frames are in sigframe.c. Raw system calls throughout: the C library keeps
 * signals 32 and 33 for itself, but here they are the guest's.
 */
#include "kern/signal.h"

#include "base/hostcall.h"
#include "kern/family.h"
#include "kern/task.h"
#include "mm/uaccess.h"

#include <errno.h>
#include <string.h>
#include <ucontext.h>

#define SA_RESTORER 0x04000000

#define BIT(sig)    (1UL << ((sig)-1))
#define UNBLOCKABLE (BIT(SIGKILL) | BIT(SIGSTOP))
/* A fault of the monitor's on guest memory must always reach uaccess.c; nobody can block KILL and STOP. */
#define NEVER_BLOCKED (BIT(SIGSEGV) | BIT(SIGBUS) | UNBLOCKABLE)
/* Bits of sa_flags that there are; Linux forgets the others, so that programs can ask. */
#define KNOWN_FLAGS 0xdc000807UL
/* Bits of sa_flags that the host needs to know about. */
#define MIRRORED_FLAGS ((uint64_t)(SA_NOCLDSTOP | SA_NOCLDWAIT))

extern const char hk_hostcall_begin[], hk_hostcall_syscall[], hk_hostcall_end[];
void hk_sigreturn(void);

/* A signal handler has no argument of ours: this is how it finds its task. */
static __thread struct hk_task *current;

/*
 * Have the signal looked at soon: the vCPU comes back, and so does a call that is not yet made, or about to be made again by the kernel.
 * The latter two look the same at the SYSCALL itself; all that is earlier was not made.
 */
HK_IN_HANDLER static void come_back(struct hk_task *t, ucontext_t *uc)
{
	greg_t *g = uc->uc_mcontext.gregs;
	uintptr_t ip = (uintptr_t)g[REG_RIP];

	hk_hostcall_cut = 1;
	t->cpu->ops->kick(t->cpu);
	if (ip < (uintptr_t)hk_hostcall_begin || ip > (uintptr_t)hk_hostcall_syscall)
		return;
	g[REG_RIP] = (greg_t)(uintptr_t)hk_hostcall_end;
	g[REG_RAX] = ip == (uintptr_t)hk_hostcall_syscall ? -HK_ERESTARTSYS : -HK_ERESTARTNOINTR;
}

/* Runs on the task's thread, with all signals blocked. */
HK_IN_HANDLER static void on_signal(int sig, siginfo_t *info, void *context)
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
	come_back(t, uc);
}

static int64_t host_action(int sig, const struct hk_sigaction *new_act, struct hk_sigaction *old_act)
{
	return hk_hostcall_sure(SYS_rt_sigaction, sig, new_act, old_act, 8);
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

/* What tells a kick from a SIGBUS that somebody sent: a value that nobody else knows. */
static const char kick_token;

void signal_kick(pid_t tid)
{
	siginfo_t info = { .si_signo = SIGBUS, .si_code = SI_QUEUE };

	info.si_pid = getpid();
	info.si_value.sival_ptr = (void *)(uintptr_t)&kick_token;
	hk_hostcall_sure(SYS_rt_tgsigqueueinfo, getpid(), tid, SIGBUS, &info);
}

static bool has_value(int sig, const siginfo_t *info, uint64_t value)
{
	return sig == SIGBUS && info->si_code == SI_QUEUE && (uint64_t)(uintptr_t)info->si_value.sival_ptr == value;
}

/* Ours: for a vCPU in the guest. */
static bool is_kick(int sig, const siginfo_t *info)
{
	return has_value(sig, info, (uint64_t)(uintptr_t)&kick_token);
}

/* From outside of the sandbox (kern/query.h): for a thread wherever it is, waiting in a call of the host's, too. */
static bool is_nudge(const struct hk_task *t, int sig, const siginfo_t *info)
{
	return t && t->proc->family && has_value(sig, info, t->proc->family->query.nudge);
}

bool signal_was_kick(struct hk_task *t)
{
	bool kicked = t->signals.kicked;

	t->signals.kicked = 0;
	return kicked && !t->signals.caught_count && !signal_held(t, ~t->signals.blocked);
}

/* A SIGSEGV or SIGBUS that somebody sent: the host cannot block it, so it is kept here until its turn comes. True: taken care of. */
static bool on_sent_fault_signal(int sig, siginfo_t *info, void *context)
{
	struct hk_task *t = current;
	int i = sig == SIGBUS;
	uint64_t handler;

	if (is_kick(sig, info)) {
		if (t) {
			t->signals.kicked = 1;
			t->cpu->ops->kick(t->cpu);
		}
		return true;
	}
	if (is_nudge(t, sig, info)) {
		t->signals.kicked = 1;
		come_back(t, context);
		return true;
	}
	if (!t && hk_hostcall_sure(SYS_gettid) == getpid())
		return false;
	if (!t) {
		/* A thread of the monitor's own took it: it was meant for the program. */
		hk_hostcall_sure(SYS_rt_tgsigqueueinfo, getpid(), getpid(), sig, info);
		return true;
	}
	handler = __atomic_load_n(&t->proc->actions.act[sig].handler, __ATOMIC_RELAXED);
	if (!(signal_blocked(t) & BIT(sig)) && handler <= 1)
		return handler == 1;
	if (!t->signals.sent[i].pending) {
		t->signals.sent[i].info = *info;
		t->signals.sent[i].pending = 1;
	}
	come_back(t, context);
	return true;
}

void signal_uncut(struct hk_task *t)
{
	/* In this order: what arrives in between sets it again. */
	hk_hostcall_cut = 0;
	if (t->signals.caught_count || signal_held(t, ~t->signals.blocked))
		hk_hostcall_cut = 1;
}

uint64_t signal_held(const struct hk_task *t, uint64_t set)
{
	const struct signal_state *s = &t->signals;

	return set & ((s->sent[0].pending ? BIT(SIGSEGV) : 0) | (s->sent[1].pending ? BIT(SIGBUS) : 0));
}

int signal_take_held(struct hk_task *t, uint64_t set, siginfo_t *info)
{
	uint64_t held = signal_held(t, set);
	int i = held & BIT(SIGBUS) ? 1 : 0;

	if (!held)
		return 0;
	*info = t->signals.sent[i].info;
	t->signals.sent[i].pending = 0;
	return i ? SIGBUS : SIGSEGV;
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
	r = hk_hostcall_sure(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &t->signals.blocked, 8);
	return (int)r;
}

void signal_start_thread(struct hk_task *t)
{
	current = t;
	signal_set_mask(t, t->signals.blocked);
}

bool signal_close(struct hk_task *t)
{
	uint64_t all = ~NEVER_BLOCKED;

	hk_hostcall_sure(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
	if (!t->signals.caught_count && !signal_held(t, ~t->signals.blocked))
		return true;
	signal_set_mask(t, t->signals.blocked);
	return false;
}

void signal_end_thread(struct hk_task *t)
{
	uint64_t all = ~0UL;

	hk_hostcall_sure(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
	current = NULL;
	hk_hostcall_cut = 0;
	/* Sent to the process, it may be, and kept here since it is blocked: somebody else's now. */
	for (int i = 0; i < 2; i++)
		if (t->signals.sent[i].pending && t->signals.sent[i].info.si_code != SI_TKILL)
			hk_hostcall_sure(SYS_kill, getpid(), i ? SIGBUS : SIGSEGV);
}

void signal_renew(struct hk_process *p, int sig)
{
	pthread_mutex_lock(&p->actions.lock);
	(void)mirror(sig, &p->actions.act[sig]);
	pthread_mutex_unlock(&p->actions.lock);
}

void signal_hold(uint64_t *was)
{
	uint64_t all = ~NEVER_BLOCKED;

	hk_hostcall_sure(SYS_rt_sigprocmask, SIG_SETMASK, &all, was, 8);
}

void signal_release(uint64_t was)
{
	hk_hostcall_sure(SYS_rt_sigprocmask, SIG_SETMASK, &was, NULL, 8);
}

void signal_forked(struct hk_task *t)
{
	struct signal_state *s = &t->signals;

	current = t;
	s->caught_count = 0;
	s->sent[0].pending = s->sent[1].pending = 0;
	hk_hostcall_cut = 0;
	s->waited = s->restart = false;
	signal_set_mask(t, s->blocked);
}

void signal_resumed(struct hk_task *t)
{
	current = t;
	signal_uncut(t);
}

/* Make it the action, on the host first. The lock is held. */
static int64_t change(struct hk_process *p, int sig, const struct hk_sigaction *to)
{
	struct hk_sigaction *act = &p->actions.act[sig];
	int64_t r = mirror(sig, to);

	if (r)
		return r;
	act->flags = to->flags & KNOWN_FLAGS;
	act->restorer = to->restorer;
	act->mask = to->mask & ~UNBLOCKABLE;
	__atomic_store_n(&act->handler, to->handler, __ATOMIC_RELAXED);
	return 0;
}

int64_t signal_action(struct hk_task *t, int sig, const struct hk_sigaction *new_act, struct hk_sigaction *old_act)
{
	struct signal_actions *a = &t->proc->actions;
	int64_t r = 0;

	if (new_act && (sig == SIGKILL || sig == SIGSTOP))
		return -EINVAL;
	pthread_mutex_lock(&a->lock);
	if (old_act)
		*old_act = a->act[sig];
	if (new_act)
		r = change(t->proc, sig, new_act);
	pthread_mutex_unlock(&a->lock);
	return r;
}

struct hk_sigaction signal_take_action(struct hk_task *t, int sig)
{
	struct signal_actions *a = &t->proc->actions;
	struct hk_sigaction act;

	pthread_mutex_lock(&a->lock);
	act = a->act[sig];
	if (act.handler > 1 && (act.flags & SA_RESETHAND))
		(void)change(t->proc, sig, &(struct hk_sigaction){ 0 });
	pthread_mutex_unlock(&a->lock);
	return act;
}

uint64_t signal_host_mask(uint64_t mask)
{
	return mask & ~NEVER_BLOCKED;
}

void signal_set_mask(struct hk_task *t, uint64_t mask)
{
	uint64_t host;

	t->signals.blocked = mask & ~UNBLOCKABLE;
	host = signal_host_mask(mask);
	hk_hostcall_sure(SYS_rt_sigprocmask, SIG_SETMASK, &host, NULL, 8);
}

void signal_let_run(struct hk_task *t, const volatile uint64_t *live)
{
	uint64_t all = ~NEVER_BLOCKED;

	__atomic_store_n(&t->signals.live, live, __ATOMIC_RELAXED);
	hk_hostcall_sure(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
}

void signal_ran(struct hk_task *t)
{
	uint64_t mask = *t->signals.live;

	__atomic_store_n(&t->signals.blocked, mask & ~UNBLOCKABLE, __ATOMIC_RELAXED);
	__atomic_store_n(&t->signals.live, NULL, __ATOMIC_RELAXED);
	signal_set_mask(t, mask);
}

uint64_t signal_blocked(const struct hk_task *t)
{
	const volatile uint64_t *live = __atomic_load_n(&t->signals.live, __ATOMIC_RELAXED);

	return live ? *live & ~UNBLOCKABLE : __atomic_load_n(&t->signals.blocked, __ATOMIC_RELAXED);
}

int64_t signal_waited(struct hk_task *t, uint64_t mask, int64_t result)
{
	if (result == -EINTR) {
		t->signals.waited = true;
		t->signals.wait_mask = mask;
	}
	return result;
}

int64_t signal_suspend(struct hk_task *t, uint64_t mask)
{
	uint64_t host = signal_host_mask(mask);
	int64_t r = signal_held(t, ~mask) ? -EINTR : hk_hostcall(SYS_rt_sigsuspend, &host, sizeof(host));

	/* What woke it is blocked all the same, and kept here: sleep on. */
	if (r == -EINTR && !t->signals.caught_count && !signal_held(t, ~mask))
		return -HK_ERESTARTSYS;
	return signal_waited(t, mask, r);
}
