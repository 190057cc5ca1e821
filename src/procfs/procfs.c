/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy: one row for each name below /proc/self and below /proc, read from top to bottom. What no row names is refused below
 * /proc/self (a newer kernel's file could show or change the monitor), and read-only elsewhere.
 */
#include "procfs/internal.h"

#include "base/hostcall.h"
#include "kern/family.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>

enum policy {
	OURS,   /* ours, where the host has none; in a thread's directory, by its absolute name */
	MADE,   /* ours; writing as the host's permissions say, and to no effect */
	PASS,   /* the host's */
	READ,   /* the host's, to be read */
	EXE,    /* the link to the program */
	FD,     /* a link to a descriptor */
	REFUSE, /* EACCES */
};

struct rule {
	const char *name; /* a last component "*" stands for anything below */
	enum policy policy;
	proc_make_fn *make;
	const char *why;
};

static const char why_memory[] = "procfs: it would show or change the monitor's memory";
static const char why_monitor[] = "procfs: it would show or change the monitor, not the program";
static const char why_other[] = "procfs: of another process, whose monitor it would show or change";
static const char why_host[] = "procfs: the host's settings are read-only to a guest";
static const char why_unknown[] = "procfs: not on the list of what a guest may use";
static const char why_elsewhere[] = "procfs: a second mount of proc, not served";

/* Below /proc/<own pid> and /proc/<own pid>/task/<tid>. */
static const struct rule own_rules[] = {
	{ "", PASS, NULL, NULL },
	/* the address space */
	{ "maps", MADE, proc_make_maps, NULL },
	{ "smaps", MADE, proc_make_smaps, NULL },
	{ "smaps_rollup", MADE, proc_make_smaps_rollup, NULL },
	{ "numa_maps", MADE, proc_make_numa_maps, NULL },
	{ "mem", REFUSE, NULL, why_memory },
	{ "pagemap", REFUSE, NULL, why_memory },
	{ "map_files", REFUSE, NULL, why_memory },
	{ "map_files/*", REFUSE, NULL, why_memory },
	{ "clear_refs", REFUSE, NULL, why_memory },
	{ "ksm_merging_pages", READ, NULL, why_monitor },
	{ "ksm_stat", READ, NULL, why_monitor },
	/* the program */
	{ "exe", EXE, NULL, NULL },
	{ "cmdline", MADE, proc_make_cmdline, NULL },
	{ "environ", MADE, proc_make_environ, NULL },
	{ "auxv", MADE, proc_make_auxv, NULL },
	{ "comm", PASS, NULL, NULL },
	{ "status", MADE, proc_make_status, NULL },
	{ "stat", MADE, proc_make_stat, NULL },
	{ "statm", MADE, proc_make_statm, NULL },
	{ "limits", MADE, proc_make_limits, NULL },
	{ "husk", OURS, proc_make_husk, NULL },
	{ "task", PASS, NULL, NULL },
	/* descriptors and where paths start */
	{ "fd", PASS, NULL, NULL },
	{ "fd/*", FD, NULL, NULL },
	{ "fdinfo", PASS, NULL, NULL },
	{ "fdinfo/*", READ, NULL, why_monitor },
	{ "cwd", PASS, NULL, NULL },
	{ "root", PASS, NULL, NULL },
	{ "mounts", PASS, NULL, NULL },
	{ "mountinfo", PASS, NULL, NULL },
	{ "mountstats", PASS, NULL, NULL },
	{ "net", PASS, NULL, NULL },
	{ "net/*", READ, NULL, why_host },
	/* what runs: registers and stacks are the monitor's; the rest the two share */
	{ "syscall", REFUSE, NULL, why_monitor },
	{ "stack", REFUSE, NULL, why_monitor },
	{ "seccomp_cache", REFUSE, NULL, why_monitor },
	{ "wchan", READ, NULL, why_monitor },
	{ "io", READ, NULL, why_monitor },
	{ "sched", READ, NULL, why_monitor },
	{ "schedstat", READ, NULL, why_monitor },
	{ "autogroup", PASS, NULL, NULL },
	{ "latency", READ, NULL, why_monitor },
	{ "personality", READ, NULL, why_monitor },
	{ "arch_status", READ, NULL, why_monitor },
	{ "children", READ, NULL, why_monitor },
	{ "timers", READ, NULL, why_monitor },
	{ "timerslack_ns", PASS, NULL, NULL },
	{ "timens_offsets", READ, NULL, why_monitor },
	{ "patch_state", READ, NULL, why_monitor },
	/* memory pressure, core dumps */
	{ "oom_score", READ, NULL, why_monitor },
	{ "oom_score_adj", PASS, NULL, NULL },
	{ "oom_adj", PASS, NULL, NULL },
	{ "coredump_filter", PASS, NULL, NULL },
	/* who one is */
	{ "loginuid", PASS, NULL, NULL },
	{ "sessionid", READ, NULL, why_monitor },
	{ "cgroup", READ, NULL, why_monitor },
	{ "cpuset", READ, NULL, why_monitor },
	{ "cpu_resctrl_groups", READ, NULL, why_monitor },
	{ "uid_map", READ, NULL, why_monitor },
	{ "gid_map", READ, NULL, why_monitor },
	{ "projid_map", READ, NULL, why_monitor },
	{ "setgroups", READ, NULL, why_monitor },
	{ "ns", PASS, NULL, NULL },
	{ "ns/*", READ, NULL, why_monitor },
	{ "attr", PASS, NULL, NULL },
	{ "attr/*", READ, NULL, why_monitor },
};

/*
 * Below another process's directory, or one of its threads'. If it is a guest, its memory and descriptors are a monitor's: whoever had them would have left
 * his virtual machine. Its command line, name, state and times are its own.
 */
static const struct rule other_rules[] = {
	{ "mem", REFUSE, NULL, why_other },
	{ "pagemap", REFUSE, NULL, why_other },
	{ "map_files", REFUSE, NULL, why_other },
	{ "map_files/*", REFUSE, NULL, why_other },
	{ "clear_refs", REFUSE, NULL, why_other },
	{ "maps", REFUSE, NULL, why_other },
	{ "smaps", REFUSE, NULL, why_other },
	{ "smaps_rollup", REFUSE, NULL, why_other },
	{ "numa_maps", REFUSE, NULL, why_other },
	{ "environ", REFUSE, NULL, why_other },
	{ "auxv", REFUSE, NULL, why_other },
	{ "syscall", REFUSE, NULL, why_other },
	{ "stack", REFUSE, NULL, why_other },
	{ "fd/*", REFUSE, NULL, why_other },
	{ "fdinfo/*", REFUSE, NULL, why_other },
	{ "oom_score_adj", PASS, NULL, NULL },
	{ "husk", OURS, proc_make_husk, NULL },
	{ "", PASS, NULL, NULL },
	{ "*", READ, NULL, why_other },
};

/* Below /proc itself. */
static const struct rule global_rules[] = {
	{ "kcore", REFUSE, NULL, "procfs: it would show the host's memory" },
	{ "kpagecount", REFUSE, NULL, "procfs: it would show the host's memory" },
	{ "kpageflags", REFUSE, NULL, "procfs: it would show the host's memory" },
	{ "kpagecgroup", REFUSE, NULL, "procfs: it would show the host's memory" },
	{ "vmcore", REFUSE, NULL, "procfs: it would show the host's memory" },
	{ "kmsg", REFUSE, NULL, "procfs: reading it takes the messages away from the host" },
	{ "meminfo", MADE, proc_make_meminfo, NULL },
	{ "cpuinfo", MADE, proc_make_cpuinfo, NULL },
	{ "", PASS, NULL, NULL },
	{ "*", READ, NULL, why_host },
};

static bool name_matches(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	if (n && pattern[n - 1] == '*')
		return strncmp(pattern, name, n - 1) == 0;
	return strcmp(pattern, name) == 0;
}

static const struct rule *find_rule(const struct rule *rules, size_t count, const char *name)
{
	static const struct rule unknown = { NULL, REFUSE, NULL, why_unknown };

	for (size_t i = 0; i < count; i++)
		if (name_matches(rules[i].name, name))
			return &rules[i];
	return &unknown;
}

/* What a reference to another process's file names there: "42/task/43/maps" is maps. */
static const char *name_of_other(const struct proc_ref *ref)
{
	const char *name = ref->name + strcspn(ref->name, "/");

	if (strncmp(name, "/task/", 6) == 0)
		name += 6 + strcspn(name + 6, "/");
	return name + (*name == '/');
}

static const struct rule *rule_of(const struct hk_task *t, const struct proc_ref *ref)
{
	static const struct rule pass = { NULL, PASS, NULL, NULL };
	const struct rule *r;

	if (ref->scope == PROC_SELF)
		return find_rule(own_rules, HK_ARRAY_LEN(own_rules), ref->name);
	if (ref->scope == PROC_OTHER)
		return find_rule(other_rules, HK_ARRAY_LEN(other_rules), name_of_other(ref));
	if (ref->scope != PROC_GLOBAL)
		return &pass;
	r = find_rule(global_rules, HK_ARRAY_LEN(global_rules), ref->name);
	/* without a limit the host's memory is the guest's */
	return r->make == proc_make_meminfo && !t->proc->mem_limit ? &pass : r;
}

static bool opens_for_write(int flags)
{
	return (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
}

/*
 * The errors that an open of an existing file gives on Linux before anyone reads it, in its order; PROCFS_PASS for a directory (the host says
 * what is wrong, if anything). 0: it may be opened as flags say.
 */
static int check_open(const struct proc_ref *ref, int flags)
{
	struct stat st;
	int want = 0;

	if (lstat(ref->path, &st))
		return -errno;
	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	if (S_ISDIR(st.st_mode))
		return PROCFS_PASS;
	if (flags & O_DIRECTORY)
		return -ENOTDIR;
	if ((flags & O_ACCMODE) != O_WRONLY)
		want |= R_OK;
	if (opens_for_write(flags))
		want |= W_OK;
	if (faccessat(AT_FDCWD, ref->path, want, AT_EACCESS))
		return -errno;
	return flags & O_DIRECT ? -EINVAL : 0;
}

static int64_t refuse(struct hk_task *t, const struct proc_ref *ref, int flags, const char *why)
{
	int r = check_open(ref, flags);

	if (r == PROCFS_PASS && strncmp(ref->name, "map_files", 9) != 0)
		return PROCFS_PASS;
	if (r == -ENOENT || r == -ENOTDIR || r == -EEXIST)
		return r;
	task_note(t, why);
	return -EACCES;
}

/* may: what stands for the file in check_open. */
static int64_t make(struct hk_task *t, const struct proc_ref *ref, const struct proc_ref *may, int flags,
		    proc_make_fn *fn)
{
	struct hk_strbuf text = { .max = PROC_TEXT_MAX };
	int64_t r = check_open(may, flags);

	if (r)
		return r;
	r = fn(t, ref, &text);
	if (r == 0)
		r = proc_snapshot(ref->path, &text, flags);
	hk_strbuf_free(&text);
	return r;
}

/* A file that the host has not may be opened like one that is there whenever the thread is. */
static int64_t make_ours(struct hk_task *t, const struct proc_ref *ref, int flags, proc_make_fn *fn)
{
	struct proc_ref beside = *ref;
	char *last = strrchr(beside.path, '/');

	if (!strstr(ref->path, "/task/"))
		return -ENOENT;
	snprintf(last, sizeof(beside.path) - (size_t)(last - beside.path), "/stat");
	return make(t, ref, &beside, flags, fn);
}

/* Where the fd/N of a reference leads, if to one of our own files. */
static bool fd_snapshot(const struct proc_ref *ref, char target[PATH_MAX])
{
	ssize_t n = readlink(ref->path, target, PATH_MAX - 1);

	if (n <= 0)
		return false;
	target[n] = '\0';
	return proc_snapshot_name(target);
}

static bool below_proc(const char *path)
{
	return strncmp(path, "/proc", 5) == 0 && (path[5] == '\0' || path[5] == '/');
}

static int64_t open_ref(struct hk_task *t, const struct proc_ref *ref, int flags)
{
	const struct rule *rule = rule_of(t, ref);
	char target[PATH_MAX];

	if (flags & O_PATH) /* gives nothing but a name; opening it again comes back here */
		return PROCFS_PASS;
	switch (rule->policy) {
	case MADE:
		return make(t, ref, ref, flags, rule->make);
	case OURS:
		return make_ours(t, ref, flags, rule->make);
	case READ:
		return opens_for_write(flags) ? refuse(t, ref, flags, rule->why) : PROCFS_PASS;
	case REFUSE:
		return refuse(t, ref, flags, rule->why);
	case EXE:
		if (flags & O_NOFOLLOW)
			return flags & O_DIRECTORY ? -ENOTDIR : -ELOOP;
		if (opens_for_write(flags))
			return -ETXTBSY;
		if (procfs_follow(t, ref->path, target, sizeof(target)))
			return -ENOENT;
		return hk_hostcall(SYS_openat, AT_FDCWD, target, flags & ~O_CREAT, 0);
	case FD:
		if (flags & O_NOFOLLOW || !fd_snapshot(ref, target))
			return PROCFS_PASS;
		return procfs_open(t, target, flags);
	case PASS:
		break;
	}
	return PROCFS_PASS;
}

int64_t procfs_open(struct hk_task *t, const char *path, int flags)
{
	struct proc_ref ref;
	int r;

	if (!below_proc(path))
		return PROCFS_PASS;
	r = proc_resolve(t, path, &ref);
	return r ? r : open_ref(t, &ref, flags);
}

/* ---- links ---- */

/* The program's path; as Linux, marked when the file is no longer there. */
static int exe_path(const struct hk_task *t, char target[PATH_MAX + 16])
{
	const struct hk_image *im = &t->proc->image;
	struct stat st;
	bool gone = stat(im->exe, &st) || st.st_dev != im->exe_dev || st.st_ino != im->exe_ino;

	return snprintf(target, PATH_MAX + 16, "%s%s", im->exe, gone ? " (deleted)" : "");
}

static int64_t copy_link(char *buf, size_t size, const char *target)
{
	size_t n = hk_min(strlen(target), size);

	memcpy(buf, target, n);
	return (int64_t)n;
}

/* The program of another guest; to the host it is husk. */
static bool exe_of_other(const struct hk_task *t, const struct proc_ref *ref, char target[PATH_MAX + 16])
{
	return ref->scope == PROC_OTHER && strcmp(name_of_other(ref), "exe") == 0 && t->proc->family &&
	       family_exe(t->proc->family, (pid_t)strtol(ref->name, NULL, 10), target);
}

int64_t procfs_readlink(struct hk_task *t, const char *path, char *buf, size_t size)
{
	char target[PATH_MAX + 16];
	struct proc_ref ref;
	int r;

	if (!below_proc(path))
		return PROCFS_PASS;
	if (strcmp(path, "/proc/thread-self") == 0) {
		snprintf(target, sizeof(target), "%d/task/%d", (int)getpid(), (int)t->tid);
		return copy_link(buf, size, target);
	}
	r = proc_resolve(t, path, &ref);
	if (r)
		return r;
	if (exe_of_other(t, &ref, target))
		return copy_link(buf, size, target);
	switch (rule_of(t, &ref)->policy) {
	case EXE:
		exe_path(t, target);
		return copy_link(buf, size, target);
	case FD:
		return fd_snapshot(&ref, target) ? copy_link(buf, size, target) : PROCFS_PASS;
	case REFUSE:
		return procfs_allow(t, path, false) ?: PROCFS_PASS;
	default:
		return PROCFS_PASS;
	}
}

int64_t procfs_follow(struct hk_task *t, const char *path, char *target, size_t size)
{
	char exe[PATH_MAX + 16];
	struct proc_ref ref;
	int r;

	if (!below_proc(path))
		return PROCFS_PASS;
	r = proc_resolve(t, path, &ref);
	if (r)
		return r;
	if (rule_of(t, &ref)->policy != EXE)
		return PROCFS_PASS;
	if ((size_t)exe_path(t, exe) != strlen(t->proc->image.exe)) {
		task_note(t, "procfs: the program's file was removed or replaced since it was started");
		return -ENOENT;
	}
	if (strlen(exe) >= size)
		return -ENAMETOOLONG;
	strcpy(target, exe);
	return 0;
}

int64_t procfs_allow(struct hk_task *t, const char *path, bool write)
{
	struct proc_ref ref;
	const struct rule *rule;
	int r;

	if (!below_proc(path))
		return 0;
	r = proc_resolve(t, path, &ref);
	if (r)
		return r;
	rule = rule_of(t, &ref);
	/* the names in map_files are the monitor's mappings */
	if (rule->policy == REFUSE && (write || strncmp(ref.name, "map_files/", 10) == 0))
		return refuse(t, &ref, O_RDONLY, rule->why);
	if (rule->policy == READ && write)
		return refuse(t, &ref, O_RDONLY, rule->why);
	return 0;
}

/* ---- after the fact ---- */

/* The path of an open descriptor that lies in /proc; false if it is in another mount of proc, where numbers may mean something else. */
static bool proc_fd_path(int fd, char path[PATH_MAX])
{
	char link[40];
	struct stat st, proc;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	if (n <= 0 || fstat(fd, &st) || stat("/proc", &proc) || st.st_dev != proc.st_dev)
		return false;
	path[n] = '\0';
	return below_proc(path);
}

static bool fd_in_proc(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* Is fd the same unnamed file as one of the monitor's own descriptors? */
static bool is_monitors_file(const struct hk_task *t, int fd)
{
	struct stat st, own;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_nlink)
		return false;
	for (int i = fd_guard_next(&t->proc->fds, 0); i >= 0; i = fd_guard_next(&t->proc->fds, (unsigned)i + 1))
		if (fstat(i, &own) == 0 && own.st_dev == st.st_dev && own.st_ino == st.st_ino)
			return true;
	return false;
}

int64_t procfs_instead(struct hk_task *t, int fd, int flags)
{
	char path[PATH_MAX];
	struct proc_ref ref;
	struct stat st;
	int r;

	if (!fd_in_proc(fd))
		return is_monitors_file(t, fd) ? -ENOENT : PROCFS_PASS;
	if (!proc_fd_path(fd, path)) {
		if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			return PROCFS_PASS;
		task_note(t, why_elsewhere);
		return -EACCES;
	}
	r = proc_resolve(t, path, &ref);
	return r ? r : open_ref(t, &ref, flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW));
}

int64_t procfs_fixup_open(struct hk_task *t, int fd, int flags)
{
	int64_t r = procfs_instead(t, fd, flags);
	int other = (int)r;

	if (r == PROCFS_PASS)
		return fd;
	if (r < 0) {
		close(fd);
		return r;
	}
	r = dup3(other, fd, flags & O_CLOEXEC) < 0 ? -errno : fd;
	close(other);
	if (r < 0)
		close(fd);
	return r;
}

/* ---- directories ---- */

static bool hides(const struct hk_task *t, bool tasks, const char *name)
{
	int64_t n = proc_number(name, strlen(name));

	if (n < 0 || n > INT32_MAX)
		return false;
	return tasks ? !proc_is_guest_thread(t, (pid_t)n) : fd_is_ours(&t->proc->fds, (int)n);
}

/* struct linux_dirent64, whose records follow each other without a gap. */
struct record {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
} __attribute__((packed));

int64_t procfs_filter_dirents(struct hk_task *t, int dirfd, char *buf, size_t len)
{
	char path[PATH_MAX];
	struct proc_ref ref;
	size_t in = 0, out = 0;
	bool tasks;

	if (!fd_in_proc(dirfd) || !proc_fd_path(dirfd, path) || proc_resolve(t, path, &ref) || ref.scope != PROC_SELF)
		return (int64_t)len;
	tasks = strcmp(ref.name, "task") == 0;
	if (!tasks && strcmp(ref.name, "fd") != 0 && strcmp(ref.name, "fdinfo") != 0)
		return (int64_t)len;
	while (len - in > sizeof(struct record)) {
		const struct record *d = (const struct record *)(const void *)(buf + in);
		size_t n = d->reclen;

		if (n <= sizeof(*d) || n > len - in)
			break;
		if (!hides(t, tasks, d->name)) {
			memmove(buf + out, buf + in, n);
			out += n;
		}
		in += n;
	}
	return (int64_t)out;
}
