/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running one guest process: the composition root, which alone knows all parts. cli/ sees this header only.
 */
#ifndef HK_MONITOR_MONITOR_H
#define HK_MONITOR_MONITOR_H

#include "base/err.h"
#include "inspect/inspect.h"
#include "jail/jail.h"
#include "kern/net_policy.h"
#include "kern/policy.h"

#include <sched.h>

#include <stdbool.h>

/* Exit statuses of husk's own (env(1), timeout(1)). */
#define HUSK_EXIT_TIMEOUT   124
#define HUSK_EXIT_FAILURE   125
#define HUSK_EXIT_NOT_EXEC  126
#define HUSK_EXIT_NOT_FOUND 127

/* By which road calls go that another thread of the monitor could make (--io). */
enum monitor_io {
	MONITOR_IO_AUTO,   /* as it pays */
	MONITOR_IO_EXIT,   /* each by an exit */
	MONITOR_IO_SERVER, /* always by the server thread, if possible */
};

/* 0: no limit. */
struct run_limits {
	uint64_t cpu_ns; /* CPU time of all processes together */
	uint64_t fsize;  /* bytes of a file that a process writes */
	unsigned files;  /* descriptors of a process */
	cpu_set_t cpus;  /* where threads may run; none: wherever husk may */
};

struct monitor_options {
	char *const *
		argv; /* the program and its arguments, NULL-terminated; argv[0] is looked up in PATH if it has no slash */
	char *const *envp;   /* NULL-terminated */
	const char *cwd;     /* NULL: the caller's */
	uint64_t mem;        /* bytes; 0 = no limit */
	uint64_t timeout_ns; /* wall-clock time; 0 = no limit */
	struct run_limits limits;
	struct jail_options jail;
	struct net_policy net; /* --net, --allow-connect, --allow-listen */
	unsigned pids;         /* the most processes and threads; 0 = no limit */
	struct call_policy policy;
	bool aslr;
	bool classic_numbers; /* husk's own calls by their old numbers too */
	enum monitor_io io;
	unsigned patch_after; /* exits; 0: the default */
	bool patch;           /* SYSCALL instructions may be replaced by jumps to the gate */
	bool stats;
	bool observe; /* end with the calls that were made, as a profile; neither with a trace nor with stats */
	bool profile_cpu;
	const char *profile_file; /* of profile_cpu, for the stacks; NULL: none is kept */
	const char *report_file;  /* NULL: none */
	bool trace;
	bool trace_json, trace_rip, trace_where;
	int trace_time;           /* bits of enum trace_time */
	unsigned trace_string;    /* longest string shown; 0 = 32 */
	const char *trace_file;   /* of trace, stats or observe; NULL: standard error */
	const char *trace_filter; /* NULL: all calls */
	struct inspect_options inspect;
	const char *svg_file; /* of inspect; NULL: none */
	void (*loaded)(
		void *arg); /* called when the program is in place, before its first instruction; NULL: nobody wants to know */
	void *loaded_arg;
};

/*
 * Run the program to its end in this process. Returns the exit status for husk (the program's own; 124–127; 128+N); err is
 * filled when the program did not run or was ended by husk. Not thread-safe: one guest a process, once.
 */
int monitor_run(const struct monitor_options *opt, struct hk_err *err);

/* Is this husk one that another started anew, to go on with the program that its guest executes? Then monitor_resume, and nothing else; as monitor_run. */
bool monitor_is_successor(void);
int monitor_resume(struct hk_err *err);

/* Print what confines a guest with these options. Returns the exit status. */
int monitor_show_cage(const struct monitor_options *opt);

/* Where this process's own code, heap, stack and libraries must lie. If something lies in the guest's range, run the program again (with
 * argv) in a layout that fits; returns only if all is well or that failed (-errno). */
int monitor_check_layout(char *const *argv, struct hk_err *err);

#endif
