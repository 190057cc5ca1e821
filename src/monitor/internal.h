/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of monitor/ share. */
#ifndef HK_MONITOR_INTERNAL_H
#define HK_MONITOR_INTERNAL_H

#include "kern/task.h"
#include "monitor/monitor.h"
#include "syscalls/profile.h"
#include "trace/stats.h"
#include "trace/trace.h"
#include "vmm/vcpu.h"

#include <pthread.h>
#include <signal.h>

/* The steps of a start-up, for --stats: each ends at its time stamp. */
enum phase {
	PHASE_BEGIN, /* monitor_run was called */
	PHASE_PROCESS,
	PHASE_VM,
	PHASE_MEMORY,
	PHASE_VCPU,
	PHASE_LOAD,
	PHASE_RUN, /* the program's whole life */
	PHASE_COUNT
};

struct monitor;

/* A guest thread: what its host thread alone touches. */
struct thread {
	struct monitor *m;
	struct hk_task task;
	struct vcpu vcpu;
	int killed_by; /* signal number, if a fault ended the guest */
	/* The last page fault that was said to be mended, to see when it is not. */
	struct hk_regs mend_regs;
	uint64_t mend_addr;
	unsigned mend_count;
};

struct monitor {
	const struct monitor_options *opt;
	struct hk_process proc;
	struct mm mm;
	struct vm vm;
	struct thread first; /* the thread that the program starts with */
	int trace_fd;
	struct trace *trace; /* NULL: no --trace */
	struct stats *stats; /* NULL: no --stats */
	struct trace_pair hooks;
	struct hk_profile profile;   /* --syscalls */
	uint64_t stamp[PHASE_COUNT]; /* CLOCK_MONOTONIC, ns */
	int status;                  /* exit status once the loop is left */
};

/* Run the guest thread until it ends; m->status is set. err: a line for the user if husk or a fault ended it. */
void monitor_loop(struct thread *th, struct hk_err *err);

/* loop's part for CPU exceptions and forbidden accesses: mend it, or end the guest with a report. */
void monitor_exception(struct thread *th, const struct vcpu_exit *e);
void monitor_forbidden(struct thread *th);

/* What is left to say when the guest has ended: the last of the trace, the statistics. */
void monitor_finish(struct monitor *m);

/* Start the watchdog of --timeout: a thread that ends the whole process, with its line and the statistics. 0 or -errno. */
HK_MUST_CHECK int watchdog_start(struct monitor *m);

#endif
