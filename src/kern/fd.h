/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor's own descriptors. Guest descriptor numbers are the host's, so the monitor's lie above the soft limit of
 * RLIMIT_NOFILE, where the host kernel itself refuses to place or duplicate one for the guest; what the guest could still name by number is
 * refused here. When the guest raises its limit, fd_guard_relocate moves them up.
 */
#ifndef HK_KERN_FD_H
#define HK_KERN_FD_H

#include "base/compiler.h"

#include <stdbool.h>

#define FD_GUARD_MAX 64

struct fd_guard {
	int base;                /* the guest's soft RLIMIT_NOFILE; ours are at base and above */
	int *owned[FD_GUARD_MAX]; /* where each of our descriptors is kept, so that it can be moved */
	int count;
};

/* Take the soft limit as the guest's (cut to 65536 if higher: the host kernel's descriptor table would grow with it). */
HK_MUST_CHECK int fd_guard_init(struct fd_guard *g);
/* Move *fd above the guest's limit, close-on-exec, and remember where it is kept. 0 or -errno; on failure *fd is unchanged. */
HK_MUST_CHECK int fd_guard_adopt(struct fd_guard *g, int *fd);
/* Forget and close. */
void fd_guard_drop(struct fd_guard *g, int *fd);
/* The guest is about to set its soft limit to `limit`: move ours above it if need be. 0 or -errno (nothing changed). */
HK_MUST_CHECK int fd_guard_relocate(struct fd_guard *g, unsigned long limit);

/* Is this number one of ours (which the guest must not see)? */
bool fd_is_ours(const struct fd_guard *g, int fd);
/* 0, or -EBADF for a number the guest must not use. Says nothing about whether it is open. */
static inline int fd_check(const struct fd_guard *g, int fd)
{
	return fd_is_ours(g, fd) ? -9 /* EBADF */ : 0;
}

#endif
