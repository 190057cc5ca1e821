/* SPDX-License-Identifier: Apache-2.0 */
/* One door for every system call. */
#ifndef HK_SYSCALLS_DISPATCH_H
#define HK_SYSCALLS_DISPATCH_H

#include "kern/task.h"

/* Serve call->nr with call->a; returns what belongs in RAX. Tells the trace hook. Never touches registers. */
int64_t hk_dispatch(struct hk_task *t, struct hk_call *call);
/* May a call with this number be made by another thread of the monitor, if its arguments allow it? */
bool hk_may_serve(uint64_t nr);
/* The same as hk_dispatch, on any thread, while t's own runs the program: -HK_WOULD_WAIT, and nothing has happened, if t's own thread must do it. */
int64_t hk_dispatch_nowait(struct hk_task *t, struct hk_call *call);

#endif
