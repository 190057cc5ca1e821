/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors with a story. Inside husk a function returns 0 or more, or -errno; one whose failure a person will read also fills
 * a struct hk_err, owned by the caller, with one line: what failed, on what, why, and what to do.
 */
#ifndef HK_BASE_ERR_H
#define HK_BASE_ERR_H

#include "base/compiler.h"

struct hk_err {
	int code;       /* -errno; 0 = nothing recorded */
	char text[480]; /* one line, no newline, always terminated */
};

/* Record code (-errno) and the message; returns code, so that `return hk_err_set(…)` reads well. e may be NULL. */
int hk_err_set(struct hk_err *e, int code, const char *fmt, ...) HK_PRINTF(3, 4);

/* Put more behind the recorded message. e may be NULL. */
void hk_err_add(struct hk_err *e, const char *text);

/* Put "prefix: " before the recorded message (cut at the end if too long). e may be NULL. Returns e's code, or 0. */
int hk_err_wrap(struct hk_err *e, const char *fmt, ...) HK_PRINTF(2, 3);

#endif
