/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running one guest process: the composition root, which alone knows all parts. cli/ sees this header only.
 */
#ifndef HK_MONITOR_MONITOR_H
#define HK_MONITOR_MONITOR_H

#include "base/err.h"

#include <stdbool.h>

/* Exit statuses of husk's own (env(1), timeout(1)). */
#define HUSK_EXIT_TIMEOUT   124
#define HUSK_EXIT_FAILURE   125
#define HUSK_EXIT_NOT_EXEC  126
#define HUSK_EXIT_NOT_FOUND 127

struct monitor_options {
	char *const *
		argv; /* the program and its arguments, NULL-terminated; argv[0] is looked up in PATH if it has no slash */
	char *const *envp;   /* NULL-terminated */
	const char *cwd;     /* NULL: the caller's */
	uint64_t mem;        /* bytes; 0 = no limit */
	uint64_t timeout_ns; /* wall-clock time; 0 = no limit */
	bool aslr;
	bool classic_numbers; /* the courses' three system calls by their old numbers too */
	bool stats;
	bool trace;
	bool trace_json, trace_rip, trace_where;
	int trace_time;           /* bits of enum trace_time */
	unsigned trace_string;    /* longest string shown; 0 = 32 */
	const char *trace_file;   /* NULL: standard error */
	const char *trace_filter; /* NULL: all calls */
	uint64_t *
		seen; /* NULL, or a bit for each slot of the system-call table (syscalls/table.h): set when it is called */
	const char *profile; /* file of system calls to serve (syscalls/profile.h); NULL: all of the build's */
};

/*
 * Run the program to its end in this process. Returns the exit status for husk (the program's own; 124–127; 128+N); err is
 * filled when the program did not run or was ended by husk. Not thread-safe: one guest a process, once.
 */
int monitor_run(const struct monitor_options *opt, struct hk_err *err);

/* Where this process's own code, heap, stack and libraries must lie. If something lies in the guest's range, run the program again (with
 * argv) in a layout that fits; returns only if all is well or that failed (-errno). */
int monitor_check_layout(char *const *argv, struct hk_err *err);

#endif
