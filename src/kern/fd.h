/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor's own descriptors. Guest descriptor numbers are the host's, so the monitor's lie at the guest's soft limit of RLIMIT_NOFILE, where
 * the host kernel itself refuses to place or duplicate one for the guest; what the guest could still name by number is refused here.
 * When the guest raises its limit, fd_guard_relocate moves them up. Where they cannot lie above the limit (it equals the hard limit, or is so high
 * that the host's descriptor table would grow with it) they lie high inside it, and the guest's lowest-free numbers step over them.
 */
#ifndef HK_KERN_FD_H
#define HK_KERN_FD_H

#include "base/compiler.h"

#include <pthread.h>
#include <stdbool.h>

#define FD_GUARD_MAX 64
/* Ours never lie higher than this by choice: 8 bytes of kernel memory for each number below, copied by every fork. */
#define FD_GUARD_HIGHEST 65536

struct fd_guard {
	int base;      /* ours are at base and above */
	bool borrowed; /* a copy in a child of vfork: where the numbers are kept is the parent's, so nothing is moved */
	pthread_mutex_t lock; /* guards the slots while they change */
	struct {
		int *kept;     /* where the descriptor's number is kept, so that it can be moved; NULL: free slot */
		int fd_plus_1; /* the number plus one, so that a zeroed guard owns nothing; read without the lock */
	} slot[FD_GUARD_MAX];
};

/* Choose the place for ours from the limits of the process. 0 or -errno. */
HK_MUST_CHECK int fd_guard_init(struct fd_guard *g);
/* Move *fd to where ours lie, close-on-exec, and remember where it is kept. 0 or -errno (-ENOSPC: FD_GUARD_MAX reached); on failure *fd is unchanged. */
HK_MUST_CHECK int fd_guard_adopt(struct fd_guard *g, int *fd);
/* Take on one that another monitor left in this process, where it lies: close-on-exec again. 0 or -errno. */
HK_MUST_CHECK int fd_guard_inherit(struct fd_guard *g, int *fd);
/* Forget without closing: it is no longer ours. */
void fd_guard_forget(struct fd_guard *g, const int *fd);
/* Forget and close; *fd becomes -1. */
void fd_guard_drop(struct fd_guard *g, int *fd);
/* The guest is about to set its soft limit to `limit`: move ours above it if need be and possible. 0 or -errno (nothing changed). The numbers change
 * under whoever uses ours at that moment: let the other threads of the process rest. */
HK_MUST_CHECK int fd_guard_relocate(struct fd_guard *g, unsigned long limit);

/* Around a fork: see that no other thread is changing it. */
void fd_guard_lock(struct fd_guard *g);
void fd_guard_unlock(struct fd_guard *g);

/* Is this number one of ours (which the guest must not see)? Any thread, any time. */
bool fd_is_ours(const struct fd_guard *g, int fd);
/* 0, or -EBADF for a number the guest must not use. Says nothing about whether it is open. */
static inline int fd_check(const struct fd_guard *g, int fd)
{
	return fd_is_ours(g, fd) ? -9 /* EBADF */ : 0;
}
/* The lowest of ours that is at least `from`, or -1: for walking around them (close_range). */
int fd_guard_next(const struct fd_guard *g, unsigned from);

#endif
