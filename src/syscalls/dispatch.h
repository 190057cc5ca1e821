/* SPDX-License-Identifier: Apache-2.0 */
/* One door for every system call. */
#ifndef HK_SYSCALLS_DISPATCH_H
#define HK_SYSCALLS_DISPATCH_H

#include "kern/task.h"

/* Serve call->nr with call->a; returns what belongs in RAX. Tells the trace hook. Never touches registers. */
int64_t hk_dispatch(struct hk_task *t, struct hk_call *call);

#endif
