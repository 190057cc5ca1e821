/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a call may change. Private to syscalls/. */
#ifndef HK_SYSCALLS_WHOM_H
#define HK_SYSCALLS_WHOM_H

#include "kern/task.h"

/* Does `pid` (0: the caller) name a thread of the guest? Then 0; else -ESRCH if there is no such process, -EPERM with a note if there is. A negative
 * number gives 0: the host knows the call's error for it. */
HK_MUST_CHECK int whom_own(struct hk_task *t, int pid);
/* The same for any process of the sandbox, and for any thread of any of them. */
HK_MUST_CHECK int whom_family(struct hk_task *t, int pid);
HK_MUST_CHECK int whom_family_thread(struct hk_task *t, int tid);

#endif
