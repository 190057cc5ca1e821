/* SPDX-License-Identifier: Apache-2.0 */
/* What is known about a file: the stat, statfs and access families. */
#include "syscalls/at.h"
#include "syscalls/handlers.h"

#include <sys/stat.h>
#include <sys/statfs.h>

#ifndef SYS_cachestat
#define SYS_cachestat 451 /* Linux 6.5 */
#endif
#ifndef SYS_file_getattr
#define SYS_file_getattr 468 /* Linux 6.17 */
#define SYS_file_setattr 469
#endif

struct ustat_result { /* <linux/types.h> */
	int32_t f_tfree;
	uint64_t f_tinode;
	char f_fname[6], f_fpack[6];
};

struct cache_range { /* <linux/mman.h> of Linux 6.5 */
	uint64_t off, len;
};

struct cache_counts {
	uint64_t nr[5];
};

/* All of the stat calls by path: dirfd, name, buffer, AT_ flags. A null name with AT_EMPTY_PATH is for the host to judge: new kernels take it. */
static int64_t stat_at(struct hk_task *t, uint64_t dirfd, uint64_t name, uint64_t buf, uint64_t flags)
{
	unsigned how = at_how(flags) | (flags & AT_EMPTY_PATH ? PATH_NULL_OK : 0);
	struct hk_path p;
	int r = at_path(t, dirfd, name, how, &p);

	return r ? r : hk_hostcall(SYS_newfstatat, p.dirfd, p.name, host_obj(buf, struct stat), flags);
}

int64_t sys_stat(struct hk_task *t, const uint64_t a[6])
{
	return stat_at(t, (uint64_t)AT_FDCWD, a[0], a[1], 0);
}

int64_t sys_lstat(struct hk_task *t, const uint64_t a[6])
{
	return stat_at(t, (uint64_t)AT_FDCWD, a[0], a[1], AT_SYMLINK_NOFOLLOW);
}

int64_t sys_newfstatat(struct hk_task *t, const uint64_t a[6])
{
	return stat_at(t, a[0], a[1], a[2], a[3]);
}

int64_t sys_fstat(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_fstat, a[0], host_obj(a[1], struct stat));
}

int64_t sys_statx(struct hk_task *t, const uint64_t a[6])
{
	unsigned how = at_how(a[2]) | (a[2] & AT_EMPTY_PATH ? PATH_NULL_OK : 0);
	struct hk_path p;
	int r = at_path(t, a[0], a[1], how, &p);

	return r ? r : hk_hostcall(SYS_statx, p.dirfd, p.name, a[2], a[3], host_obj(a[4], struct statx));
}

int64_t sys_statfs(struct hk_task *t, const uint64_t a[6])
{
	struct hk_path p;
	int r = at_path(t, (uint64_t)AT_FDCWD, a[0], 0, &p);

	return r ? r : hk_hostcall(SYS_statfs, p.name, host_obj(a[1], struct statfs));
}

int64_t sys_fstatfs(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_fstatfs, a[0], host_obj(a[1], struct statfs));
}

/* Of a mounted file system, by its device number: the host's are what /proc/mounts shows. */
int64_t sys_ustat(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_ustat, a[0], host_obj(a[1], struct ustat_result));
}

int64_t sys_cachestat(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_cachestat, a[0], host_obj(a[1], struct cache_range), host_obj(a[2], struct cache_counts),
			   a[3]);
}

/* The caller says how large its structure is; the host looks at no more than a page of it. */
static int64_t file_attr(struct hk_task *t, int64_t nr, unsigned how, const uint64_t a[6])
{
	struct hk_path p;
	int r = at_path(t, a[0], a[1], at_how(a[4]) | how, &p);

	return r ? r : hk_hostcall(nr, p.dirfd, p.name, host_addr(a[2], hk_min(a[3], HK_PAGE_SIZE)), a[3], a[4]);
}

int64_t sys_file_getattr(struct hk_task *t, const uint64_t a[6])
{
	return file_attr(t, SYS_file_getattr, 0, a);
}

int64_t sys_file_setattr(struct hk_task *t, const uint64_t a[6])
{
	return file_attr(t, SYS_file_setattr, PATH_WRITE, a);
}

int64_t sys_access(struct hk_task *t, const uint64_t a[6])
{
	struct hk_path p;
	int r = at_path(t, (uint64_t)AT_FDCWD, a[0], 0, &p);

	return r ? r : hk_hostcall(SYS_faccessat, p.dirfd, p.name, a[1]);
}

int64_t sys_faccessat(struct hk_task *t, const uint64_t a[6])
{
	struct hk_path p;
	int r = at_path(t, a[0], a[1], 0, &p);

	return r ? r : hk_hostcall(SYS_faccessat, p.dirfd, p.name, a[2]);
}

int64_t sys_faccessat2(struct hk_task *t, const uint64_t a[6])
{
	struct hk_path p;
	int r = at_path(t, a[0], a[1], at_how(a[3]), &p);

	return r ? r : hk_hostcall(SYS_faccessat2, p.dirfd, p.name, a[2], a[3]);
}
