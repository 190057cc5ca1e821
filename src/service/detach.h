/* SPDX-License-Identifier: Apache-2.0 */
/*
 * husk run --detach: the sandbox goes on in a session of its own while the caller's command ends, but only once the program is there; until then whatever
 * goes wrong is the caller's to see. A page of shared memory between the two says how far it is. Nothing of it is left when the guest runs.
 */
#ifndef HK_SERVICE_DETACH_H
#define HK_SERVICE_DETACH_H

#include "base/err.h"

#include <sys/types.h>

struct detach_page;

struct detachment {
	struct detach_page *page; /* NULL: not detached */
	pid_t pid;                /* in the caller's process: the other, which is the supervisor */
};

enum detach_step {
	DETACH_LISTED = 1, /* the supervisor: the sandbox is in the registry */
	DETACH_LOADED = 2, /* the monitor: the program is in place */
};

/*
 * Fork. 1 in the caller's process, 0 in the other: with standard input from /dev/null, output and errors appended to the file `output` (NULL: /dev/null), no
 * terminal. -errno if nothing was made. To be called while there is one thread.
 */
HK_MUST_CHECK int detach_fork(struct detachment *d, const char *output, struct hk_err *err);

/* In the other: so far. After DETACH_LOADED the caller of this has let go of the page. */
void detach_reached(struct detachment *d, enum detach_step step);

/* In the other: it came to nothing, for that reason, which the caller's process says. */
void detach_failed(struct detachment *d, int status, const char *why);

/* In the caller's process: wait until both steps are reached. 0, or the exit status of a failure with the line in err. */
HK_MUST_CHECK int detach_await(struct detachment *d, struct hk_err *err);

#endif
