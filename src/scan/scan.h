/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which system calls can a program make? Found without running it: from its entry, through the functions that it and its libraries call or take the address of, to every SYSCALL,
 * and the constants that reach RAX there. What cannot be known so is counted and told, not guessed. docs/lab/syscalls.md says how and where the limits are.
 */
#ifndef HK_SCAN_SCAN_H
#define HK_SCAN_SCAN_H

#include "base/err.h"

#include <stdbool.h>

struct scan;

/* A place in a file: for reports. */
struct scan_site {
	const char *file;   /* the path as it was opened */
	const char *symbol; /* the nearest symbol at or below, or "" */
	uint64_t address;   /* in the file's own numbering */
	uint64_t offset;    /* from the symbol */
};

struct scan *scan_new(void); /* NULL: no memory */
void scan_free(struct scan *s);

/* Add a program (or a script: then the interpreter its first line names) with all libraries it names. 0, or -errno with the line in err. */
HK_MUST_CHECK int scan_add(struct scan *s, const char *path, struct hk_err *err);
/* Look. Once, after all programs were added. 0 or -ENOMEM. */
HK_MUST_CHECK int scan_run(struct scan *s);

/* The results in ascending order of numbers: number i with one place that makes it; false behind the last. */
bool scan_call(const struct scan *s, unsigned i, uint64_t *nr, struct scan_site *site);
/* A SYSCALL, or a call of a function like syscall(2), of which the number could not be found. */
bool scan_unresolved(const struct scan *s, unsigned i, struct scan_site *site);
/* A program or library that calls dlopen, so may bring in more than was looked at. */
bool scan_loads(const struct scan *s, unsigned i, const char **file);
/* The files looked at. */
bool scan_file(const struct scan *s, unsigned i, const char **file);

struct scan_figures {
	unsigned files, functions, reached, sites;
};
struct scan_figures scan_figures(const struct scan *s);

#endif
