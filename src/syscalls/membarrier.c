/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membarrier: the host's own. It reaches the guest's threads because it interrupts the processors that run them, which takes a vCPU out of the VM and back.
 * What belongs to restartable sequences goes with rseq, which is not served.
 */
#include "syscalls/args.h"
#include "syscalls/handlers.h"

#include <errno.h>
#include <linux/membarrier.h>

#define SERVED                                                                                                         \
	(MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED |          \
	 MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED |                                \
	 MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE)

int64_t sys_membarrier(struct hk_task *t, const uint64_t a[6])
{
	int cmd = (int)a[0];
	int64_t r;

	if (cmd & ~SERVED) {
		task_note(t, "no restartable sequences, nor what is newer");
		return -EINVAL;
	}
	r = hk_hostcall(SYS_membarrier, a[0], a[1], a[2]);
	return cmd == MEMBARRIER_CMD_QUERY && r > 0 ? r & SERVED : r;
}
