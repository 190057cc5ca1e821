/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile: which system calls a run may make, of those that its build serves. The file is that of a build's configuration (configs/): lines `call=y`, `call=n`, `*=y` or
 * `*=n`; the last one that names a call counts, # begins a comment, and all calls are y at first. Read-only once it is loaded.
 */
#ifndef HK_SYSCALLS_PROFILE_H
#define HK_SYSCALLS_PROFILE_H

#include "base/err.h"
#include "syscalls/table.h"

struct hk_profile {
	uint64_t off[HK_SYSCALL_SLOTS / 64];
};

/* 0, or -errno with file and line in err. A call that this build lacks may be n, but not y. */
HK_MUST_CHECK int profile_load(struct hk_profile *p, const char *file, struct hk_err *err);

static inline bool profile_allows(const struct hk_profile *p, unsigned slot)
{
	return !(p->off[slot / 64] >> slot % 64 & 1);
}

#endif
