/* SPDX-License-Identifier: Apache-2.0 */
/* inotify: the host's own, on the host's paths. */
#include "syscalls/at.h"
#include "syscalls/handlers.h"

#include <sys/inotify.h>

int64_t sys_inotify_init(struct hk_task *t HK_UNUSED, const uint64_t a[6] HK_UNUSED)
{
	return hk_hostcall(SYS_inotify_init1, 0);
}

int64_t sys_inotify_init1(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_inotify_init1, a[0]);
}

int64_t sys_inotify_add_watch(struct hk_task *t, const uint64_t a[6])
{
	struct hk_path p;
	int r = at_path(t, (uint64_t)AT_FDCWD, a[1], a[2] & IN_DONT_FOLLOW ? PATH_NOFOLLOW : 0, &p);

	return r ? r : hk_hostcall(SYS_inotify_add_watch, a[0], p.name, a[2]);
}

int64_t sys_inotify_rm_watch(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_inotify_rm_watch, a[0], a[1]);
}
