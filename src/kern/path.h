/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one door for path names. Every handler that takes a path goes through path_get and hands what it gets to the host's *at
 * call: where a path may lead is decided here and nowhere else (today: the caller's own access, and /proc, which husk makes itself).
 */
#ifndef HK_KERN_PATH_H
#define HK_KERN_PATH_H

#include "kern/task.h"

/* How the path will be used. */
#define PATH_NOFOLLOW 0x1u /* a final symbolic link is the object itself */
#define PATH_EMPTY_OK 0x2u /* AT_EMPTY_PATH: "" means dirfd itself */
#define PATH_WRITE    0x4u /* the call changes the object or its directory */
#define PATH_NULL_OK  0x8u /* a NULL pointer is let through as such (utimensat) */

struct hk_path {
	int dirfd;        /* for the host's *at call */
	const char *name; /* likewise; name_buf, or NULL with PATH_NULL_OK */
	bool must_be_dir; /* ends in a slash */
	char proc
		[PATH_MAX]; /* "" or, when the path leads into /proc, its normalised absolute form ("/proc/self/maps") */
	char name_buf[PATH_MAX + 1];
};

/*
 * Copy the path at `name` and decide. 0, or -EBADF, -EFAULT, -ENAMETOOLONG, -ENOENT (empty), -EACCES…: what the call should return.
 * With -EFAULT, -ENAMETOOLONG and -ENOENT, dirfd and name are still such that the host fails with the same error: a handler may go on and
 * so leave the order of the errors to the host.
 * When out->proc is not empty the caller offers it to procfs (procfs/procfs.h) before the host.
 */
HK_MUST_CHECK int path_get(struct hk_task *t, int dirfd, gva_t name, unsigned how, struct hk_path *out);

/* The same for a name that was copied with something else (a socket's address). */
HK_MUST_CHECK int path_take(struct hk_task *t, int dirfd, const char *name, unsigned how, struct hk_path *out);

/*
 * Walk p's name link by link and set p->proc if a symbolic link leads into /proc. Costs a host call for each component: for the rare case that the host
 * met a magic link where the name does not show one.
 */
HK_MUST_CHECK int path_follow_links(struct hk_task *t, struct hk_path *p, unsigned how);

/* p's name is empty: set p->proc to where p->dirfd lies, if that is in /proc. */
HK_MUST_CHECK int path_of_fd(struct hk_task *t, struct hk_path *p);

/* Make p a name that the host does not find either: for what the guest must not see. */
void path_hide(struct hk_path *p);

/* Does this descriptor lie in a procfs? AT_FDCWD: the working directory. */
bool path_fd_in_proc(int fd);

#endif
