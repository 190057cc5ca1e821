/* SPDX-License-Identifier: Apache-2.0 */
/* Asking about files: all of the stat family agree with each other; access; file systems.
 * covers: stat lstat fstat newfstatat statx statfs fstatfs access faccessat faccessat2 */
#include "t.h"

#include <sys/vfs.h>

struct sx_time {
	int64_t sec;
	uint32_t nsec;
	int32_t pad;
};

struct sx { /* struct statx, which not every libc has */
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad;
	uint64_t ino, size, blocks, attributes_mask;
	struct sx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id, spare[13];
};

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mode == b->st_mode && a->st_nlink == b->st_nlink && a->st_uid == b->st_uid &&
	       a->st_gid == b->st_gid && a->st_blocks == b->st_blocks && a->st_blksize == b->st_blksize &&
	       !memcmp(&a->st_mtim, &b->st_mtim, 16) && !memcmp(&a->st_ctim, &b->st_ctim, 16) &&
	       a->st_rdev == b->st_rdev;
}

static void stats(void)
{
	struct stat a, b, c, l;
	long f = MUST(open, "f", O_RDWR | O_CREAT, 0640), d = MUST(open, ".", O_RDONLY),
	     p = MUST(open, "link", O_PATH | O_NOFOLLOW);
	char *e = t_edge(sizeof(a));

	MUST(write, f, "12345", 5);
	T(stat, "f", &a);
	T(lstat, "f", &l);
	T(fstat, f, &b);
	T(newfstatat, d, "f", &c, 0);
	OK(same(&a, &b) && same(&a, &c) && same(&a, &l));
	printf("mode %o size %ld nlink %ld\n", a.st_mode, (long)a.st_size, (long)a.st_nlink);
	OK(a.st_uid == (uid_t)S(geteuid));
	T(stat, "link", &a);
	OK(same(&a, &b));
	T(lstat, "link", &a);
	printf("mode %o size %ld\n", a.st_mode, (long)a.st_size);
	T(fstat, p, &b);
	OK(same(&a, &b));
	T(newfstatat, AT_FDCWD, "link", &b, AT_SYMLINK_NOFOLLOW);
	OK(same(&a, &b));
	T(newfstatat, f, "", &b, AT_EMPTY_PATH);
	T(newfstatat, AT_FDCWD, "", &b, AT_EMPTY_PATH);
	T(newfstatat, f, "", &b, 0);
	T(newfstatat, f, "x", &b, 0);
	T(newfstatat, -1, "f", &b, 0);
	T(newfstatat, AT_FDCWD, "f", &b, 0x40000000);
	T(newfstatat, AT_FDCWD, "f", &b, AT_NO_AUTOMOUNT);
	T(stat, "loop", &a);
	T(lstat, "loop", &a);
	T(stat, "none", &a);
	T(stat, "f/x", &a);
	T(stat, "", &a);
	T(stat, t_name(256), &a);
	T(fstat, -1, &a);
	T(fstat, 99, &a);
	T_BAD(t_in, stat, bad, &a);
	T_BAD(t_out, stat, "f", bad);
	T_BAD(t_out, lstat, "f", bad);
	T_BAD(t_out, fstat, f, bad);
	T_BAD(t_out, newfstatat, AT_FDCWD, "f", bad, 0);
	T_BAD(t_in, newfstatat, AT_FDCWD, bad, &a, 0);
	T(stat, "f", e);
	T(stat, "f", e + 1);
	T(stat, "/dev/null", &a);
	printf("mode %o rdev %lx\n", a.st_mode, (long)a.st_rdev);
	T(fstat, 0, &a);
	printf("mode %o\n", a.st_mode);
}

static void statx_(void)
{
	struct sx x;
	struct stat st;
	long f = MUST(open, "f", O_RDONLY);

	memset(&x, 0xff, sizeof(x));
	T(statx, AT_FDCWD, "f", 0, 0x7ff, &x);
	MUST(stat, "f", &st);
	OK(x.ino == st.st_ino && x.size == (uint64_t)st.st_size && x.mode == st.st_mode &&
	   x.mtime.sec == st.st_mtim.tv_sec);
	OK(x.mtime.nsec == (uint32_t)st.st_mtim.tv_nsec && x.nlink == st.st_nlink && x.uid == st.st_uid);
	OK((x.mask & 0x7ff) == 0x7ff);
	T(statx, f, "", AT_EMPTY_PATH, 1, &x);
	T(statx, f, "", 0, 1, &x);
	T(statx, AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, 0x7ff, &x);
	printf("mode %o\n", x.mode);
	T(statx, AT_FDCWD, "f", 0x6000, 1, &x);
	T(statx, AT_FDCWD, "f", 0x2000, 1, &x);
	T(statx, AT_FDCWD, "f", 0x4000, 1, &x);
	T(statx, AT_FDCWD, "f", 0, 0x80000000, &x);
	T(statx, AT_FDCWD, "f", 0x10000000, 1, &x);
	T(statx, AT_FDCWD, "none", 0, 1, &x);
	T(statx, -1, "f", 0, 1, &x);
	T(statx, 99, "f", 0, 1, &x);
	T_BAD(t_out, statx, AT_FDCWD, "f", 0, 1, bad);
	T_BAD(t_in_opt, statx, AT_FDCWD, bad, 0, 1, &x);
}

static void fs(void)
{
	struct statfs a, b;
	long f = MUST(open, "f", O_RDONLY);

	T(statfs, "f", &a);
	T(fstatfs, f, &b);
	OK(a.f_type == b.f_type && a.f_bsize == b.f_bsize && a.f_blocks == b.f_blocks &&
	   !memcmp(&a.f_fsid, &b.f_fsid, 8));
	printf("type %lx bsize %ld namelen %ld\n", (long)a.f_type, (long)a.f_bsize, (long)a.f_namelen);
	T(statfs, "none", &a);
	T(statfs, "", &a);
	T(statfs, "f/x", &a);
	T(statfs, "loop", &a);
	T(fstatfs, -1, &a);
	T(fstatfs, 99, &a);
	T_BAD(t_out, statfs, ".", bad);
	T_BAD(t_out, fstatfs, f, bad);
	T_BAD(t_in, statfs, bad, &a);
	T(statfs, "/proc", &a);
	printf("type %lx\n", (long)a.f_type);
}

static void access_(void)
{
	long d = MUST(open, ".", O_RDONLY);

	for (int m = 0; m < 8; m++)
		t_show("access f", "", S(access, "f", m));
	T(access, "f", 8);
	T(access, "f", -1);
	T(access, "none", F_OK);
	T(access, "none", 8);
	T(access, "loop", F_OK);
	T(access, "f/x", F_OK);
	T(access, ".", X_OK);
	T(access, "", F_OK);
	T(faccessat, d, "f", R_OK);
	T(faccessat, -1, "f", R_OK);
	T(faccessat, d, "none", R_OK);
	T(faccessat2, d, "f", R_OK, 0);
	T(faccessat2, d, "loop", F_OK, AT_SYMLINK_NOFOLLOW);
	T(faccessat2, d, "f", R_OK, AT_EACCESS);
	T(faccessat2, d, "", R_OK, AT_EMPTY_PATH);
	T(faccessat2, d, "f", R_OK, 0x40000);
	T(faccessat2, d, "f", 99, 0);
	T_BAD(t_in, access, bad, F_OK);
	T_BAD(t_in, faccessat, d, bad, F_OK);
	T_BAD(t_in, faccessat2, d, bad, F_OK, 0);
}

MAIN
{
	MUST(symlink, "f", "link");
	MUST(symlink, "loop", "loop");
	stats();
	statx_();
	fs();
	access_();
}
