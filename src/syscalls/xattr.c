/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes: set, get, list, remove, each by path, by path without following a final link, and by descriptor. */
#include "syscalls/at.h"
#include "syscalls/handlers.h"

#include <linux/limits.h>

/* One longer than the host allows, so that it is the host that refuses. */
#define NAME_CAP (XATTR_NAME_MAX + 2)

/* An output buffer: Linux looks at no more than XATTR_SIZE_MAX of it, whatever size says. */
static uint64_t out_buf(uint64_t addr, uint64_t size)
{
	return host_addr(addr, hk_min(size, XATTR_SIZE_MAX));
}

static int64_t set_by_path(struct hk_task *t, int64_t nr, unsigned how, const uint64_t a[6])
{
	char name[NAME_CAP];
	struct hk_path p;
	int r = at_path(t, (uint64_t)AT_FDCWD, a[0], how | PATH_WRITE, &p);

	return r ? r : hk_hostcall(nr, p.name, host_str(name, sizeof(name), a[1]), host_addr(a[2], a[3]), a[3], a[4]);
}

int64_t sys_setxattr(struct hk_task *t, const uint64_t a[6])
{
	return set_by_path(t, SYS_setxattr, 0, a);
}

int64_t sys_lsetxattr(struct hk_task *t, const uint64_t a[6])
{
	return set_by_path(t, SYS_lsetxattr, PATH_NOFOLLOW, a);
}

int64_t sys_fsetxattr(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	char name[NAME_CAP];

	return hk_hostcall(SYS_fsetxattr, a[0], host_str(name, sizeof(name), a[1]), host_addr(a[2], a[3]), a[3], a[4]);
}

static int64_t get_by_path(struct hk_task *t, int64_t nr, unsigned how, const uint64_t a[6])
{
	char name[NAME_CAP];
	struct hk_path p;
	int r = at_path(t, (uint64_t)AT_FDCWD, a[0], how, &p);

	return r ? r : hk_hostcall(nr, p.name, host_str(name, sizeof(name), a[1]), out_buf(a[2], a[3]), a[3]);
}

int64_t sys_getxattr(struct hk_task *t, const uint64_t a[6])
{
	return get_by_path(t, SYS_getxattr, 0, a);
}

int64_t sys_lgetxattr(struct hk_task *t, const uint64_t a[6])
{
	return get_by_path(t, SYS_lgetxattr, PATH_NOFOLLOW, a);
}

int64_t sys_fgetxattr(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	char name[NAME_CAP];

	return hk_hostcall(SYS_fgetxattr, a[0], host_str(name, sizeof(name), a[1]), out_buf(a[2], a[3]), a[3]);
}

static int64_t list_by_path(struct hk_task *t, int64_t nr, unsigned how, const uint64_t a[6])
{
	struct hk_path p;
	int r = at_path(t, (uint64_t)AT_FDCWD, a[0], how, &p);

	return r ? r : hk_hostcall(nr, p.name, out_buf(a[1], a[2]), a[2]);
}

int64_t sys_listxattr(struct hk_task *t, const uint64_t a[6])
{
	return list_by_path(t, SYS_listxattr, 0, a);
}

int64_t sys_llistxattr(struct hk_task *t, const uint64_t a[6])
{
	return list_by_path(t, SYS_llistxattr, PATH_NOFOLLOW, a);
}

int64_t sys_flistxattr(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_flistxattr, a[0], out_buf(a[1], a[2]), a[2]);
}

static int64_t remove_by_path(struct hk_task *t, int64_t nr, unsigned how, const uint64_t a[6])
{
	char name[NAME_CAP];
	struct hk_path p;
	int r = at_path(t, (uint64_t)AT_FDCWD, a[0], how | PATH_WRITE, &p);

	return r ? r : hk_hostcall(nr, p.name, host_str(name, sizeof(name), a[1]));
}

int64_t sys_removexattr(struct hk_task *t, const uint64_t a[6])
{
	return remove_by_path(t, SYS_removexattr, 0, a);
}

int64_t sys_lremovexattr(struct hk_task *t, const uint64_t a[6])
{
	return remove_by_path(t, SYS_lremovexattr, PATH_NOFOLLOW, a);
}

int64_t sys_fremovexattr(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	char name[NAME_CAP];

	return hk_hostcall(SYS_fremovexattr, a[0], host_str(name, sizeof(name), a[1]));
}
