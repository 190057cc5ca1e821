/* SPDX-License-Identifier: Apache-2.0 */
/* What every handler that takes a path does before its host call. Private to syscalls/. */
#ifndef HK_SYSCALLS_AT_H
#define HK_SYSCALLS_AT_H

#include "kern/path.h"
#include "procfs/procfs.h"
#include "syscalls/args.h"

#include <fcntl.h>

/*
 * Path argument `name` relative to dirfd, ready for the host's *at call: p->dirfd and p->name; flags of path.h in how. A magic link of /proc that
 * means the guest's own (exe) is already replaced by where it leads. 0, or what the call should return. A name that is itself wrong (EFAULT,
 * ENAMETOOLONG, ENOENT) gives 0 and a p->name for which the host says so: flags come before names in Linux's order of errors.
 */
HK_MUST_CHECK int at_path(struct hk_task *t, uint64_t dirfd, uint64_t name, unsigned how, struct hk_path *p);

/* The same for a name that was copied already, relative to the working directory. */
HK_MUST_CHECK int at_name(struct hk_task *t, const char *name, unsigned how, struct hk_path *p);

/* Put p, whose p->proc is set, to where its magic link leads. 0, PROCFS_PASS if it is none, or -errno. */
HK_MUST_CHECK int at_follow(struct hk_task *t, struct hk_path *p);

/* The `how` for a call that takes AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH in flags. */
static inline unsigned at_how(uint64_t flags)
{
	return (flags & AT_SYMLINK_NOFOLLOW ? PATH_NOFOLLOW : 0) | (flags & AT_EMPTY_PATH ? PATH_EMPTY_OK : 0);
}

/* Is p the file of the program that is being run? Linux refuses to write to it (ETXTBSY); the host does not know that it runs. */
bool at_is_running(const struct hk_task *t, const struct hk_path *p);

#endif
