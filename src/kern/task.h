/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a guest process and of its threads, as the system-call handlers see it. A guest process is a husk process: what the host kernel
 * already keeps for it (descriptors, umask, working directory, pid, rlimits) is not kept twice.
 */
#ifndef HK_KERN_TASK_H
#define HK_KERN_TASK_H

#include "base/compiler.h"
#include "kern/aio.h"
#include "kern/cpu.h"
#include "kern/fd.h"
#include "kern/net_policy.h"
#include "kern/policy.h"
#include "kern/signal.h"
#include "kern/spawn.h"
#include "kern/threads.h"
#include "kern/trace_hook.h"
#include "mm/mm.h"

#include <limits.h>
#include <sys/resource.h>
#include <sys/types.h>

struct family;
struct hk_task;

/* What exec left behind, for /proc and for exec again. Strings are owned. */
struct hk_image {
	char exe[PATH_MAX]; /* absolute path of the program (the interpreter, for a script) */
	char comm[16];
	dev_t exe_dev; /* the file itself, for ETXTBSY-like checks and /proc/self/exe */
	ino_t exe_ino;
	uint64_t auxv[64]; /* pairs, AT_NULL last */
	unsigned auxv_words;
};

struct hk_process {
	struct mm *mm;       /* a child of vfork has it in common with its parent */
	struct fd_guard fds; /* the monitor's own descriptors */
	struct task_list tasks;
	struct aio_list aio;
	struct hk_image image;
	struct signal_actions actions;
	struct net_policy net;            /* set before the program starts, then constant */
	const struct hk_spawn_ops *spawn; /* NULL: no threads and processes can be made */
	struct hk_trace_hook *trace;      /* NULL: no trace */
	struct family *family;            /* NULL: the process is alone (tests) */
	bool is_child;                    /* not the process that husk was started for */
	bool cwd_in_proc;                 /* the working directory may lie in /proc: relative paths are looked at */
	struct call_policy policy;
	bool aslr;
	bool classic_numbers; /* 333, 449 and 450 are husk's own calls */
	bool has_kmsg;        /* it, or one before it, has opened /dev/kmsg */
	bool no_new_privs;    /* as the guest set it; the monitor has given them up in any case */
	uint64_t start_ns;    /* CLOCK_BOOTTIME at the start */
	uint64_t mem_limit;   /* --mem, bytes; 0 = none */
	cpu_set_t cpus;       /* --cpus: no others; none: all that the host gives */
	/* Limits that are the guest's alone, by RLIMIT_*; valid where the bit of rlim_own is set. Go through kern/rlimit.h. */
	struct rlimit64 rlim[RLIM_NLIMITS];
	uint32_t rlim_own;
};

struct hk_task {
	struct hk_process *proc;
	struct hk_cpu *cpu;
	pid_t tid;
	gva_t clear_child_tid;
	gva_t robust_list;
	void *leftover; /* malloc'ed; what a child of vfork leaves in its parent's memory when it execs: the parent frees it */
	struct hk_call *call; /* the call being served, for task_note */
	struct signal_state signals;
	bool killed_by_frame; /* a signal found no room for its frame */
	bool nowait;          /* another thread makes the call: -HK_WOULD_WAIT rather than wait */
	bool regs_replaced;   /* the call has set all registers: RAX is not the result's */
	bool exiting;         /* leave the run loop with exit_code */
	bool exit_alone;      /* … and it is this thread that ends, not the process (exit(2)) */
	int exit_code;
	struct hk_task *next, *prev; /* on proc->tasks, under its lock */
};

/* Say in the trace why this call is being refused; text must live for ever. */
static inline void task_note(struct hk_task *t, const char *text)
{
	if (t->call)
		t->call->note = text;
}

#endif
