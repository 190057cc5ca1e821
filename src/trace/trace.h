/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace of system calls in the words of strace, or as one JSON object a line. What is printed of an argument comes from its kind in table.def.
 * Guest memory is read through mm/uaccess.h only, what the call reads before it and what it writes after it, each once.
 * Thread-safe: each line is one write.
 */
#ifndef HK_TRACE_TRACE_H
#define HK_TRACE_TRACE_H

#include "base/err.h"
#include "kern/fd.h"
#include "kern/trace_hook.h"

#include <signal.h>
#include <stdbool.h>

/* What stands before and behind a line; they can be combined. */
enum trace_time {
	TRACE_TIME_NONE = 0,
	TRACE_TIME_ABSOLUTE = 1,    /* time of day in UTC, microseconds (strace -tt) */
	TRACE_TIME_RELATIVE = 2,    /* since the call before (-r) */
	TRACE_TIME_SINCE_START = 4, /* since the trace began */
	TRACE_TIME_DURATION = 8,    /* spent in the call (-T) */
};

struct trace_options {
	int fd;                 /* lines go here; stays the caller's */
	const int *kept_fd;     /* not NULL: the descriptor is the one kept there, and its number may change … */
	struct fd_guard *guard; /* … but while this is held */
	bool json;
	bool show_rip;   /* -i */
	bool show_where; /* which road served it */
	int time;        /* bits of enum trace_time */
	unsigned string; /* longest string shown; 0 = 32 */
	const char *
		filter; /* NULL: all calls. "file,write,!mmap,/^sched_" : classes, names, regular expressions, `!` takes away */
};

struct trace;

/* NULL with err filled: a word of the filter is not known (-EINVAL) or there is no memory. */
struct trace *trace_create(const struct trace_options *opt, struct hk_err *err);
/* Calls that never came back are printed as `<unfinished ...>`. t may be NULL. */
void trace_free(struct trace *t);

/* What to install; it stays valid until trace_free. */
struct hk_trace_hook *trace_hook(struct trace *t);

/* The lines `--- SIGSEGV {…} ---` and `+++ exited with 1 +++` / `+++ killed by SIGSEGV +++` (sig != 0). t may be NULL. */
void trace_signal(struct trace *t, const siginfo_t *si);
void trace_exited(struct trace *t, int code, int sig);

/* There is more than one thread or process from now on: each line begins with whose it is. t may be NULL. */
void trace_many(struct trace *t);

/* Around a fork: no other thread is in the middle of anything while it is locked. In the child the calls that others of its parent's threads were in are
 * forgotten, and `call`, which made it, gets no line there. t may be NULL. */
void trace_lock(struct trace *t);
void trace_unlock(struct trace *t);
void trace_forked(struct trace *t, struct hk_call *call);

/* Two hooks as one: first is entered first and left last. */
struct trace_pair {
	struct hk_trace_hook hook;
	struct hk_trace_hook *first, *second;
};

void trace_pair_init(struct trace_pair *pair, struct hk_trace_hook *first, struct hk_trace_hook *second);

#endif
