/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor's own descriptors: where they lie and which they are. Guest descriptors are the host's and not kept here. */
#include "kern/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

#define FREE (-1) /* a free slot's number */

static int slot_fd(const struct fd_guard *g, int i)
{
	return __atomic_load_n(&g->slot[i].fd_plus_1, __ATOMIC_RELAXED) - 1;
}

static void slot_set(struct fd_guard *g, int i, int *kept, int fd)
{
	g->slot[i].kept = kept;
	__atomic_store_n(&g->slot[i].fd_plus_1, fd + 1, __ATOMIC_RELAXED);
}

/* Above the soft limit if the hard one leaves room for all of ours there, else as high as they fit. */
static int choose_base(unsigned long soft, unsigned long hard)
{
	unsigned long room = hard > FD_GUARD_MAX ? hard - FD_GUARD_MAX : 0;

	return (int)hk_min(hk_min(soft, room), FD_GUARD_HIGHEST);
}

int fd_guard_init(struct fd_guard *g)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim))
		return -errno;
	g->base = choose_base(lim.rlim_cur, lim.rlim_max);
	pthread_mutex_init(&g->lock, NULL);
	for (int i = 0; i < FD_GUARD_MAX; i++)
		slot_set(g, i, NULL, FREE);
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
	if (raised.rlim_cur != old.rlim_cur && setrlimit(RLIMIT_NOFILE, &old)) {
		err = -errno;
		if (copy >= 0)
			close(copy);
		return err;
	}
	return copy >= 0 ? copy : err;
}

static int slot_find(const struct fd_guard *g, const int *kept)
{
	for (int i = 0; i < FD_GUARD_MAX; i++)
		if (g->slot[i].kept == kept)
			return i;
	return -1;
}

int fd_guard_adopt(struct fd_guard *g, int *fd)
{
	int i, copy;

	pthread_mutex_lock(&g->lock);
	i = slot_find(g, NULL);
	copy = i < 0 ? -ENOSPC : dup_above(*fd, g->base);
	if (copy >= 0) {
		slot_set(g, i, fd, copy);
		close(*fd);
		*fd = copy;
	}
	pthread_mutex_unlock(&g->lock);
	return copy < 0 ? copy : 0;
}

int fd_guard_inherit(struct fd_guard *g, int *fd)
{
	int i, r = 0;

	pthread_mutex_lock(&g->lock);
	i = slot_find(g, NULL);
	if (i < 0)
		r = -ENOSPC;
	else if (fcntl(*fd, F_SETFD, FD_CLOEXEC))
		r = -errno;
	else
		slot_set(g, i, fd, *fd);
	/* What is ours counts from the lowest of them on. */
	if (r == 0 && *fd < g->base)
		g->base = *fd;
	pthread_mutex_unlock(&g->lock);
	return r;
}

void fd_guard_forget(struct fd_guard *g, const int *fd)
{
	int i;

	pthread_mutex_lock(&g->lock);
	i = slot_find(g, fd);
	if (i >= 0)
		slot_set(g, i, NULL, FREE);
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
		slot_set(g, i, NULL, FREE);
	*fd = -1;
	pthread_mutex_unlock(&g->lock);
}

/* Duplicate all of ours to base and above, into copy[] (FREE for free slots). All or nothing. */
static int copy_all(const struct fd_guard *g, int base, int copy[FD_GUARD_MAX])
{
	for (int i = 0; i < FD_GUARD_MAX; i++) {
		int r = slot_fd(g, i) == FREE ? 0 : dup_above(slot_fd(g, i), base);

		copy[i] = slot_fd(g, i) == FREE ? FREE : r;
		if (r >= 0)
			continue;
		for (int k = 0; k < i; k++)
			if (copy[k] != FREE)
				close(copy[k]);
		return r;
	}
	return 0;
}

int fd_guard_relocate(struct fd_guard *g, unsigned long limit)
{
	int copy[FD_GUARD_MAX];
	struct rlimit lim;
	int base, r = 0;

	if (g->borrowed)
		return 0;
	if (getrlimit(RLIMIT_NOFILE, &lim))
		return -errno;
	base = choose_base(limit, lim.rlim_max);
	pthread_mutex_lock(&g->lock);
	if (base > g->base)
		r = copy_all(g, base, copy);
	if (r == 0 && base > g->base) {
		for (int i = 0; i < FD_GUARD_MAX; i++) {
			if (copy[i] == FREE)
				continue;
			close(*g->slot[i].kept);
			*g->slot[i].kept = copy[i];
			slot_set(g, i, g->slot[i].kept, copy[i]);
		}
		g->base = base;
	}
	pthread_mutex_unlock(&g->lock);
	return r;
}

void fd_guard_lock(struct fd_guard *g)
{
	pthread_mutex_lock(&g->lock);
}

void fd_guard_unlock(struct fd_guard *g)
{
	pthread_mutex_unlock(&g->lock);
}

bool fd_is_ours(const struct fd_guard *g, int fd)
{
	if (fd < g->base || fd < 0)
		return false;
	for (int i = 0; i < FD_GUARD_MAX; i++)
		if (slot_fd(g, i) == fd)
			return true;
	return false;
}

int fd_guard_next(const struct fd_guard *g, unsigned from)
{
	int best = -1;

	for (int i = 0; i < FD_GUARD_MAX; i++) {
		int fd = slot_fd(g, i);

		if (fd >= 0 && (unsigned)fd >= from && (best < 0 || fd < best))
			best = fd;
	}
	return best;
}
