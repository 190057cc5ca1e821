/* SPDX-License-Identifier: Apache-2.0 */
/* The processes and threads of a sandbox as the host sees them. Names are a guest's: they come without control characters. */
#ifndef HK_SERVICE_TASKS_H
#define HK_SERVICE_TASKS_H

#include "base/compiler.h"

#include <stdint.h>
#include <sys/types.h>

struct sandbox_task {
	pid_t pid, tid;               /* on the host */
	pid_t inside_pid, inside_tid; /* as the guest knows them */
	char state;                   /* as in proc(5) */
	uint64_t cpu_ms;              /* of the thread, the monitor's work for it included */
	uint64_t resident;            /* of the process, bytes */
	char name[16];
};

/* All threads below process 1 `init`, which itself is none of the guest's. Their number or -errno; *list is the caller's to free. */
HK_MUST_CHECK int tasks_below(pid_t init, struct sandbox_task **list);

#endif
