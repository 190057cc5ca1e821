/* SPDX-License-Identifier: Apache-2.0 */
/* Which system calls a trace shows. */
#ifndef HK_TRACE_FILTER_H
#define HK_TRACE_FILTER_H

#include "base/err.h"
#include "syscalls/table.h"

#include <stdbool.h>
#include <stdint.h>

struct trace_filter {
	uint64_t bits[HK_SYSCALL_SLOTS / 64];
	bool others; /* numbers without a row */
};

/*
 * Words, comma separated: a system call's name, a class (file, desc, memory, process, signal, time, network, ipc, system; "file" also takes every call
 * with a path, "desc" every call with a descriptor), `all`, `none`, or `/regex`, an extended regular expression sought in the names. `!word` takes
 * away; a filter that starts with one starts from all. `?word` may be unknown. NULL: all. 0, or -EINVAL with err filled.
 */
int filter_parse(struct trace_filter *f, const char *text, struct hk_err *err);

bool filter_shows(const struct trace_filter *f, uint64_t nr);

#endif
