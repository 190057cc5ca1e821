/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and what hangs on them: directories, links, renaming, nodes, modes, owners, times, the working directory, reading directories. umask and the
 * working directory are the host process's own.
 */
#include "syscalls/at.h"
#include "syscalls/handlers.h"

#include "mm/uaccess.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

#define CWD ((uint64_t)AT_FDCWD)

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452 /* Linux 6.6 */
#endif

/* The name itself is made, removed or moved. */
#define NAME_ITSELF (PATH_NOFOLLOW | PATH_WRITE)

static int64_t mkdir_at(struct hk_task *t, uint64_t dirfd, uint64_t name, uint64_t mode)
{
	struct hk_path p;
	int r = at_path(t, dirfd, name, NAME_ITSELF, &p);

	return r ? r : hk_hostcall(SYS_mkdirat, p.dirfd, p.name, mode);
}

int64_t sys_mkdir(struct hk_task *t, const uint64_t a[6])
{
	return mkdir_at(t, CWD, a[0], a[1]);
}

int64_t sys_mkdirat(struct hk_task *t, const uint64_t a[6])
{
	return mkdir_at(t, a[0], a[1], a[2]);
}

static int64_t mknod_at(struct hk_task *t, uint64_t dirfd, uint64_t name, uint64_t mode, uint64_t dev)
{
	struct hk_path p;
	int r = at_path(t, dirfd, name, NAME_ITSELF, &p);

	return r ? r : hk_hostcall(SYS_mknodat, p.dirfd, p.name, mode, dev);
}

int64_t sys_mknod(struct hk_task *t, const uint64_t a[6])
{
	return mknod_at(t, CWD, a[0], a[1], a[2]);
}

int64_t sys_mknodat(struct hk_task *t, const uint64_t a[6])
{
	return mknod_at(t, a[0], a[1], a[2], a[3]);
}

static int64_t unlink_at(struct hk_task *t, uint64_t dirfd, uint64_t name, uint64_t flags)
{
	struct hk_path p;
	int r = at_path(t, dirfd, name, NAME_ITSELF, &p);

	return r ? r : hk_hostcall(SYS_unlinkat, p.dirfd, p.name, flags);
}

int64_t sys_rmdir(struct hk_task *t, const uint64_t a[6])
{
	return unlink_at(t, CWD, a[0], AT_REMOVEDIR);
}

int64_t sys_unlink(struct hk_task *t, const uint64_t a[6])
{
	return unlink_at(t, CWD, a[0], 0);
}

int64_t sys_unlinkat(struct hk_task *t, const uint64_t a[6])
{
	return unlink_at(t, a[0], a[1], a[2]);
}

static int64_t rename_at(struct hk_task *t, uint64_t from_fd, uint64_t from, uint64_t to_fd, uint64_t to,
			 uint64_t flags)
{
	struct hk_path p, q;
	int r = at_path(t, from_fd, from, NAME_ITSELF, &p);

	if (r == 0)
		r = at_path(t, to_fd, to, NAME_ITSELF, &q);
	return r ? r : hk_hostcall(SYS_renameat2, p.dirfd, p.name, q.dirfd, q.name, flags);
}

int64_t sys_rename(struct hk_task *t, const uint64_t a[6])
{
	return rename_at(t, CWD, a[0], CWD, a[1], 0);
}

int64_t sys_renameat(struct hk_task *t, const uint64_t a[6])
{
	return rename_at(t, a[0], a[1], a[2], a[3], 0);
}

int64_t sys_renameat2(struct hk_task *t, const uint64_t a[6])
{
	return rename_at(t, a[0], a[1], a[2], a[3], a[4]);
}

static int64_t link_at(struct hk_task *t, uint64_t from_fd, uint64_t from, uint64_t to_fd, uint64_t to, uint64_t flags)
{
	unsigned how = (flags & AT_SYMLINK_FOLLOW ? 0 : PATH_NOFOLLOW) | (flags & AT_EMPTY_PATH ? PATH_EMPTY_OK : 0);
	struct hk_path p, q;
	int r = at_path(t, from_fd, from, how, &p);

	if (r == 0)
		r = at_path(t, to_fd, to, NAME_ITSELF, &q);
	return r ? r : hk_hostcall(SYS_linkat, p.dirfd, p.name, q.dirfd, q.name, flags);
}

int64_t sys_link(struct hk_task *t, const uint64_t a[6])
{
	return link_at(t, CWD, a[0], CWD, a[1], 0);
}

int64_t sys_linkat(struct hk_task *t, const uint64_t a[6])
{
	return link_at(t, a[0], a[1], a[2], a[3], a[4]);
}

/* The target is only text: it leads nowhere until it is followed. */
static int64_t symlink_at(struct hk_task *t, uint64_t target, uint64_t dirfd, uint64_t name)
{
	char text[PATH_MAX + 1];
	uint64_t from = host_str(text, sizeof(text), target);
	struct hk_path p;
	int r = at_path(t, dirfd, name, NAME_ITSELF, &p);

	return r ? r : hk_hostcall(SYS_symlinkat, from, p.dirfd, p.name);
}

int64_t sys_symlink(struct hk_task *t, const uint64_t a[6])
{
	return symlink_at(t, a[0], CWD, a[1]);
}

int64_t sys_symlinkat(struct hk_task *t, const uint64_t a[6])
{
	return symlink_at(t, a[0], a[1], a[2]);
}

/* A link of /proc whose text is ours. PROCFS_PASS: the host's. */
static int64_t readlink_proc(struct hk_task *t, const struct hk_path *p, uint64_t buf, int size)
{
	char text[PATH_MAX];
	int64_t n;

	if (size <= 0)
		return -EINVAL;
	n = procfs_readlink(t, p->proc, text, hk_min((uint64_t)size, sizeof(text)));
	if (n > 0 && copy_to_guest(GVA(buf), text, (size_t)n))
		return -EFAULT;
	return n;
}

/* An empty name is a descriptor on the link itself, even without a flag. */
static int64_t readlink_at(struct hk_task *t, uint64_t dirfd, uint64_t name, uint64_t buf, uint64_t bufsiz)
{
	int size = (int)bufsiz;
	uint64_t used = size > 0 ? hk_min((uint64_t)size, PATH_MAX) : 0;
	struct hk_path p;
	int64_t r = at_path(t, dirfd, name, PATH_NOFOLLOW | PATH_EMPTY_OK, &p);

	if (r == 0 && p.name == p.name_buf && p.name[0] == '\0' && path_fd_in_proc(p.dirfd))
		r = path_of_fd(t, &p);
	if (r == 0 && p.proc[0] && !p.must_be_dir)
		r = readlink_proc(t, &p, buf, size);
	else if (r == 0)
		r = PROCFS_PASS;
	return r == PROCFS_PASS ? hk_hostcall(SYS_readlinkat, p.dirfd, p.name, host_addr(buf, used), size) : r;
}

int64_t sys_readlink(struct hk_task *t, const uint64_t a[6])
{
	return readlink_at(t, CWD, a[0], a[1], a[2]);
}

int64_t sys_readlinkat(struct hk_task *t, const uint64_t a[6])
{
	return readlink_at(t, a[0], a[1], a[2], a[3]);
}

static int64_t chmod_at(struct hk_task *t, uint64_t dirfd, uint64_t name, uint64_t mode)
{
	struct hk_path p;
	int r = at_path(t, dirfd, name, PATH_WRITE, &p);

	return r ? r : hk_hostcall(SYS_fchmodat, p.dirfd, p.name, mode);
}

int64_t sys_chmod(struct hk_task *t, const uint64_t a[6])
{
	return chmod_at(t, CWD, a[0], a[1]);
}

int64_t sys_fchmodat(struct hk_task *t, const uint64_t a[6])
{
	return chmod_at(t, a[0], a[1], a[2]);
}

int64_t sys_fchmodat2(struct hk_task *t, const uint64_t a[6])
{
	struct hk_path p;
	int r = at_path(t, a[0], a[1], at_how(a[3]) | PATH_WRITE, &p);

	return r ? r : hk_hostcall(SYS_fchmodat2, p.dirfd, p.name, a[2], a[3]);
}

int64_t sys_fchmod(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_fchmod, a[0], a[1]);
}

static int64_t chown_at(struct hk_task *t, uint64_t dirfd, uint64_t name, uint64_t user, uint64_t group, uint64_t flags)
{
	struct hk_path p;
	int r = at_path(t, dirfd, name, at_how(flags) | PATH_WRITE, &p);

	return r ? r : hk_hostcall(SYS_fchownat, p.dirfd, p.name, user, group, flags);
}

int64_t sys_chown(struct hk_task *t, const uint64_t a[6])
{
	return chown_at(t, CWD, a[0], a[1], a[2], 0);
}

int64_t sys_lchown(struct hk_task *t, const uint64_t a[6])
{
	return chown_at(t, CWD, a[0], a[1], a[2], AT_SYMLINK_NOFOLLOW);
}

int64_t sys_fchownat(struct hk_task *t, const uint64_t a[6])
{
	return chown_at(t, a[0], a[1], a[2], a[3], a[4]);
}

int64_t sys_fchown(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_fchown, a[0], a[1], a[2]);
}

int64_t sys_utime(struct hk_task *t, const uint64_t a[6])
{
	struct hk_path p;
	int r = at_path(t, CWD, a[0], PATH_WRITE, &p);

	return r ? r : hk_hostcall(SYS_utime, p.name, host_obj(a[1], struct utimbuf));
}

int64_t sys_utimes(struct hk_task *t, const uint64_t a[6])
{
	struct hk_path p;
	int r = at_path(t, CWD, a[0], PATH_WRITE, &p);

	return r ? r : hk_hostcall(SYS_utimes, p.name, host_addr(a[1], 2 * sizeof(struct timeval)));
}

/* Here and in utimensat a null name means the descriptor itself. */
int64_t sys_futimesat(struct hk_task *t, const uint64_t a[6])
{
	struct hk_path p;
	int r = at_path(t, a[0], a[1], PATH_WRITE | PATH_NULL_OK, &p);

	return r ? r : hk_hostcall(SYS_futimesat, p.dirfd, p.name, host_addr(a[2], 2 * sizeof(struct timeval)));
}

int64_t sys_utimensat(struct hk_task *t, const uint64_t a[6])
{
	struct hk_path p;
	int r = at_path(t, a[0], a[1], at_how(a[3]) | PATH_WRITE | PATH_NULL_OK, &p);
	uint64_t times = host_addr(a[2], 2 * sizeof(struct timespec));

	return r ? r : hk_hostcall(SYS_utimensat, p.dirfd, p.name, times, a[3]);
}

int64_t sys_umask(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_umask, a[0]);
}

/* After a change of the working directory: relative names may now lead into /proc, or no longer. */
static int64_t note_cwd(struct hk_task *t, int64_t r)
{
	if (r == 0)
		t->proc->cwd_in_proc = path_fd_in_proc(AT_FDCWD);
	return r;
}

int64_t sys_chdir(struct hk_task *t, const uint64_t a[6])
{
	struct hk_path p;
	int r = at_path(t, CWD, a[0], 0, &p);

	return r ? r : note_cwd(t, hk_hostcall(SYS_chdir, p.name));
}

int64_t sys_fchdir(struct hk_task *t, const uint64_t a[6])
{
	return note_cwd(t, hk_hostcall(SYS_fchdir, a[0]));
}

/* The root is where the monitor put it: a program gets what those get that may not change theirs. Linux looks at the directory first. */
int64_t sys_chroot(struct hk_task *t, const uint64_t a[6])
{
	struct hk_path p;
	struct stat st;
	int64_t r = at_path(t, CWD, a[0], 0, &p);

	if (r == 0)
		r = hk_hostcall(SYS_newfstatat, p.dirfd, p.name, &st, 0);
	if (r == 0 && !S_ISDIR(st.st_mode))
		r = -ENOTDIR;
	if (r == 0)
		r = hk_hostcall(SYS_faccessat2, p.dirfd, p.name, X_OK, AT_EACCESS);
	if (r)
		return r;
	task_note(t, "the guest's root is the monitor's");
	return -EPERM;
}

int64_t sys_getcwd(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_getcwd, host_addr(a[0], hk_min(a[1], PATH_MAX)), a[1]);
}

/* getdents64's records to getdents': the same size, but the type is in the last byte and the name one byte earlier. */
static void dirents_to_old(char *buf, size_t len)
{
	for (size_t at = 0; at < len;) {
		struct dirent64 *d = (struct dirent64 *)(void *)(buf + at);
		size_t size = d->d_reclen;
		char *name = d->d_name;
		unsigned char type = d->d_type;

		memmove(name - 1, name, strlen(name) + 1);
		buf[at + size - 1] = (char)type;
		at += size;
	}
}

/* A directory of /proc: read into our own buffer, take out what the guest must not see, copy to the guest. */
static int64_t getdents_proc(struct hk_task *t, const uint64_t a[6], bool old)
{
	_Alignas(struct dirent64) char buf[32768];
	uint64_t cap = (int)a[2] < 0 ? 0 : hk_min((unsigned)a[2], sizeof(buf));
	int64_t start = hk_hostcall_sure(SYS_lseek, a[0], 0, SEEK_CUR);
	int64_t n, kept = 0;

	/* what was read may all be hidden: that is not the end yet */
	do {
		n = hk_hostcall(SYS_getdents64, a[0], buf, cap);
		if (n > 0)
			kept = procfs_filter_dirents(t, (int)a[0], buf, (size_t)n);
	} while (n > 0 && kept == 0);
	if (n <= 0)
		return n;
	if (kept > 0 && old)
		dirents_to_old(buf, (size_t)kept);
	if (kept > 0 && copy_to_guest(GVA(a[1]), buf, (size_t)kept)) {
		hk_hostcall_sure(SYS_lseek, a[0], start, SEEK_SET);
		return -EFAULT;
	}
	return kept;
}

static int64_t getdents(struct hk_task *t, int64_t nr, const uint64_t a[6])
{
	uint64_t len = (unsigned)a[2], buf = a[1];

	/* cut only at the guest's end: a count above INT_MAX is EINVAL */
	if (len && buf < HK_GUEST_MAX)
		len = hk_min(len, HK_GUEST_MAX - buf);
	else if (len)
		buf = HOST_BAD_ADDR;
	if (path_fd_in_proc((int)a[0]))
		return getdents_proc(t, a, nr == SYS_getdents);
	return hk_hostcall(nr, a[0], buf, len);
}

int64_t sys_getdents(struct hk_task *t, const uint64_t a[6])
{
	return getdents(t, SYS_getdents, a);
}

int64_t sys_getdents64(struct hk_task *t, const uint64_t a[6])
{
	return getdents(t, SYS_getdents64, a);
}
