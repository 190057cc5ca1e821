/* SPDX-License-Identifier: Apache-2.0 */
/* The `#!` line of a script, as execve(2) reads it: 256 bytes, one optional argument. */
#ifndef HK_LOADER_SCRIPT_H
#define HK_LOADER_SCRIPT_H

#include "base/compiler.h"

#include <stdbool.h>

#define SCRIPT_LINE_MAX 256

struct script_line {
	char interp[SCRIPT_LINE_MAX];
	char arg[SCRIPT_LINE_MAX];
	bool has_arg;
};

/* head: the file's first bytes (len of them, at most SCRIPT_LINE_MAX are looked at). 1 = a script, parsed (interp may
 * be "", if the line has a NUL there: Linux answers EACCES); 0 = not a script; -ENOEXEC = a `#!` line that Linux
 * refuses (no interpreter, or its path cut by the limit). */
HK_MUST_CHECK int script_parse(const char *head, size_t len, struct script_line *out);

#endif
