/* SPDX-License-Identifier: Apache-2.0 */
/* What a system call shows of itself to a trace. Apart from task.h, so that trace/ needs to know no more of the kernel's state. */
#ifndef HK_KERN_TRACE_HOOK_H
#define HK_KERN_TRACE_HOOK_H

#include <signal.h>
#include <stdint.h>

/* A call was not made after all: its own thread will make it. Never seen by the guest, and none of the kernel's own numbers (hostcall.h). */
#define HK_WOULD_WAIT 4000

/* One system call on its way through: what the dispatcher hands to the trace. All zero but nr, a and rip when it starts. */
struct hk_call {
	uint64_t nr;
	uint64_t a[6];
	uint64_t rip;       /* of the instruction after SYSCALL */
	const char *note;   /* one line on why a call was refused, or NULL; static storage */
	const char *served; /* by which road: "gate", "server"; NULL: by an exit; static storage */
	uint64_t began_ns;  /* the hook's own: CLOCK_MONOTONIC at enter */
	void *pending;      /* the trace's own, between enter and leave */
};

/* Installed by monitor/ when a trace or statistics are wanted; both functions run on the calling thread. */
struct hk_trace_hook {
	void *ctx;
	void (*enter)(void *ctx, struct hk_call *call);
	void (*leave)(void *ctx, struct hk_call *call, int64_t result);
	void (*signal)(void *ctx, const siginfo_t *info); /* a handler of the guest's is about to run; may be NULL */
};

#endif
