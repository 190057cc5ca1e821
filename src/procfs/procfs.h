/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of /proc that must be true to the guest rather than to the monitor. A path is a normalised absolute one below /proc (path.h's
 * `proc`), "self", "thread-self" and the guest's own pid all accepted. Each function answers PROCFS_PASS (1) where the host's own file
 * is right and may be used, or 0 / a value, or -errno (‑EACCES, -ENOENT…) where the guest may not have it.
 */
#ifndef HK_PROCFS_PROCFS_H
#define HK_PROCFS_PROCFS_H

#include "kern/task.h"

#include <sys/stat.h>

#define PROCFS_PASS (-4096) /* not an errno: use the host's file */

/* A new descriptor (a guest descriptor, lowest free) on the made-up content; flags are open(2)'s. */
int64_t procfs_open(struct hk_task *t, const char *path, int flags);
/* The link's target into buf (no NUL), its length; never more than size. */
int64_t procfs_readlink(struct hk_task *t, const char *path, char *buf, size_t size);
/* Where a magic link leads when followed (exe: the program's path): an absolute host path, NUL-terminated, 0; else PROCFS_PASS or -errno. */
int64_t procfs_follow(struct hk_task *t, const char *path, char *target, size_t size);
/* May the host's object at this path be used at all, for anything but opening (stat, access, getdents…)? 0 or -errno. */
int64_t procfs_allow(struct hk_task *t, const char *path, bool write);
/* After an open by the host: if fd turned out to lie in /proc (through a symbolic link or a directory descriptor), swap its content for ours. Returns
 * the descriptor to give to the guest, or -errno with fd closed. */
int64_t procfs_fixup_open(struct hk_task *t, int fd, int flags);
/* Take the entries of a getdents64 result in buf (len bytes, a host buffer) that the guest must not see out; returns the new length. */
int64_t procfs_filter_dirents(struct hk_task *t, int dirfd, char *buf, size_t len);

#endif
