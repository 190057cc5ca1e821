/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of monitor/ share. */
#ifndef HK_MONITOR_INTERNAL_H
#define HK_MONITOR_INTERNAL_H

#include "gate/gate.h"
#include "inspect/inspect.h"
#include "kern/task.h"
#include "monitor/monitor.h"
#include "monitor/server.h"
#include "profile/profile.h"
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

/* A system call that left the guest, for --report. */
#define PAST_CALLS   32
#define PAST_PENDING INT64_MIN
struct past_call {
	uint64_t nr, a[6];
	int64_t result;
};

/* A guest thread: what its host thread alone touches. */
struct thread {
	struct monitor *m;
	struct hk_task task;
	struct vcpu vcpu;
	int killed_by; /* signal number, if a fault ended the guest */
	int slot;      /* of the family */
	/* The last page fault that was said to be mended, to see when it is not. */
	struct hk_regs mend_regs;
	uint64_t mend_addr;
	unsigned mend_count;
	/* Of threads that are made and used again (thread.c). */
	struct thread *next_idle, *next_made;
	uint32_t may_run; /* a futex: 1 once its parent has done its part */
	struct server_seat seat;
	/* --profile-cpu (sampler.c): up to where its CPU time has been looked at, and the periods that wait to be taken. */
	uint64_t sampled_ns, last_call;
	uint32_t samples_due;
	/* --report (ending.c) */
	struct past_call past[PAST_CALLS];
	unsigned past_count;
	bool unshare_fs; /* its working directory, umask and root are to be its own */
};

/* The threads of a monitor. */
struct thread_pool {
	pthread_mutex_t lock; /* guards what follows up to `any` */
	struct thread *idle;  /* ended: their vCPUs wait for new threads */
	struct thread *made;  /* all but monitor.first */
	unsigned live;        /* running, or about to */
	unsigned vcpus;       /* numbers given out */
	bool any;             /* a second thread was started once */
	pthread_mutex_t end;  /* taken for ever by the thread that ends the process */
};

/* husk inspect: where its answer goes, and how far it has got. */
struct inspection {
	int report_fd, svg_fd; /* -1: none */
	unsigned seen;         /* calls of the number that is waited for */
	bool planted;          /* a breakpoint stands at `at` for `byte` */
	uint8_t byte;
	uint64_t at;
};

struct monitor {
	const struct monitor_options *opt;
	struct hk_process proc;
	struct mm mm;
	struct vm vm;
	struct gate gate;
	struct server server;
	struct thread first; /* the thread that the program starts with */
	struct thread_pool threads;
	int killed_by; /* signal number, if a fault ended the guest */
	struct jail jail;
	int trace_fd;              /* -1: neither trace nor statistics nor profile */
	int profile_fd, report_fd; /* -1: no --profile-cpu, no --report */
	int family_fd;
	int self_fd;               /* husk's own file, to start it again */
	int loader_fd, library_fd; /* as in struct jail */
	struct trace *trace;       /* NULL: no --trace */
	struct stats *stats;       /* NULL: no --stats */
	struct profile *profile;   /* NULL: no --profile-cpu */
	struct trace_pair hooks;
	struct inspection inspection;
	uint64_t stamp[PHASE_COUNT]; /* CLOCK_MONOTONIC, ns */
	uint64_t deadline_ns;        /* of --timeout, CLOCK_MONOTONIC; 0 = none */
	int status;                  /* exit status once the loop is left */
};

/* Run the guest thread until it ends. err: a line for the user if husk or a fault ended it. */
void monitor_loop(struct thread *th, struct hk_err *err);

/* loop's part for CPU exceptions and forbidden accesses: mend it, or end the guest with a report. */
void monitor_exception(struct thread *th, const struct vcpu_exit *e);
void monitor_forbidden(struct thread *th);

/* Before the first thread runs: it is on the list, and more can be made. */
void threads_init(struct monitor *m);
/* Start a host thread with all signals blocked but those of the set `open`, and the C library kept from what is the guest's. 0 or -errno. */
HK_MUST_CHECK int host_thread(struct monitor *m, void *(*fn)(void *), void *arg, uint64_t open, pthread_t *host);
/* In a child of fork, which is this thread alone: what belonged to the others goes. */
void threads_forked(struct thread *th);
/* The loop was left. A thread that ends alone is taken off the lists, and its host thread ends when this returns; if the process ends, that happens here,
 * but on the first thread, which returns with m->status and m->killed_by set. */
void thread_leave(struct thread *th, struct hk_err *err);
/* A signal may have been sent to a thread of the process: what any of them lets in from now on it lets in by an exit, until it has come out once. */
void threads_hold_all(struct monitor *m);
/* The caller ends the process. Whoever comes second never returns. */
void monitor_claim_end(struct monitor *m);

static inline struct thread *thread_of(struct hk_task *t)
{
	return (struct thread *)((char *)t - offsetof(struct thread, task));
}

/* kern/spawn.h's process: fork, vfork, clone without CLONE_THREAD. */
int64_t process_spawn(struct hk_task *t, const struct clone_request *req);
/* kern/spawn.h's exec. */
int64_t process_exec(struct hk_task *t, const struct exec_program *p);
/* The end of the process, with m's status: a child of a fault's signal itself. */
HK_NORETURN void monitor_end(struct monitor *m);
/* End the process as the signal would, so that who waits for it sees that. */
HK_NORETURN void monitor_die_of(int sig);

/* In a new process: its trace to a file of its own, if there shall be one for each. */
void monitor_split_trace(struct monitor *m, bool fresh);

/* Add what this process's vCPUs counted to the family's sums: once, at its end or before another program. */
void monitor_add_up(struct monitor *m);

/* husk inspect PID has asked this thread (kern/query.h). The program runs on. */
void inspection_answer(struct thread *th);
/* husk inspect (inspect.c). Before the walls: open where the answer goes. 0 or -errno. */
HK_MUST_CHECK int inspection_open(struct monitor *m, struct hk_err *err);
/* Is this the point? Then these tell what is to be seen, and end the process: the program is about to start, to have a call served, to run on behind one, to
 * end; it has met an exception, which was a breakpoint of ours if the result is true. */
void inspection_at_entry(struct thread *th);
void inspection_at_call(struct thread *th, uint64_t nr);
void inspection_behind_call(struct thread *th);
void inspection_at_end(struct monitor *m);
bool inspection_at_trap(struct thread *th, const struct vcpu_exit *e);

/* What is left to say when the guest has ended: the last of the trace, the statistics. */
void monitor_finish(struct monitor *m);

/* Start the watchdog of --timeout, which strikes at m->deadline_ns: a thread that ends the whole process, with its line and the statistics. 0 or -errno. */
HK_MUST_CHECK int watchdog_start(struct monitor *m);

/*
 * --profile-cpu (sampler.c). Before the walls: open where the stacks go. When the program is in place: begin. In a child of fork, by its one thread, with the
 * profile locked: begin anew. 0 or -errno.
 */
HK_MUST_CHECK int sampler_open(struct monitor *m, struct hk_err *err);
HK_MUST_CHECK int sampler_start(struct monitor *m);
void sampler_forked(struct thread *th);
/* Write what there is so far, before another program or at the end (last), where the sandbox's first process adds the list of the top functions. */
void sampler_write(struct monitor *m, bool last);
/* By the thread itself: what is due goes to the registers it has and to `what` (NULL: its own code). And what such an exit, with call nr, is there for (NULL:
 * nothing of the program's): to leave the guest is already part of it. */
void sampler_take(struct thread *th, const char *what);
const char *sampler_doing(enum vcpu_event event, uint64_t nr);

static inline bool sampler_is_due(const struct thread *th)
{
	return __atomic_load_n(&th->samples_due, __ATOMIC_RELAXED) != 0;
}

/* --report (ending.c). Before the walls: open it. 0 or -errno. Around each call: note it, and its result. At the end of the process: write what is known of it;
 * without a reason, behind what report_fault has written. */
HK_MUST_CHECK int ending_open(struct monitor *m, struct hk_err *err);
void ending_note(struct thread *th, const struct hk_call *call);
void ending_result(struct thread *th, int64_t result);
void ending_report(struct thread *th, const char *reason);

/* limits.c. Once, for the first process; the host hands them on. 0 or -errno. */
HK_MUST_CHECK int limits_begin(struct monitor *m, struct hk_err *err);

#endif
