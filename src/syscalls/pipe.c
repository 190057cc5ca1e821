/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of connected descriptors. The host writes the two numbers, the guest's lowest free ones. */
#include "syscalls/args.h"
#include "syscalls/handlers.h"

#include <errno.h>
#include <sys/socket.h>

#define FD_PAIR (2 * sizeof(int))

int64_t sys_pipe(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_pipe, host_addr(a[0], FD_PAIR));
}

int64_t sys_pipe2(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_pipe2, host_addr(a[0], FD_PAIR), a[1]);
}

/* Of the other families Linux makes pairs only in TIPC, which reaches outside; for IPv4 and IPv6 the host has the right error. */
int64_t sys_socketpair(struct hk_task *t, const uint64_t a[6])
{
	int family = (int)a[0];

	if (family > AF_UNIX && family < AF_MAX && family != AF_INET && family != AF_INET6) {
		task_note(t, "only pairs of AF_UNIX");
		return -EAFNOSUPPORT;
	}
	return hk_hostcall(SYS_socketpair, a[0], a[1], a[2], host_addr(a[3], FD_PAIR));
}
