/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals. Dispositions and masks are mirrored to the host, so pending sets, queueing, siginfo and default actions are the host's. For a signal
 * that the guest handles, the monitor's own handler notes it, blocks the rest, and makes the vCPU return; signal_deliver then
 * builds the frame that the guest's handler expects. A host call that a signal cut short gives
 * -HK_ERESTARTSYS: it is started again unless a handler without SA_RESTART ran. One that was never made because of a signal gives
 * -HK_ERESTARTNOINTR: as on Linux when the signal comes before the call, it is made after the handler. Between noting and delivering,
 * hk_hostcall_cut keeps the thread from host calls in which it could wait. signal(7), sigaction(2), sigreturn(2).
 */
#ifndef HK_KERN_SIGNAL_H
#define HK_KERN_SIGNAL_H

#include "base/compiler.h"
#include "base/hostcall.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

struct hk_process;
struct hk_task;

#define SIGNAL_COUNT 64
#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif
/* As rt_sigaction(2) takes it. */
struct hk_sigaction {
	uint64_t handler, flags, restorer, mask;
};

struct signal_actions {
	pthread_mutex_t
		lock; /* guards act, and that the host's are what stands for them; a handler reads one word without */
	struct hk_sigaction act[SIGNAL_COUNT + 1]; /* as the guest set them */
};

struct hk_sigstack {
	uint64_t sp;
	int32_t flags;
	uint32_t pad;
	uint64_t size;
};

#define SIGNAL_CAUGHT_MAX 8

struct signal_caught {
	int sig;
	siginfo_t info;
};

struct signal_state {     /* one a task; only its own thread touches it, its signal handler included */
	uint64_t blocked; /* as the guest knows it; bit sig-1 */
	const volatile uint64_t
		*live; /* not NULL: the program runs, and its mask is there; it may write anything there */
	struct hk_sigstack alt;
	volatile sig_atomic_t caught_count;
	struct signal_caught caught[SIGNAL_CAUGHT_MAX];
	uint64_t trapno, error, cr2; /* of the last fault, for ucontext */
	/* A sent SIGSEGV or SIGBUS, which the host may not keep back for us: [0] SIGSEGV, [1] SIGBUS. */
	struct {
		volatile sig_atomic_t pending;
		siginfo_t info;
	} sent[2];
	volatile sig_atomic_t kicked; /* by signal_kick, since signal_was_kick last asked */
	bool waited; /* the call that a signal ended had this mask instead of `blocked`: its handler starts with it */
	uint64_t wait_mask;
	bool restart;  /* the current call returned -HK_ERESTARTSYS or -HK_ERESTARTNOINTR */
	bool not_made; /* the latter */
	uint64_t restart_nr;
	/* how the gate saves extended state (vmm's probe) */
	uint32_t xsave_size; /* 0: FXSAVE */
	uint64_t xcr0;
};

/* Take this thread's mask and the process's dispositions as the guest's. Once a thread. */
HK_MUST_CHECK int signal_init(struct hk_task *t);

/* On a new thread: t is the caller's from now on, with the mask in t->signals. */
void signal_start_thread(struct hk_task *t);
/* The thread is about to end: no more signals are caught. False: some were, and must have their handlers first; nothing is changed. */
HK_MUST_CHECK bool signal_close(struct hk_task *t);
/* The caller is nobody's any more, with all signals blocked. After signal_close, if the process lives on. */
void signal_end_thread(struct hk_task *t);
/* Make a thread of the process look up: its KVM_RUN returns. If it is just going to wait in a host call instead, that call is made again. */
void signal_kick(pid_t tid);
/* Was the call that ended with -EINTR cut short by a kick alone? Once. */
bool signal_was_kick(struct hk_task *t);
/* The host's action for sig was changed by somebody else: make it again what stands for the guest's. */
void signal_renew(struct hk_process *p, int sig);
/* Block and hold back all that can be, for the length of a fork; the mask as it was to *was. */
void signal_hold(uint64_t *was);
void signal_release(uint64_t was);
/* In a child, with all held: what its parent had caught or waits for is not the child's. Lets signals in as the guest's mask says. */
void signal_forked(struct hk_task *t);

/* In a parent of vfork, whose thread lent itself to the child. */
void signal_resumed(struct hk_task *t);

/* rt_sigaction: sig 1–64; new_act or old_act may be NULL. */
int64_t signal_action(struct hk_task *t, int sig, const struct hk_sigaction *new_act, struct hk_sigaction *old_act);
/* The action by which a signal is about to be handled: with SA_RESETHAND it is the default one from now on. */
struct hk_sigaction signal_take_action(struct hk_task *t, int sig);
/*
 * Around a run of the program in which it may change its mask by itself, at *live: nothing is delivered to this thread in between, only SIGSEGV and SIGBUS
 * (signal_kick) come through; afterwards the mask is what the program made it, and what is pending and not blocked is delivered as by sigprocmask(2).
 */
void signal_let_run(struct hk_task *t, const volatile uint64_t *live);
void signal_ran(struct hk_task *t);
/* The mask of a task, also of one that runs. */
uint64_t signal_blocked(const struct hk_task *t);
/* Set the mask (SIGKILL and SIGSTOP are taken out) and mirror it. */
void signal_set_mask(struct hk_task *t, uint64_t mask);
/* The current call waited with `mask` in place of the guest's (sigsuspend, ppoll) and ended with `result`, which is returned. */
int64_t signal_waited(struct hk_task *t, uint64_t mask, int64_t result);
int64_t signal_suspend(struct hk_task *t, uint64_t mask); /* rt_sigsuspend */
/* Those of the signals in `set` that are pending here and not in the host; take one of them, with *info: its number or 0. */
uint64_t signal_held(const struct hk_task *t, uint64_t set);
int signal_take_held(struct hk_task *t, uint64_t set, siginfo_t *info);
/* Host calls are made again, unless something is noted still that may have its handler. */
void signal_uncut(struct hk_task *t);
/* A guest's mask as the host may have it: what the monitor itself needs stays open. */
uint64_t signal_host_mask(uint64_t mask);

/* Before the guest runs on: push frames for what was caught, or restart the interrupted call. May end the task. */
void signal_deliver(struct hk_task *t);
/* A CPU exception as a signal. True: a frame was pushed. False: no handler, or it is blocked: the guest must die of it. */
HK_MUST_CHECK bool signal_fault(struct hk_task *t, int sig, int code, uint64_t addr);
/* sigaltstack, with the stack pointer at sp: what it is; a new one, with Linux's errors. */
struct hk_sigstack signal_altstack(const struct hk_task *t, uint64_t sp);
int64_t signal_set_altstack(struct hk_task *t, const struct hk_sigstack *to, uint64_t sp);
/* rt_sigreturn. Sets all registers. */
int64_t signal_return(struct hk_task *t);

#endif
