/* SPDX-License-Identifier: Apache-2.0 */
/* Futexes: guest memory lies at the same addresses in the host, which so keeps the queues, also those shared with other processes. */
#include "syscalls/args.h"
#include "syscalls/handlers.h"

#include "mm/uaccess.h"

#include <linux/futex.h>
#include <time.h>

/* The fourth argument is a timeout for the operations that wait and a number for the rest. */
static bool has_timeout(int op)
{
	switch (op & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
	case FUTEX_WAIT_REQUEUE_PI:
		return true;
	default:
		return false;
	}
}

/* Out of the guest's range; the lowest bits stay, for the host's check of the alignment comes first. */
static uint64_t host_word(uint64_t a)
{
	uint64_t h = host_obj(a, uint32_t);

	return h == HOST_BAD_ADDR ? h | (a & 3) : h;
}

int64_t sys_futex(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	uint64_t fourth = has_timeout((int)a[1]) ? host_obj(a[3], struct timespec) : a[3];

	return hk_hostcall(SYS_futex, host_word(a[0]), a[1], a[2], fourth, host_word(a[4]), a[5]);
}

/* The words to wait for, copied: their addresses must not change between the look and the wait. */
int64_t sys_futex_waitv(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	struct futex_waitv waiters[FUTEX_WAITV_MAX];
	uint64_t count = (uint32_t)a[1], host = a[0];

	if (host && count <= FUTEX_WAITV_MAX) {
		host = (uint64_t)(uintptr_t)waiters;
		if (copy_from_guest(waiters, GVA(a[0]), count * sizeof(waiters[0])))
			host = HOST_BAD_ADDR;
		else
			for (uint64_t i = 0; i < count; i++)
				waiters[i].uaddr = host_word(waiters[i].uaddr);
	} else if (host) {
		host = HOST_BAD_ADDR; /* too many: the host says EINVAL */
	}
	return hk_hostcall(SYS_futex_waitv, host, a[1], a[2], host_obj(a[3], struct timespec), a[4]);
}
