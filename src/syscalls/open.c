/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: opening, closing, duplicating, fcntl and locks. The numbers are the host's. */
#include "syscalls/at.h"
#include "syscalls/handlers.h"
#include "syscalls/kmsg.h"
#include "syscalls/openexec.h"
#include "syscalls/vetted.h"

#include "mm/uaccess.h"

#include <errno.h>
#include <linux/openat2.h>
#include <sys/stat.h>

/* glibc's name is 0 on x86-64; the kernel's own shows in F_GETFL and lifts the 2 GiB limit. */
#define KERNEL_O_LARGEFILE 0100000UL
#define KERNEL_FASYNC      020000UL
#define KERNEL_O_TMPFILE   020000000UL /* __O_TMPFILE, without O_DIRECTORY */
#define KERNEL_O_SYNC      04000000UL  /* __O_SYNC, without O_DSYNC */

#define OPEN_FLAGS                                                                                                     \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_DSYNC | KERNEL_O_SYNC |         \
	 KERNEL_FASYNC | O_DIRECT | KERNEL_O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH |   \
	 KERNEL_O_TMPFILE)
#define O_PATH_FLAGS (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)

/* open, openat and creat forgive what openat2 refuses; make of their arguments what Linux makes. */
static struct open_how forgiving(uint64_t flags, uint64_t mode)
{
	struct open_how how = { .flags = (flags & OPEN_FLAGS) | KERNEL_O_LARGEFILE, .mode = mode & 07777 };

	if (how.flags & O_PATH)
		how.flags &= O_PATH_FLAGS;
	if (!(how.flags & (O_CREAT | KERNEL_O_TMPFILE)))
		how.mode = 0;
	return how;
}

static bool opens_for_write(const struct open_how *how)
{
	return !(how->flags & O_PATH) && ((how->flags & O_ACCMODE) != O_RDONLY || (how->flags & O_TRUNC));
}

/* The running program's file, to be written: every other error comes before ETXTBSY, so let the host look for one. */
static int64_t open_running(struct hk_task *t, const struct hk_path *p, const struct open_how *how)
{
	struct open_how probe = *how;
	int64_t fd;

	probe.flags &= ~(uint64_t)O_TRUNC;
	fd = open_vetted(t, p, &probe);
	if (fd < 0)
		return fd;
	close((int)fd);
	return -ETXTBSY;
}

/*
 * Without magic links: a symbolic link of the guest's own making could lead through /proc/self/fd to one of the monitor's
 * descriptors. -ELOOP may therefore mean that one was met.
 */
static int64_t open_careful(struct hk_task *t, const struct hk_path *p, const struct open_how *how)
{
	struct open_how careful = *how;

	careful.resolve |= RESOLVE_NO_MAGICLINKS;
	return open_vetted(t, p, &careful);
}

/* A name that leads into /proc, as p->proc says. PROCFS_PASS: the host's, perhaps after p was put to where a magic link leads. */
static int64_t open_proc(struct hk_task *t, struct hk_path *p, const struct open_how *how)
{
	int64_t r = PROCFS_PASS;

	if (!(how->flags & O_NOFOLLOW) || p->must_be_dir)
		r = at_follow(t, p);
	if (r != PROCFS_PASS)
		return r ? r : PROCFS_PASS;
	if (!p->must_be_dir && !(how->flags & O_PATH))
		return procfs_open(t, p->proc, (int)how->flags);
	r = procfs_allow(t, p->proc, false);
	return r ? r : PROCFS_PASS;
}

static int64_t open_once(struct hk_task *t, struct hk_path *p, const struct open_how *how)
{
	/* With how->resolve the host alone knows where the name leads; what it opened is looked at afterwards. */
	if (p->proc[0] && !how->resolve) {
		int64_t r = open_proc(t, p, how);

		if (r != PROCFS_PASS)
			return r;
	}
	if (opens_for_write(how) && at_is_running(t, p))
		return open_running(t, p, how);
	if (p->proc[0] && !how->resolve)
		return open_vetted(t, p, how);
	return open_careful(t, p, how);
}

static int64_t open_path(struct hk_task *t, struct hk_path *p, const struct open_how *how)
{
	int64_t r = open_once(t, p, how);
	int hidden;

	if (r != -ELOOP || p->proc[0] || how->resolve)
		return r;
	hidden = path_follow_links(t, p, how->flags & O_NOFOLLOW ? PATH_NOFOLLOW : 0);
	if (hidden)
		return hidden;
	return p->proc[0] ? open_once(t, p, how) : r;
}

/* A FIFO or a device may keep who opens it waiting, and a file of /proc is made by asking for the thread's. */
static bool opens_at_once(const struct hk_path *p)
{
	struct stat st;

	if (p->proc[0])
		return false;
	return fstatat(p->dirfd, p->name, &st, 0) ? errno == ENOENT : S_ISREG(st.st_mode) || S_ISDIR(st.st_mode);
}

static int64_t open_common(struct hk_task *t, uint64_t dirfd, uint64_t name, const struct open_how *how)
{
	unsigned use = (how->flags & O_NOFOLLOW ? PATH_NOFOLLOW : 0) | (opens_for_write(how) ? PATH_WRITE : 0);
	struct hk_path p;
	int64_t fd;
	int r = path_get(t, (int)dirfd, GVA(name), use, &p);

	/* A bad name is the host's to refuse: bad flags come first. */
	if (r && r != -EFAULT && r != -ENAMETOOLONG && r != -ENOENT)
		return r;
	if (t->nowait && (r || !opens_at_once(&p)))
		return -HK_WOULD_WAIT;
	if (!r && kmsg_is_path(&p) && !(how->flags & O_PATH))
		return kmsg_open(t, how->flags);
	fd = open_path(t, &p, how);
	return fd < 0 ? fd : procfs_fixup_open(t, (int)fd, (int)how->flags);
}

int64_t open_for_exec(struct hk_task *t, uint64_t dirfd, uint64_t name, bool nofollow)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC | (nofollow ? O_NOFOLLOW : 0UL) };

	return open_common(t, dirfd, name, &how);
}

int64_t sys_open(struct hk_task *t, const uint64_t a[6])
{
	struct open_how how = forgiving(a[1], a[2]);

	return open_common(t, (uint64_t)AT_FDCWD, a[0], &how);
}

int64_t sys_creat(struct hk_task *t, const uint64_t a[6])
{
	struct open_how how = forgiving(O_CREAT | O_WRONLY | O_TRUNC, a[1]);

	return open_common(t, (uint64_t)AT_FDCWD, a[0], &how);
}

int64_t sys_openat(struct hk_task *t, const uint64_t a[6])
{
	struct open_how how = forgiving(a[2], a[3]);

	return open_common(t, a[0], a[1], &how);
}

/* Linux's rules for structures that may grow: EINVAL too small, E2BIG with something set that we do not know. */
static int copy_open_how(struct open_how *how, gva_t src, uint64_t size)
{
	unsigned char rest[HK_PAGE_SIZE];

	if (size < sizeof(*how))
		return -EINVAL;
	if (size > HK_PAGE_SIZE)
		return -E2BIG;
	if (get_guest(how, src) || copy_from_guest(rest, GVA(src.v + sizeof(*how)), size - sizeof(*how)))
		return -EFAULT;
	for (uint64_t i = 0; i < size - sizeof(*how); i++)
		if (rest[i])
			return -E2BIG;
	return 0;
}

int64_t sys_openat2(struct hk_task *t, const uint64_t a[6])
{
	struct open_how how;
	int r = copy_open_how(&how, GVA(a[2]), a[3]);

	return r ? r : open_common(t, a[0], a[1], &how);
}

int64_t sys_close(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_close, a[0]);
}

int64_t sys_close_range(struct hk_task *t, const uint64_t a[6])
{
	unsigned first = (unsigned)a[0], last = (unsigned)a[1];
	/* A table of one thread's own would have to have the monitor's descriptors too; while there is one thread only, it has it. */
	unsigned flags = (unsigned)a[2] & ~CLOSE_RANGE_UNSHARE;

	if (first > last)
		return -EINVAL;
	if (flags != (unsigned)a[2] && task_list_count(&t->proc->tasks) > 1) {
		task_note(t, "a thread with descriptors of its own is not offered");
		return -EINVAL;
	}
	for (;;) {
		int ours = fd_guard_next(&t->proc->fds, first);
		bool done = ours < 0 || (unsigned)ours > last;
		unsigned end = done ? last : (unsigned)ours - 1;
		int64_t r = 0;

		if (done || (unsigned)ours > first)
			r = hk_hostcall(SYS_close_range, first, end, flags);
		if (r || done || (unsigned)ours == last)
			return r;
		first = (unsigned)ours + 1;
	}
}

int64_t sys_dup(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_dup, a[0]);
}

int64_t sys_dup2(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_dup2, a[0], a[1]);
}

int64_t sys_dup3(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_dup3, a[0], a[1], a[2]);
}

/* fcntl's commands: size of what the argument points to, 0 for a plain number. What is not here is EINVAL. */
struct fcntl_cmd {
	int cmd;
	unsigned size;
};

#define F_GETOWNER_UIDS_CMD 17
#define F_DUPFD_QUERY_CMD   (1024 + 3)
#define F_CREATED_QUERY_CMD (1024 + 4)

static const struct fcntl_cmd fcntl_cmds[] = {
	{ F_DUPFD, 0 },
	{ F_DUPFD_CLOEXEC, 0 },
	{ F_GETFD, 0 },
	{ F_SETFD, 0 },
	{ F_GETFL, 0 },
	{ F_SETFL, 0 },
	{ F_GETLK, sizeof(struct flock) },
	{ F_SETLK, sizeof(struct flock) },
	{ F_SETLKW, sizeof(struct flock) },
	{ F_OFD_GETLK, sizeof(struct flock) },
	{ F_OFD_SETLK, sizeof(struct flock) },
	{ F_OFD_SETLKW, sizeof(struct flock) },
	{ F_GETOWN, 0 },
	{ F_SETOWN, 0 },
	{ F_GETOWN_EX, sizeof(struct f_owner_ex) },
	{ F_SETOWN_EX, sizeof(struct f_owner_ex) },
	{ F_GETOWNER_UIDS_CMD, 2 * sizeof(uid_t) },
	{ F_GETSIG, 0 },
	{ F_SETSIG, 0 },
	{ F_GETLEASE, 0 },
	{ F_SETLEASE, 0 },
	{ F_NOTIFY, 0 },
	{ F_GETPIPE_SZ, 0 },
	{ F_SETPIPE_SZ, 0 },
	{ F_ADD_SEALS, 0 },
	{ F_GET_SEALS, 0 },
	{ F_GET_RW_HINT, sizeof(uint64_t) },
	{ F_SET_RW_HINT, sizeof(uint64_t) },
	{ F_GET_FILE_RW_HINT, sizeof(uint64_t) },
	{ F_SET_FILE_RW_HINT, sizeof(uint64_t) },
	{ F_DUPFD_QUERY_CMD, 0 },
	{ F_CREATED_QUERY_CMD, 0 },
};

/* A descriptor as an argument of its own. */
static bool names_ours(const struct hk_task *t, int cmd, uint64_t arg)
{
	return cmd == F_DUPFD_QUERY_CMD && fd_is_ours(&t->proc->fds, (int)arg);
}

int64_t sys_fcntl(struct hk_task *t, const uint64_t a[6])
{
	int cmd = (int)a[1];
	int64_t r;

	for (size_t i = 0; i < HK_ARRAY_LEN(fcntl_cmds); i++) {
		if (fcntl_cmds[i].cmd != cmd)
			continue;
		if (names_ours(t, cmd, a[2]))
			return -EBADF;
		return hk_hostcall(SYS_fcntl, a[0], cmd, host_addr(a[2], fcntl_cmds[i].size));
	}
	task_note(t, "fcntl command not known");
	r = hk_hostcall(SYS_fcntl, a[0], F_GETSIG); /* EBADF comes first, also for O_PATH */
	return r < 0 ? r : -EINVAL;
}

int64_t sys_flock(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_flock, a[0], a[1]);
}

int64_t sys_memfd_create(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	char name[NAME_MAX + 2]; /* the host allows less: it is the one to refuse */

	return hk_hostcall(SYS_memfd_create, host_str(name, sizeof(name), a[0]), a[1]);
}
