/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor's own descriptors. Guest descriptor numbers are the host's, so the monitor's lie at the guest's soft limit of RLIMIT_NOFILE, where
 * the host kernel itself refuses to place or duplicate one for the guest; what the guest could still name by number is refused here.
 * When the guest raises its limit, fd_guard_set_limit moves them up. Where they cannot lie above the limit (it equals the hard limit, or is so high
 * that the host's descriptor table would grow with it) they lie high inside it, and the guest's lowest-free numbers step over them.
 */
#ifndef HK_KERN_FD_H
#define HK_KERN_FD_H

#include "base/compiler.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

/* One for each vCPU, and some. */
#define FD_GUARD_MAX 4200
/* Ours never lie higher than this by choice: 8 bytes of kernel memory for each number below, copied by every fork. */
#define FD_GUARD_HIGHEST 65536
/* … and in no case at this number or above. */
#define FD_GUARD_END (74 * 1024)

struct fd_guard {
	pthread_mutex_t lock;    /* guards the slots, base, and the host's limit while it is raised for a moment */
	pthread_rwlock_t moving; /* held for reading by who uses a number of ours; taken before `lock` */
	bool borrowed; /* a copy in a child of vfork: where the numbers are kept is the parent's, so nothing is moved */
	int base;      /* ours are at base and above; changes under `lock`, read without */
	unsigned used, freed; /* slots below `used` have been in use; so many of them are free */
	struct {
		int *kept; /* where the number is kept, so that it can be moved; NULL: free slot */
		int fd;
	} slot[FD_GUARD_MAX];
	uint64_t cap;   /* the guest's hard limit, below the host's, which leaves room for ours; 0: the host's own */
	bool capped;    /* by --files: who might raise a hard limit may not raise this one */
	unsigned rooms; /* fd_guard_room that have not ended … */
	uint64_t rooms_soft;              /* … and the guest's soft limit meanwhile */
	uint64_t ours[FD_GUARD_END / 64]; /* by number: bits change under `lock`, are read without */
};

/* Choose the place for ours from the limits of the process. 0 or -errno. */
HK_MUST_CHECK int fd_guard_init(struct fd_guard *g);
/* Move *fd to where ours lie, close-on-exec, and remember where it is kept. 0 or -errno (-ENOSPC: FD_GUARD_MAX reached); on failure *fd is unchanged.
 * Other threads of the guest may have done anything to *fd before: who cares looks at what it is now. */
HK_MUST_CHECK int fd_guard_adopt(struct fd_guard *g, int *fd);
/* Take on one that another monitor left in this process, where it lies: close-on-exec again. 0 or -errno. */
HK_MUST_CHECK int fd_guard_inherit(struct fd_guard *g, int *fd);
/* Forget without closing: it is no longer ours. */
void fd_guard_forget(struct fd_guard *g, const int *fd);
/* A duplicate of a guest's descriptor among ours, which the guest cannot change or close: *copy keeps it, until it is dropped. 0 or -errno (EBADF…). */
HK_MUST_CHECK int fd_guard_dup(struct fd_guard *g, int fd, int *copy);
/* Forget and close; *fd becomes -1. */
void fd_guard_drop(struct fd_guard *g, int *fd);
/*
 * Set the guest's RLIMIT_NOFILE; before, ours move above it if need be and possible. 0 or -errno (nothing changed). Their numbers change: nobody may use
 * one meanwhile who has not called fd_guard_hold. To be called with the vCPUs stopped.
 */
HK_MUST_CHECK int fd_guard_set_limit(struct fd_guard *g, const struct rlimit64 *limit);
/* From now on the guest has no more than that, whoever it is. 0 or -errno. */
HK_MUST_CHECK int fd_guard_cap(struct fd_guard *g, uint64_t cap);
/* The guest's RLIMIT_NOFILE. 0 or -errno. */
HK_MUST_CHECK int fd_guard_get_limit(struct fd_guard *g, struct rlimit64 *limit);

/*
 * So that what the monitor opens finds a number also when the guest has used all of its own: until fd_guard_room_end the host's soft limit is higher than the
 * guest's. What another thread opens meanwhile may have such a number, too. May be nested, by any threads.
 */
void fd_guard_room(struct fd_guard *g);
void fd_guard_room_end(struct fd_guard *g);
/* In a successor that was started in such a room: the soft limit that the guest had. */
void fd_guard_resume(struct fd_guard *g, uint64_t soft);

/* Around a fork: see that no other thread is changing it. */
void fd_guard_lock(struct fd_guard *g);
void fd_guard_unlock(struct fd_guard *g);
/* In the child: nobody uses what the parent's other threads used. */
void fd_guard_forked(struct fd_guard *g);

/* Move fd to where the guest cannot use it, for the length of a call. The new number or -errno; fd is closed in any case. */
HK_MUST_CHECK int fd_guard_borrow(struct fd_guard *g, int fd);
void fd_guard_give_back(struct fd_guard *g, int fd);

/* While held, numbers of ours stay as they are. For a few instructions, and not twice by one thread. */
static inline void fd_guard_hold(struct fd_guard *g)
{
	pthread_rwlock_rdlock(&g->moving);
}

static inline void fd_guard_release(struct fd_guard *g)
{
	pthread_rwlock_unlock(&g->moving);
}

/* Is this number one of ours (which the guest must not see)? Any thread, any time. */
static inline bool fd_is_ours(const struct fd_guard *g, int fd)
{
	return (unsigned)fd < FD_GUARD_END &&
	       __atomic_load_n(&g->ours[(unsigned)fd / 64], __ATOMIC_RELAXED) >> ((unsigned)fd % 64) & 1;
}

/* 0, or -EBADF for a number the guest must not use. Says nothing about whether it is open. */
static inline int fd_check(const struct fd_guard *g, int fd)
{
	return fd_is_ours(g, fd) ? -9 /* EBADF */ : 0;
}
/* The lowest of ours that is at least `from`, or -1: for walking around them (close_range). */
int fd_guard_next(const struct fd_guard *g, unsigned from);

#endif
