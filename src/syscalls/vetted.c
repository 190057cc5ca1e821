/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening while other threads of the guest run. What the host has opened could be used by them, by its number, before procfs has had its look at it. So
 * the object is first opened for its name only (O_PATH), kept where the guest cannot get at it, looked at, and then opened through that descriptor.
 */
#include "syscalls/vetted.h"

#include "procfs/procfs.h"
#include "syscalls/args.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define TRIES 4

static int64_t host_open(const struct hk_path *p, const struct open_how *how)
{
	return hk_hostcall(SYS_openat2, p->dirfd, p->name, how, sizeof(*how));
}

/* Can these flags open nothing but a new file, a directory, or a name? */
static bool is_harmless(uint64_t flags)
{
	return (flags & (O_PATH | O_DIRECTORY)) || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
}

/* What Linux says of an object that is there, before it opens it. */
static int check_existing(int fd, uint64_t flags)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	return (flags & O_CREAT) && S_ISDIR(st.st_mode) ? -EISDIR : 0;
}

/* Open the object behind fd, which the guest cannot touch, as `how` says. */
static int64_t open_object(struct hk_task *t, int fd, const struct open_how *how)
{
	uint64_t flags = how->flags & ~(uint64_t)(O_CREAT | O_EXCL | O_NOFOLLOW);
	char link[40];
	int64_t r = check_existing(fd, how->flags);

	if (r == 0)
		r = procfs_instead(t, fd, (int)flags);
	if (r != PROCFS_PASS)
		return r;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return hk_hostcall(SYS_openat, AT_FDCWD, link, flags, 0);
}

/* Nothing has that name. With O_EXCL what comes is new, if it comes; -EEXIST: now there is something, or a link that leads nowhere. */
static int64_t open_new(const struct hk_path *p, const struct open_how *how, bool last_try)
{
	struct open_how create = *how;

	if (last_try)
		create.resolve |=
			RESOLVE_NO_XDEV; /* through the link, but not into another file system: not into /proc */
	else
		create.flags |= O_EXCL;
	return host_open(p, &create);
}

int64_t open_vetted(struct hk_task *t, const struct hk_path *p, const struct open_how *how)
{
	const struct open_how probe = { .flags = O_PATH | O_CLOEXEC | (how->flags & O_NOFOLLOW),
					.resolve = how->resolve };
	int64_t fd, r = -EEXIST;

	if (task_list_count(&t->proc->tasks) == 1 || is_harmless(how->flags))
		return host_open(p, how);
	for (int i = 0; r == -EEXIST && i < TRIES; i++) {
		fd = hk_hostcall_sure(SYS_openat2, p->dirfd, p->name, &probe, sizeof(probe));
		if (fd >= 0) {
			int own = fd_guard_borrow(&t->proc->fds, (int)fd);

			if (own < 0)
				return own;
			r = open_object(t, own, how);
			fd_guard_give_back(&t->proc->fds, own);
		} else if (fd == -ENOENT && (how->flags & O_CREAT)) {
			r = open_new(p, how, i == TRIES - 1);
		} else {
			r = fd;
		}
	}
	return r;
}
