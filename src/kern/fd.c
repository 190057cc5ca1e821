/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor's own descriptors: where they lie and which they are. Guest descriptors are the host's and not kept here. */
#include "kern/fd.h"

#include "kern/rlimit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define ROOM 16   /* numbers above the guest's limit, for fd_guard_room */
#define FREE (-1) /* a free slot's number */
/* So many of ours find a place below a hard limit that is the soft one too; if more are needed, the place grows downwards by as many. */
#define ROOM_AT_END 64
/* … but not into the numbers that programs know by heart. */
#define LOWEST_BASE 128

static void mark(struct fd_guard *g, int fd, bool ours)
{
	uint64_t bit = 1UL << (unsigned)fd % 64, *word = &g->ours[(unsigned)fd / 64];

	if (ours)
		__atomic_fetch_or(word, bit, __ATOMIC_RELEASE);
	else
		__atomic_fetch_and(word, ~bit, __ATOMIC_RELEASE);
}

static void slot_set(struct fd_guard *g, unsigned i, int *kept, int fd)
{
	if (g->slot[i].kept)
		mark(g, g->slot[i].fd, false);
	g->slot[i].kept = kept;
	g->slot[i].fd = fd;
	if (kept)
		mark(g, fd, true);
}

static void slot_free(struct fd_guard *g, unsigned i)
{
	slot_set(g, i, NULL, FREE);
	g->freed++;
}

static void set_base(struct fd_guard *g, int base)
{
	__atomic_store_n(&g->base, base, __ATOMIC_RELAXED);
}

/* Above the soft limit if the hard one leaves room there, else as high as they fit. */
static int choose_base(unsigned long soft, unsigned long hard)
{
	unsigned long room = hard > ROOM_AT_END ? hard - ROOM_AT_END : 0;

	return (int)hk_min(hk_min(soft, room), FD_GUARD_HIGHEST);
}

static void init_locks(struct fd_guard *g)
{
	pthread_rwlockattr_t attr;

	pthread_mutex_init(&g->lock, NULL);
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&g->moving, &attr);
	pthread_rwlockattr_destroy(&attr);
}

int fd_guard_init(struct fd_guard *g)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim))
		return -errno;
	g->base = choose_base(lim.rlim_cur, lim.rlim_max);
	g->used = g->freed = 0;
	g->borrowed = false;
	g->cap = 0;
	g->capped = false;
	g->rooms = 0;
	memset(g->ours, 0, sizeof(g->ours));
	init_locks(g);
	return 0;
}

/* A duplicate of fd at base or above. The soft limit is raised for the moment: it bounds what the kernel places, not what stays there. */
static int dup_above(int fd, int base)
{
	struct rlimit old, raised;
	int copy, err = 0;

	if (getrlimit(RLIMIT_NOFILE, &old))
		return -errno;
	raised = old;
	raised.rlim_cur = hk_min(hk_max(old.rlim_cur, (unsigned long)base + FD_GUARD_MAX), old.rlim_max);
	if (raised.rlim_cur != old.rlim_cur && setrlimit(RLIMIT_NOFILE, &raised))
		return -errno;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, base);
	if (copy < 0)
		err = -errno;
	if (raised.rlim_cur != old.rlim_cur && setrlimit(RLIMIT_NOFILE, &old))
		err = -errno;
	if (copy >= FD_GUARD_END)
		err = -EMFILE;
	if (err && copy >= 0)
		close(copy);
	return err ? err : copy;
}

/* The same for one more of ours, base lowered if there is no room left between it and the hard limit. */
static int dup_to_ours(struct fd_guard *g, int fd)
{
	int copy = dup_above(fd, g->base);

	/* EINVAL: base itself is not below the limit. */
	while ((copy == -EMFILE || copy == -EINVAL) && g->base >= LOWEST_BASE + ROOM_AT_END) {
		set_base(g, g->base - ROOM_AT_END);
		copy = dup_above(fd, g->base);
	}
	return copy;
}

/* The slot whose number is kept there; NULL: a free one. -1: none. */
static int slot_find(const struct fd_guard *g, const int *kept)
{
	for (unsigned i = 0; i < g->used; i++)
		if (g->slot[i].kept == kept)
			return (int)i;
	return -1;
}

static int free_slot(struct fd_guard *g)
{
	if (g->freed) {
		g->freed--;
		return slot_find(g, NULL);
	}
	if (g->used == FD_GUARD_MAX)
		return -1;
	g->slot[g->used].kept = NULL;
	return (int)g->used++;
}

int fd_guard_dup(struct fd_guard *g, int fd, int *copy)
{
	int i, r;

	pthread_mutex_lock(&g->lock);
	i = free_slot(g);
	r = i < 0 ? -ENOSPC : dup_to_ours(g, fd);
	if (r >= 0) {
		slot_set(g, (unsigned)i, copy, r);
		*copy = r;
	} else if (i >= 0) {
		g->freed++;
	}
	pthread_mutex_unlock(&g->lock);
	return r < 0 ? r : 0;
}

int fd_guard_adopt(struct fd_guard *g, int *fd)
{
	int old = *fd, r = fd_guard_dup(g, old, fd);

	if (r == 0)
		close(old);
	return r;
}

int fd_guard_inherit(struct fd_guard *g, int *fd)
{
	int i, r = 0;

	pthread_mutex_lock(&g->lock);
	i = free_slot(g);
	if (i < 0 || *fd >= FD_GUARD_END)
		r = -ENOSPC;
	else if (fcntl(*fd, F_SETFD, FD_CLOEXEC))
		r = -errno;
	else
		slot_set(g, (unsigned)i, fd, *fd);
	if (r && i >= 0)
		g->freed++;
	/* What is ours counts from the lowest of them on. */
	if (r == 0 && *fd < g->base)
		set_base(g, *fd);
	pthread_mutex_unlock(&g->lock);
	return r;
}

void fd_guard_forget(struct fd_guard *g, const int *fd)
{
	int i;

	pthread_mutex_lock(&g->lock);
	i = slot_find(g, fd);
	if (i >= 0)
		slot_free(g, (unsigned)i);
	pthread_mutex_unlock(&g->lock);
}

void fd_guard_drop(struct fd_guard *g, int *fd)
{
	int i;

	pthread_mutex_lock(&g->lock);
	i = slot_find(g, fd);
	if (*fd >= 0)
		close(*fd);
	if (i >= 0)
		slot_free(g, (unsigned)i);
	*fd = -1;
	pthread_mutex_unlock(&g->lock);
}

/* Duplicate all of ours to base and above, the new numbers into copy[]. All or nothing. */
static int copy_all(const struct fd_guard *g, int base, int copy[FD_GUARD_MAX])
{
	for (unsigned i = 0; i < g->used; i++) {
		copy[i] = g->slot[i].kept ? dup_above(g->slot[i].fd, base) : FREE;
		if (copy[i] >= 0 || !g->slot[i].kept)
			continue;
		for (unsigned k = 0; k < i; k++)
			if (copy[k] != FREE)
				close(copy[k]);
		return copy[i];
	}
	return 0;
}

static int relocate(struct fd_guard *g, int base)
{
	int *copy = malloc(FD_GUARD_MAX * sizeof(*copy)), r;

	if (!copy)
		return -ENOMEM;
	r = copy_all(g, base, copy);
	for (unsigned i = 0; r == 0 && i < g->used; i++) {
		int old = g->slot[i].fd;

		if (copy[i] == FREE)
			continue;
		*g->slot[i].kept = copy[i];
		slot_set(g, i, g->slot[i].kept, copy[i]);
		close(old);
	}
	if (r == 0)
		set_base(g, base);
	free(copy);
	return r;
}

/* ---- room ---- */

static void set_soft(uint64_t soft)
{
	struct rlimit64 lim;

	if (getrlimit64(RLIMIT_NOFILE, &lim) == 0) {
		lim.rlim_cur = hk_min(soft, lim.rlim_max);
		(void)setrlimit64(RLIMIT_NOFILE, &lim);
	}
}

/* By no more than the monitor needs at once, so that another thread of the guest's gains no more than that. */
static void raise_soft(const struct fd_guard *g)
{
	set_soft(hk_max(g->rooms_soft, g->rooms_soft + ROOM));
}

void fd_guard_room(struct fd_guard *g)
{
	struct rlimit64 lim;

	pthread_mutex_lock(&g->lock);
	if (g->rooms++ == 0 && getrlimit64(RLIMIT_NOFILE, &lim) == 0) {
		g->rooms_soft = lim.rlim_cur;
		raise_soft(g);
	}
	pthread_mutex_unlock(&g->lock);
}

void fd_guard_room_end(struct fd_guard *g)
{
	pthread_mutex_lock(&g->lock);
	if (g->rooms && --g->rooms == 0)
		set_soft(g->rooms_soft);
	pthread_mutex_unlock(&g->lock);
}

void fd_guard_resume(struct fd_guard *g, uint64_t soft)
{
	pthread_mutex_lock(&g->lock);
	set_soft(soft);
	pthread_mutex_unlock(&g->lock);
}

/* ---- the guest's limit ---- */

/* What the host is told when the guest sets its limit: its hard limit stays, since ours need numbers above the guest's. 0 or -errno. */
static int host_limit(const struct fd_guard *g, const struct rlimit64 *limit, const struct rlimit64 *now,
		      struct rlimit64 *host)
{
	uint64_t hard = g->cap ? g->cap : now->rlim_max;

	if (limit->rlim_cur > limit->rlim_max)
		return -EINVAL;
	if (limit->rlim_max > hard && (g->capped || !rlimit_may_raise()))
		return -EPERM;
	*host = (struct rlimit64){ limit->rlim_cur, hk_max(limit->rlim_max, now->rlim_max) };
	return 0;
}

int fd_guard_set_limit(struct fd_guard *g, const struct rlimit64 *limit)
{
	struct rlimit64 now, host;
	int base, r = 0;

	pthread_rwlock_wrlock(&g->moving);
	pthread_mutex_lock(&g->lock);
	if (getrlimit64(RLIMIT_NOFILE, &now))
		r = -errno;
	r = r ?: host_limit(g, limit, &now, &host);
	base = choose_base(limit->rlim_cur, now.rlim_max);
	/* A limit that the host will refuse moves nothing. */
	if (r == 0 && limit->rlim_cur <= limit->rlim_max && base > g->base && !g->borrowed)
		r = relocate(g, base);
	if (r == 0 && setrlimit64(RLIMIT_NOFILE, &host))
		r = -errno;
	if (r == 0)
		g->cap = g->capped || limit->rlim_max < host.rlim_max ? limit->rlim_max : 0;
	if (r == 0 && g->rooms) {
		g->rooms_soft = host.rlim_cur;
		raise_soft(g);
	}
	pthread_mutex_unlock(&g->lock);
	pthread_rwlock_unlock(&g->moving);
	return r;
}

int fd_guard_cap(struct fd_guard *g, uint64_t cap)
{
	struct rlimit64 now;
	int r = fd_guard_get_limit(g, &now);

	if (r)
		return r;
	g->cap = hk_min(cap, now.rlim_max);
	g->capped = true;
	now.rlim_max = g->cap;
	now.rlim_cur = hk_min(now.rlim_cur, g->cap);
	return fd_guard_set_limit(g, &now);
}

int fd_guard_get_limit(struct fd_guard *g, struct rlimit64 *limit)
{
	int r;

	pthread_mutex_lock(&g->lock);
	r = getrlimit64(RLIMIT_NOFILE, limit) ? -errno : 0;
	if (r == 0 && g->rooms)
		limit->rlim_cur = g->rooms_soft;
	if (r == 0 && g->cap) {
		limit->rlim_max = g->cap;
		limit->rlim_cur = hk_min(limit->rlim_cur, g->cap);
	}
	pthread_mutex_unlock(&g->lock);
	return r;
}

int fd_guard_borrow(struct fd_guard *g, int fd)
{
	int copy;

	pthread_mutex_lock(&g->lock);
	copy = dup_to_ours(g, fd);
	if (copy >= 0)
		mark(g, copy, true);
	pthread_mutex_unlock(&g->lock);
	close(fd);
	return copy;
}

void fd_guard_give_back(struct fd_guard *g, int fd)
{
	pthread_mutex_lock(&g->lock);
	close(fd);
	mark(g, fd, false);
	pthread_mutex_unlock(&g->lock);
}

void fd_guard_lock(struct fd_guard *g)
{
	pthread_mutex_lock(&g->lock);
}

void fd_guard_unlock(struct fd_guard *g)
{
	pthread_mutex_unlock(&g->lock);
}

void fd_guard_forked(struct fd_guard *g)
{
	/* Another thread's: it is not here. */
	if (g->rooms && !g->borrowed)
		set_soft(g->rooms_soft);
	g->rooms = 0;
	init_locks(g);
}

int fd_guard_next(const struct fd_guard *g, unsigned from)
{
	uint64_t word;

	if (from >= FD_GUARD_END)
		return -1;
	word = __atomic_load_n(&g->ours[from / 64], __ATOMIC_RELAXED) >> from % 64 << from % 64;
	for (unsigned i = from / 64;;) {
		if (word)
			return (int)(i * 64 + (unsigned)__builtin_ctzl(word));
		if (++i == FD_GUARD_END / 64)
			return -1;
		word = __atomic_load_n(&g->ours[i], __ATOMIC_RELAXED);
	}
}
