/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that another thread of the monitor makes for a guest thread (dispatch.h). Private to syscalls/. */
#ifndef HK_SYSCALLS_NOWAIT_H
#define HK_SYSCALLS_NOWAIT_H

#include "syscalls/handlers.h"

/* Can a call with this number ever be made without waiting, and by any thread of the process? */
bool nowait_may(uint64_t nr);
/* Make it, with descriptors checked, if with these arguments it need not wait; else -HK_WOULD_WAIT, and nothing has happened. */
int64_t nowait_serve(struct hk_task *t, uint64_t nr, const uint64_t a[6],
		     int64_t (*fn)(struct hk_task *, const uint64_t[6]));

#endif
