/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that wait with another signal mask (ppoll, epoll_pwait, io_pgetevents). Private to syscalls/. */
#ifndef HK_SYSCALLS_WAITMASK_H
#define HK_SYSCALLS_WAITMASK_H

#include "kern/task.h"

/* A signal mask for the time of a call, if it has one. */
struct wait_mask {
	bool given;
	uint64_t guest, host;
};

/* The guest's mask at a, size bytes: what to pass to the host, which looks at the size first and then at the pointer. A NULL mask has no size. */
uint64_t wait_mask_host(uint64_t a, uint64_t size, struct wait_mask *m);
/* The call that waited with it ended with `result`, which is returned. */
int64_t wait_mask_done(struct hk_task *t, const struct wait_mask *m, int64_t result);

#endif
