/* SPDX-License-Identifier: Apache-2.0 */
/* The table as text: for `husk syscalls` and for docs/SYSCALLS.md. */
#ifndef HK_SYSCALLS_LIST_H
#define HK_SYSCALLS_LIST_H

#include <stdio.h>

/* A line a call and a last line that counts them; docs/SYSCALLS.md; one JSON object. Errors of out are the caller's to see. */
void list_text(FILE *out);
void list_markdown(FILE *out);
void list_json(FILE *out);

#endif
