/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guest sees of files: the root, what is put over parts of it, and why. Everything that comes from the host is copied as a detached mount while the host's
 * root is still in sight (gather); then the root is entered, and what follows resolves inside of it, so that no symbolic link in it
 * leads out. mount_namespaces(7), pivot_root(2), open_tree(2).
 */
#include "jail/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Of <sys/mount.h>, which does not go with <linux/mount.h>. */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);
#define MNT_DETACH_FLAG 2

#define STAGE "/proc" /* any directory that is surely there: the root is put over it for the moment of entering */

/* Directories of the guest's own, empty at first, all in one tmpfs, so that one size bounds them. Put over the host's root where it has them. */
static const struct private_dir {
	const char *path;
	mode_t mode;
	bool guests; /* belongs to the guest's user */
	bool always; /* also over a root of one's own that is read-only */
	const char *why;
} private_dirs[] = {
	{ "/tmp", 01777, false, true, "scratch space" },
	{ "/var/tmp", 01777, false, true, "scratch space" },
	{ "/home", 0755, false, false, "people's files are theirs" },
	{ "/root", 0755, false, false, "the administrator's files are his" },
	{ "/run", 0755, false, false, "sockets of the host's services would be doors" },
};

/* Devices: everything else of /dev stays outside. */
static const char *const devices[] = { "null", "zero", "full", "random", "urandom", "tty" };

static const struct {
	const char *name, *target;
} device_links[] = {
	{ "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" }, { "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" }, { "ptmx", "pts/ptmx" },
};

/* With the host's user 0 inside, the settings of the host's kernel would be writable: no capability is asked for there. */
static const char *const guarded_proc[] = { "/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus" };

static int tree_open(int dirfd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
}

static int tree_attach(int tree, int dirfd, const char *path)
{
	return (int)syscall(SYS_move_mount, tree, "", dirfd, path, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS);
}

static int tree_set(int tree, uint64_t attributes)
{
	struct mount_attr attr = { .attr_set = attributes };

	return (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr));
}

/* ---- what is hidden ---- */

/* Does path lie in dir, or is it dir itself? */
static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strcmp(dir, "/") == 0 || (strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0'));
}

bool view_hides(const struct view *v, const char *path)
{
	if (v->o->root)
		return false;
	for (size_t i = 0; i < HK_ARRAY_LEN(private_dirs); i++)
		if (is_below(path, private_dirs[i].path))
			return true;
	return (v->home[0] && is_below(path, v->home)) || is_below(path, "/dev") || is_below(path, "/proc");
}

void view_init(struct view *v, const struct jail_options *o, uid_t uid, gid_t gid)
{
	const char *home = getenv("HOME");

	*v = (struct view){ .o = o, .uid = uid, .gid = gid, .root = -1, .loader = -1, .libraries = -1, .devices = -1 };
	if (home && home[0] == '/' && home[1] && strlen(home) < sizeof(v->home))
		strcpy(v->home, home);
	if (!getcwd(v->cwd, sizeof(v->cwd)))
		strcpy(v->cwd, "/");
}

/* ---- gathering, outside ---- */

static int add_bind(struct view *v, const char *src, const char *dst, bool writable, struct hk_err *err)
{
	struct view_bind *b = &v->bind[v->count];
	struct stat st;

	if (v->count == VIEW_MOUNTS_MAX)
		return hk_err_set(err, -E2BIG, "more than %d directories to show", VIEW_MOUNTS_MAX);
	if (strlen(dst) >= sizeof(b->dst))
		return hk_err_set(err, -ENAMETOOLONG, "%s: the path is too long", dst);
	b->fd = tree_open(AT_FDCWD, src, AT_RECURSIVE);
	if (b->fd < 0 || fstat(b->fd, &st))
		return hk_err_set(err, -errno, "cannot show %s: %s", src, strerror(errno));
	if (tree_set(b->fd, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (writable ? 0 : MOUNT_ATTR_RDONLY)))
		return hk_err_set(err, -errno, "cannot show %s read-only: %s", src, strerror(errno));
	b->file = !S_ISDIR(st.st_mode);
	strcpy(b->dst, dst);
	v->count++;
	return 0;
}

/* Is there a --ro, --rw or --tmpfs that covers this path? */
static bool is_asked_for(const struct view *v, const char *path)
{
	for (size_t i = 0; i < v->o->mount_count; i++)
		if (is_below(path, v->o->mount[i].dst))
			return true;
	for (unsigned i = 0; i < v->count; i++)
		if (is_below(path, v->bind[i].dst))
			return true;
	return false;
}

/* Somebody who starts a program in a directory means the program to see it; but a whole home or /tmp is more than that. */
static int show_cwd(struct view *v, struct hk_err *err)
{
	bool in_dev = is_below(v->cwd, "/dev") && strncmp(v->cwd, "/dev/shm/", 9) != 0;

	if (!view_hides(v, v->cwd) || is_asked_for(v, v->cwd) || is_below(v->home, v->cwd) || in_dev ||
	    is_below(v->cwd, "/proc"))
		return 0;
	for (size_t i = 0; i < HK_ARRAY_LEN(private_dirs); i++)
		if (is_below(private_dirs[i].path, v->cwd))
			return 0;
	return add_bind(v, v->cwd, v->cwd, false, err);
}

/* Where argv[0] would be found: its absolute path as it is named. False if nowhere. */
static bool find_program(const struct view *v, char out[PATH_MAX])
{
	const char *name = v->o->program, *path = v->o->path ? v->o->path : "";

	if (strchr(name, '/'))
		return snprintf(out, PATH_MAX, "%s%s%s", name[0] == '/' ? "" : v->cwd, name[0] == '/' ? "" : "/",
				name) < PATH_MAX &&
		       access(out, X_OK) == 0;
	for (; *path; path += strcspn(path, ":"), path += *path == ':') {
		size_t n = strcspn(path, ":");

		if (path[0] == '/' && snprintf(out, PATH_MAX, "%.*s/%s", (int)n, path, name) < PATH_MAX &&
		    access(out, X_OK) == 0)
			return true;
	}
	return false;
}

/* The program's own file is meant to be seen too, wherever it lies. */
static int show_program(struct view *v, struct hk_err *err)
{
	char path[PATH_MAX];
	struct stat st;

	if (!v->o->program || !find_program(v, path) || !view_hides(v, path) || is_asked_for(v, path) ||
	    strstr(path, "/../") || stat(path, &st) || !S_ISREG(st.st_mode))
		return 0;
	return add_bind(v, path, path, false, err);
}

static int gather_asked(struct view *v, struct hk_err *err)
{
	for (size_t i = 0; i < v->o->mount_count; i++) {
		const struct jail_mount *m = &v->o->mount[i];
		int r = m->kind == JAIL_TMPFS ? 0 : add_bind(v, m->src, m->dst, m->kind == JAIL_RW, err);

		if (r)
			return r;
	}
	return 0;
}

/* A file system of our own, not yet attached anywhere. */
static int new_tmpfs(uint64_t size, const char *mode)
{
	HK_CLOSE int fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	char text[32];

	if (fs < 0)
		return -errno;
	snprintf(text, sizeof(text), "%lu", (unsigned long)size);
	if ((size && syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "size", text, 0)) ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "mode", mode, 0) ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -errno;
	int fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);

	return fd < 0 ? -errno : fd;
}

static uint64_t private_size(const struct jail_options *o)
{
	long pages = sysconf(_SC_PHYS_PAGES);

	return o->mem ? o->mem : (uint64_t)pages * 4096 / 8;
}

/* A root of one's own gets the directories that are mounted over, if it has them not. */
static int open_root(struct view *v, struct hk_err *err)
{
	const char *root = v->o->root ? v->o->root : "/";

	if (v->o->root) {
		HK_CLOSE int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (dir < 0)
			return hk_err_set(err, -errno, "--root %s: %s", root, strerror(errno));
		(void)!mkdirat(dir, "proc", 0755);
		(void)!mkdirat(dir, "dev", 0755);
	}
	v->root = tree_open(AT_FDCWD, root, AT_RECURSIVE);
	if (v->root < 0)
		return hk_err_set(err, -errno, "cannot take %s as the root: %s", root, strerror(errno));
	if (tree_set(v->root,
		     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (v->o->root && !v->o->read_only ? 0 : MOUNT_ATTR_RDONLY)))
		return hk_err_set(err, -errno, "cannot make the root read-only: %s (husk needs Linux 5.12 for it)",
				  strerror(errno));
	return 0;
}

/* Read-only: a device can be written to all the same, but its owner, mode and times are the host's. */
static int gather_devices(int fds[], struct hk_err *err)
{
	for (size_t i = 0; i < HK_ARRAY_LEN(devices); i++) {
		char path[32];

		snprintf(path, sizeof(path), "/dev/%s", devices[i]);
		fds[i] = tree_open(AT_FDCWD, path, 0);
		if (fds[i] < 0 ? errno != ENOENT
			       : tree_set(fds[i], MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC))
			return hk_err_set(err, -errno, "cannot show %s: %s", path, strerror(errno));
	}
	return 0;
}

/* Paths of the dynamic linker and the C library, as they are loaded here. */
struct loaded {
	char loader[PATH_MAX], library[PATH_MAX];
};

static int note_object(struct dl_phdr_info *info, size_t size HK_UNUSED, void *arg)
{
	struct loaded *l = arg;
	const char *name = strrchr(info->dlpi_name, '/');
	char *to = !name                             ? NULL
		   : strncmp(name, "/ld-", 4) == 0   ? l->loader
		   : strncmp(name, "/libc.", 6) == 0 ? l->library
						     : NULL;

	if (to && !realpath(info->dlpi_name, to))
		to[0] = '\0';
	return 0;
}

/* execve in the guest starts husk anew, and a root of one's own may have no libraries for it, or bad ones. */
static int gather_loader(struct view *v, struct hk_err *err)
{
	struct loaded l = { "", "" };
	char *slash;

	if (!v->o->root)
		return 0;
	dl_iterate_phdr(note_object, &l);
	slash = strrchr(l.library, '/');
	if (slash)
		*slash = '\0';
	v->loader = open(l.loader, O_PATH | O_CLOEXEC);
	v->libraries = tree_open(AT_FDCWD, l.library, 0);
	if (v->loader < 0 || v->libraries < 0 || tree_set(v->libraries, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV))
		return hk_err_set(err, -errno, "cannot keep husk's own libraries (%s, %s): %s", l.loader, l.library,
				  strerror(errno));
	return 0;
}

/* ---- putting together, inside ---- */

/* Make path and what leads there, as a directory or an empty file. 0 or -errno; -EROFS: the root has it not, and is not ours to change. */
static int make_target(const char *path, bool file)
{
	char part[PATH_MAX];
	int fd;

	if (access(path, F_OK) == 0)
		return 0;
	for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		memcpy(part, path, (size_t)(p - path));
		part[p - path] = '\0';
		if (mkdir(part, 0755) && errno != EEXIST && access(part, F_OK))
			return -errno;
	}
	if (!file)
		return mkdir(path, 0755) && errno != EEXIST ? -errno : 0;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	close(fd);
	return 0;
}

static int no_place(const char *dst, int r, struct hk_err *err)
{
	return hk_err_set(err, r, "cannot show anything at %s: %s%s", dst, strerror(-r),
			  r == -EROFS ? "; the root has no such place: choose one that exists, or one below /tmp" : "");
}

/* One private directory out of the common tmpfs. */
static int put_private(const struct view *v, const char *path, mode_t mode, bool guests, struct hk_err *err)
{
	char name[16];
	int tree, r = 0;

	if (access(path, F_OK))
		return 0;
	for (unsigned i = 0;; i++) {
		snprintf(name, sizeof(name), "%u", i);
		if (mkdirat(v->devices, name, mode) == 0)
			break;
		if (errno != EEXIST)
			return hk_err_set(err, -errno, "cannot make %s private: %s", path, strerror(errno));
	}
	if (guests && fchownat(v->devices, name, v->uid, v->gid, 0))
		return hk_err_set(err, -errno, "cannot make %s private: %s", path, strerror(errno));
	tree = tree_open(v->devices, name, 0);
	if (tree < 0 || tree_attach(tree, AT_FDCWD, path))
		r = hk_err_set(err, -errno, "cannot put a private directory over %s: %s", path, strerror(errno));
	if (tree >= 0)
		close(tree);
	return r;
}

static int put_privates(const struct view *v, struct hk_err *err)
{
	bool host = !v->o->root;

	/* Before Linux 6.15 only what is attached can be copied: it is, for this while, where /proc will be. */
	if (tree_attach(v->devices, AT_FDCWD, STAGE))
		return hk_err_set(err, -errno, "cannot mount a tmpfs: %s", strerror(errno));

	for (size_t i = 0; i < HK_ARRAY_LEN(private_dirs); i++) {
		const struct private_dir *d = &private_dirs[i];
		int r = host || (v->o->read_only && d->always) ? put_private(v, d->path, d->mode, d->guests, err) : 0;

		if (r)
			return r;
	}
	return 0;
}

/* /dev is a private directory with links, a shm, and the few devices bound into it. */
static int put_dev(const struct view *v, int fds[], struct hk_err *err)
{
	int r = put_private(v, "/dev", 0755, false, err);

	if (r)
		return r;
	for (size_t i = 0; i < HK_ARRAY_LEN(device_links); i++) {
		char path[32];

		snprintf(path, sizeof(path), "/dev/%s", device_links[i].name);
		if (symlink(device_links[i].target, path))
			return hk_err_set(err, -errno, "cannot make %s: %s", path, strerror(errno));
	}
	for (size_t i = 0; i < HK_ARRAY_LEN(devices); i++) {
		char path[32];

		snprintf(path, sizeof(path), "/dev/%s", devices[i]);
		if (fds[i] >= 0 && (make_target(path, true) || tree_attach(fds[i], AT_FDCWD, path)))
			return hk_err_set(err, -errno, "cannot show %s: %s", path, strerror(errno));
		if (fds[i] >= 0)
			close(fds[i]);
	}
	/* The monitor knows it by its name: what is read there is the sandbox's own log. */
	if (make_target("/dev/kmsg", true) || chmod("/dev/kmsg", 0644))
		return hk_err_set(err, -errno, "cannot make /dev/kmsg: %s", strerror(errno));
	if (mkdir("/dev/pts", 0755) || mkdir("/dev/shm", 01777) || chmod("/dev/shm", 01777))
		return hk_err_set(err, -errno, "cannot make /dev/shm: %s", strerror(errno));
	/* MS_NOSUID | MS_NOEXEC */
	if (mount("devpts", "/dev/pts", "devpts", 2 | 8, "newinstance,ptmxmode=0666,mode=620"))
		return hk_err_set(err, -errno, "cannot mount a private /dev/pts: %s", strerror(errno));
	return 0;
}

/* The device that a standard descriptor shows, by its name here; NULL: none of ours. */
static const char *device_behind(int fd, char path[32])
{
	struct stat st, here;

	if (fstat(fd, &st) || !S_ISCHR(st.st_mode))
		return NULL;
	for (size_t i = 0; i < HK_ARRAY_LEN(devices); i++) {
		snprintf(path, 32, "/dev/%s", devices[i]);
		if (strcmp(devices[i], "tty") && stat(path, &here) == 0 && here.st_rdev == st.st_rdev)
			return path;
	}
	return NULL;
}

/* A standard descriptor that is a device of the host's becomes the one shown here: by the other, its owner could change its mode. */
static int take_devices(struct hk_err *err)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		char room[32];
		const char *path = device_behind(fd, room);
		int here = path ? open(path, fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK)) : fd;

		if (here < 0 || (here != fd && dup2(here, fd) < 0))
			return hk_err_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
		if (here != fd)
			close(here);
	}
	return 0;
}

/* HOME is the guest's own and empty: in one of the above, or elsewhere on the host. */
static int put_home(const struct view *v, struct hk_err *err)
{
	struct stat st;

	if (v->o->root || !v->home[0] || make_target(v->home, false) || lstat(v->home, &st) || !S_ISDIR(st.st_mode))
		return 0;
	if (lchown(v->home, v->uid, v->gid) == 0)
		return 0;
	return errno == EROFS ? put_private(v, v->home, 0755, true, err) : 0;
}

static int put_proc(const struct view *v, struct hk_err *err)
{
	if (umount2(STAGE, MNT_DETACH_FLAG))
		return hk_err_set(err, -errno, "cannot unmount a tmpfs: %s", strerror(errno));
	/* MS_NOSUID | MS_NODEV | MS_NOEXEC */
	if (mount("proc", "/proc", "proc", 2 | 4 | 8, NULL))
		return hk_err_set(err, -errno, "cannot mount /proc: %s", strerror(errno));
	for (size_t i = 0; v->uid == 0 && i < HK_ARRAY_LEN(guarded_proc); i++) {
		HK_CLOSE int tree = tree_open(AT_FDCWD, guarded_proc[i], 0);

		if (tree < 0 && errno == ENOENT)
			continue;
		if (tree < 0 || tree_set(tree, MOUNT_ATTR_RDONLY) || tree_attach(tree, AT_FDCWD, guarded_proc[i]))
			return hk_err_set(err, -errno, "cannot make %s read-only: %s", guarded_proc[i],
					  strerror(errno));
	}
	return 0;
}

static int put_asked(struct view *v, struct hk_err *err)
{
	for (unsigned i = 0; i < v->count; i++) {
		struct view_bind *b = &v->bind[i];
		int r = make_target(b->dst, b->file);

		if (r)
			return no_place(b->dst, r, err);
		if (tree_attach(b->fd, AT_FDCWD, b->dst))
			return hk_err_set(err, -errno, "cannot put a mount at %s: %s", b->dst, strerror(errno));
		close(b->fd);
	}
	for (size_t i = 0; i < v->o->mount_count; i++) {
		const struct jail_mount *m = &v->o->mount[i];
		int fd, r;

		if (m->kind != JAIL_TMPFS)
			continue;
		r = make_target(m->dst, false);
		if (r)
			return no_place(m->dst, r, err);
		fd = new_tmpfs(m->size ? m->size : private_size(v->o), "1777");
		if (fd < 0 || tree_attach(fd, AT_FDCWD, m->dst))
			return hk_err_set(err, fd < 0 ? fd : -errno, "--tmpfs %s: %s", m->dst,
					  strerror(fd < 0 ? -fd : errno));
		close(fd);
	}
	return 0;
}

/* Put the gathered root in the place of the old one, which stays mounted beneath until the end: a new proc is only allowed where one is in sight. */
static int enter_root(const struct view *v, struct hk_err *err)
{
	/* MS_REC | MS_PRIVATE: nothing that happens here shows outside, nor the other way round */
	if (mount(NULL, "/", NULL, 0x4000 | 0x40000, NULL))
		return hk_err_set(err, -errno, "cannot make the mounts private: %s", strerror(errno));
	if (tree_attach(v->root, AT_FDCWD, STAGE) || fchdir(v->root) || syscall(SYS_pivot_root, ".", "."))
		return hk_err_set(err, -errno, "cannot enter the new root: %s", strerror(errno));
	return 0;
}

/* With a writable layer over the root: what is written stays in the upper directory. */
static int put_overlay(struct view *v, struct hk_err *err)
{
	const char *lower = v->o->root ? v->o->root : "/";
	char upper[PATH_MAX], work[PATH_MAX];
	HK_CLOSE int fs = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);
	const char *dir = v->o->overlay_dir ? v->o->overlay_dir : STAGE;

	if (fs < 0)
		return hk_err_set(err, -errno, "--overlay: this kernel has no overlay file system");
	if (!v->o->overlay_dir && tree_attach(v->devices, AT_FDCWD, STAGE))
		return hk_err_set(err, -errno, "--overlay: cannot mount a tmpfs: %s", strerror(errno));
	if (snprintf(upper, sizeof(upper), "%s/upper", dir) >= PATH_MAX ||
	    snprintf(work, sizeof(work), "%s/work", dir) >= PATH_MAX)
		return hk_err_set(err, -ENAMETOOLONG, "--overlay %s: the path is too long", dir);
	if ((mkdir(upper, 0755) && errno != EEXIST) || (mkdir(work, 0755) && errno != EEXIST))
		return hk_err_set(err, -errno, "--overlay: cannot make %s: %s", upper, strerror(errno));
	if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "lowerdir", lower, 0) ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "upperdir", upper, 0) ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "workdir", work, 0) ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return hk_err_set(err, -errno, "--overlay over %s: %s", lower, strerror(errno));
	close(v->root);
	v->root = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	return v->root < 0 ? hk_err_set(err, -errno, "--overlay over %s: %s", lower, strerror(errno)) : 0;
}

static int go_to_work(const struct view *v, struct hk_err *err)
{
	if (umount2(".", MNT_DETACH_FLAG))
		return hk_err_set(err, -errno, "cannot take the host's root away: %s", strerror(errno));
	if (v->o->root || chdir(v->cwd))
		return chdir("/") ? hk_err_set(err, -errno, "cannot go to the root: %s", strerror(errno)) : 0;
	return 0;
}

int view_enter(struct view *v, struct hk_err *err)
{
	int fds[HK_ARRAY_LEN(devices)], r;
	mode_t mask = umask(0);

	v->devices = new_tmpfs(private_size(v->o), "755");
	r = v->devices < 0 ? hk_err_set(err, v->devices, "cannot make a tmpfs: %s", strerror(-v->devices)) : 0;
	if (r == 0)
		r = open_root(v, err);
	if (r == 0)
		r = gather_devices(fds, err) ?: gather_loader(v, err);
	/* what was asked for lies over what comes by itself */
	if (r == 0 && !v->o->root)
		r = show_cwd(v, err) ?: show_program(v, err);
	if (r == 0)
		r = gather_asked(v, err);
	if (r == 0 && v->o->overlay)
		r = put_overlay(v, err);
	if (r == 0)
		r = enter_root(v, err);
	if (r == 0)
		r = put_privates(v, err);
	if (r == 0)
		r = put_dev(v, fds, err) ?: take_devices(err) ?: put_home(v, err);
	if (r == 0)
		r = put_proc(v, err);
	if (r == 0)
		r = put_asked(v, err);
	if (r == 0)
		r = go_to_work(v, err);
	umask(mask);
	/* neither is the guest's to have */
	if (v->root >= 0)
		close(v->root);
	if (v->devices >= 0)
		close(v->devices);
	return r;
}

int view_try(void)
{
	HK_CLOSE int tree = -1;

	if (mount(NULL, "/", NULL, 0x4000 | 0x40000, NULL))
		return errno;
	tree = tree_open(AT_FDCWD, "/", AT_RECURSIVE);
	return tree < 0 || tree_set(tree, MOUNT_ATTR_RDONLY) ? errno : 0;
}

void view_show(const struct view *v, FILE *out)
{
	fprintf(out, "root:\n  %s  %s%s\n", v->o->root ? v->o->root : "/",
		v->o->root && !v->o->read_only ? "writable" : "read-only",
		v->o->overlay ? ", writes go to a layer" : "");
	for (size_t i = 0; i < HK_ARRAY_LEN(private_dirs); i++)
		if (!v->o->root || (v->o->read_only && private_dirs[i].always))
			fprintf(out, "  %-12s private, empty: %s\n", private_dirs[i].path, private_dirs[i].why);
	fprintf(out, "  %-12s private:", "/dev");
	for (size_t i = 0; i < HK_ARRAY_LEN(devices); i++)
		fprintf(out, " %s", devices[i]);
	for (size_t i = 0; i < HK_ARRAY_LEN(device_links); i++)
		fprintf(out, " %s", device_links[i].name);
	fprintf(out, " pts shm\n  %-12s of the sandbox's own processes\n", "/proc");
	for (size_t i = 0; i < v->o->mount_count; i++)
		fprintf(out, "  %-12s %s%s%s\n", v->o->mount[i].dst,
			v->o->mount[i].kind == JAIL_TMPFS ? "private, empty: --tmpfs"
			: v->o->mount[i].kind == JAIL_RW  ? "writable: --rw "
							  : "read-only: --ro ",
			v->o->mount[i].src ? v->o->mount[i].src : "", "");
}
