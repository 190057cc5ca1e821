/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes. The host writes the two numbers, the guest's lowest free ones. */
#include "syscalls/args.h"
#include "syscalls/handlers.h"

#define FD_PAIR (2 * sizeof(int))

int64_t sys_pipe(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_pipe, host_addr(a[0], FD_PAIR));
}

int64_t sys_pipe2(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_pipe2, host_addr(a[0], FD_PAIR), a[1]);
}
