/* SPDX-License-Identifier: Apache-2.0 */
/* Counts and times of system calls, printed at the end as `strace -c` does. Thread-safe. */
#ifndef HK_TRACE_STATS_H
#define HK_TRACE_STATS_H

#include "kern/trace_hook.h"

#include <stdbool.h>
#include <stddef.h>

struct stats;

/* A line below the table. Rows with equal `group` stand together; the strings are only read during stats_print. */
struct stats_row {
	const char *group; /* e.g. "exits", "memory" */
	const char *name;
	uint64_t value;
	const char *unit; /* NULL: a plain count */
};

/* The counters lie in `shared` (size bytes, zero at first), where other processes may count too. NULL: no memory, or too little there. */
struct stats *stats_create(void *shared, size_t size);
void stats_free(struct stats *s);
struct hk_trace_hook *stats_hook(struct stats *s);

/* Write the names of the calls that were made, as a profile (husk run --profile, make CONFIG=). 0 or -errno. */
int stats_print_profile(const struct stats *s, int fd);

/* Write the table, then the rows, to fd; as one JSON object if json. 0 or -errno. */
int stats_print(struct stats *s, int fd, bool json, const struct stats_row *rows, size_t count);

#endif
