/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path names: copied once, and looked at for whether they lead into /proc. That is decided by the name, not by walking it: a name that does
 * not contain "proc" and starts outside of it costs nothing. Links into /proc that the name does not show (/etc/mtab, /dev/fd) are met after the fact, by
 * whoever opened one.
 */
#include "kern/path.h"

#include "base/hostcall.h"
#include "mm/uaccess.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>

/* In the kernel's half of the address space: the host answers EFAULT. */
#define BAD_NAME  ((const char *)(uintptr_t)0xfffffffffffff000UL)
#define MAX_LINKS 40 /* as Linux */

bool path_fd_in_proc(int fd)
{
	struct statfs s;
	int64_t r = fd == AT_FDCWD ? hk_hostcall_sure(SYS_statfs, ".", &s) : hk_hostcall_sure(SYS_fstatfs, fd, &s);

	return r == 0 && s.f_type == PROC_SUPER_MAGIC;
}

/* The absolute path of a directory, by its descriptor. False if the host cannot say. */
static bool dir_path(int fd, char buf[PATH_MAX])
{
	char link[40];
	int64_t n;

	if (fd == AT_FDCWD)
		return hk_hostcall_sure(SYS_getcwd, buf, PATH_MAX) > 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = hk_hostcall_sure(SYS_readlinkat, AT_FDCWD, link, buf, PATH_MAX - 1);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	return true;
}

/* Just behind the last ".." component, or NULL. */
static const char *last_dotdot(const char *name)
{
	const char *found = NULL, *p = name;

	while (*p) {
		size_t n;

		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			found = p + n;
		p += n;
	}
	return found;
}

/* Append the components of name to path (absolute, without a slash at its end; "" is the root), lexically. False if it gets too long. */
static bool append(char path[PATH_MAX], const char *name)
{
	size_t len = strlen(path);

	while (*(name += strspn(name, "/"))) {
		size_t n = strcspn(name, "/");

		if (n == 2 && name[0] == '.' && name[1] == '.') {
			char *slash = strrchr(path, '/');

			len = slash ? (size_t)(slash - path) : 0;
		} else if (n != 1 || name[0] != '.') {
			if (len + 1 + n >= PATH_MAX)
				return false;
			path[len++] = '/';
			memcpy(path + len, name, n);
			len += n;
		}
		path[len] = '\0';
		name += n;
	}
	return true;
}

static bool below_proc(const char *path)
{
	return strncmp(path, "/proc", 5) == 0 && (path[5] == '\0' || path[5] == '/');
}

/* "/proc/self/root/x" is "/x": without this it would be a way around every rule about /proc. */
static void strip_root(char path[PATH_MAX])
{
	char own[32];

	snprintf(own, sizeof(own), "/proc/%d/", (int)getpid());
	for (;;) {
		static const char *const names[] = { "/proc/self/", "/proc/thread-self/" };
		const char *p = NULL;

		for (size_t i = 0; i < HK_ARRAY_LEN(names) && !p; i++)
			if (strncmp(path, names[i], strlen(names[i])) == 0)
				p = path + strlen(names[i]);
		if (!p && strncmp(path, own, strlen(own)) == 0)
			p = path + strlen(own);
		/* "/proc/self/root" alone stays: it may be meant as the link itself */
		if (!p || strncmp(p, "root/", 5) != 0)
			return;
		memmove(path, p + 4, strlen(p + 4) + 1);
	}
}

/*
 * The path that p's name starts from, up to and with its last "..", which only the host can resolve (a link may stand before it); *rest is what
 * follows. False if the host cannot say: it will fail for the name itself too.
 */
static bool start_of(const struct hk_path *p, char base[PATH_MAX], const char **rest)
{
	const char *dots = last_dotdot(p->name_buf);
	char prefix[PATH_MAX];
	bool ok;
	int fd;

	*rest = dots ? dots : p->name_buf;
	base[0] = '\0';
	if (!dots && p->name_buf[0] == '/')
		return true;
	if (!dots)
		return dir_path(p->dirfd, base);
	memcpy(prefix, p->name_buf, (size_t)(dots - p->name_buf));
	prefix[dots - p->name_buf] = '\0';
	fd = (int)hk_hostcall_sure(SYS_openat, p->dirfd, prefix, O_PATH | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	ok = dir_path(fd, base);
	close(fd);
	return ok;
}

/* Is this component ("self", a number…) of /proc one of this process's own names? */
static bool is_own(const char *name, size_t len)
{
	char task[64];

	if ((len == 4 && strncmp(name, "self", 4) == 0) || (len == 11 && strncmp(name, "thread-self", 11) == 0))
		return true;
	if (len == 0 || len > 10 || strspn(name, "0123456789") != len)
		return false;
	snprintf(task, sizeof(task), "/proc/self/task/%.*s", (int)len, name);
	return access(task, F_OK) == 0;
}

/* Does a path below /proc name one of the monitor's descriptors ("/proc/self/fd/N", "/proc/self/task/T/fdinfo/N")? */
static bool names_ours(const struct hk_task *t, const char *proc)
{
	static const char *const dirs[] = { "/fd/", "/fdinfo/" };

	if (strlen(proc) < 6 || !is_own(proc + 6, strcspn(proc + 6, "/")))
		return false;
	for (size_t i = 0; i < HK_ARRAY_LEN(dirs); i++) {
		const char *p = strstr(proc, dirs[i]);
		int n = 0;

		for (p = p ? p + strlen(dirs[i]) : ""; *p >= '0' && *p <= '9' && n < INT_MAX / 10 - 1; p++)
			n = n * 10 + (*p - '0');
		if ((*p == '\0' || *p == '/') && fd_is_ours(&t->proc->fds, n))
			return true;
	}
	return false;
}

void path_hide(struct hk_path *p)
{
	strcpy(p->name_buf, "/proc/self/fd/x");
	p->name = p->name_buf;
	p->proc[0] = '\0';
}

/* Set p->proc from a base and what follows it. */
static int set_proc(struct hk_task *t, struct hk_path *p, char base[PATH_MAX], const char *rest)
{
	if (strcmp(base, "/") == 0)
		base[0] = '\0';
	if (!append(base, rest))
		return below_proc(base) ? -ENAMETOOLONG : 0;
	strip_root(base);
	if (!below_proc(base))
		return 0;
	if (names_ours(t, base)) {
		path_hide(p);
		return -ENOENT;
	}
	strcpy(p->proc, base); /* same size */
	return 0;
}

static int find_proc(struct hk_task *t, struct hk_path *p)
{
	char base[PATH_MAX];
	const char *rest;
	bool start_in_proc =
		p->name_buf[0] != '/' && (p->dirfd == AT_FDCWD ? t->proc->cwd_in_proc : path_fd_in_proc(p->dirfd));

	if (!start_in_proc && !strstr(p->name_buf, "proc"))
		return 0;
	return start_of(p, base, &rest) ? set_proc(t, p, base, rest) : 0;
}

static void begin(struct hk_path *out, int dirfd)
{
	out->dirfd = dirfd;
	out->name = out->name_buf;
	out->proc[0] = '\0';
	out->must_be_dir = false;
}

/* The copied name of len characters: where does it lead? */
static int decide(struct hk_task *t, size_t len, unsigned how, struct hk_path *out)
{
	if (fd_check(&t->proc->fds, out->dirfd))
		return -EBADF;
	if (len == 0)
		return how & PATH_EMPTY_OK ? 0 : -ENOENT;
	out->must_be_dir = out->name_buf[len - 1] == '/';
	return find_proc(t, out);
}

int path_get(struct hk_task *t, int dirfd, gva_t name, unsigned how, struct hk_path *out)
{
	ssize_t n;

	begin(out, dirfd);
	if (name.v == 0 && (how & PATH_NULL_OK)) {
		out->name = NULL;
		return 0;
	}
	n = guest_str(out->name_buf, name, PATH_MAX);
	if (n == -ENAMETOOLONG) {
		/* one more than the host allows, so that it says so too */
		memcpy(out->name_buf + PATH_MAX - 1, "x", 2);
		return -ENAMETOOLONG;
	}
	if (n < 0) {
		out->name = BAD_NAME;
		return (int)n;
	}
	return decide(t, (size_t)n, how, out);
}

int path_take(struct hk_task *t, int dirfd, const char *name, unsigned how, struct hk_path *out)
{
	size_t len = strlen(name);

	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	begin(out, dirfd);
	memcpy(out->name_buf, name, len + 1);
	return decide(t, len, how, out);
}

/* One step of the walk: the link at path into target; 0 if it is none. */
static size_t read_link(const char *path, char target[PATH_MAX])
{
	int64_t n = hk_hostcall_sure(SYS_readlinkat, AT_FDCWD, path, target, PATH_MAX - 1);

	if (n <= 0)
		return 0;
	target[n] = '\0';
	return (size_t)n;
}

int path_follow_links(struct hk_task *t, struct hk_path *p, unsigned how)
{
	char at[PATH_MAX] = "", todo[2 * PATH_MAX], target[PATH_MAX], comp[PATH_MAX];
	char *next = todo;
	int links = 0;

	strcpy(todo, p->name_buf);
	if (todo[0] != '/' && !dir_path(p->dirfd, at))
		return 0;
	while (*(next += strspn(next, "/")) && links < MAX_LINKS) {
		size_t n = strcspn(next, "/"), len = strlen(at);
		bool last = next[n + strspn(next + n, "/")] == '\0';

		if (n >= sizeof(comp))
			return 0;
		memcpy(comp, next, n);
		comp[n] = '\0';
		next += n;
		if (strcmp(at, "/") == 0)
			at[0] = '\0';
		if (!append(at, comp))
			return 0;
		if (below_proc(at))
			return set_proc(t, p, at, next);
		if ((last && (how & PATH_NOFOLLOW)) || !read_link(at, target))
			continue;
		links++;
		at[target[0] == '/' ? 0 : len] = '\0';
		if (strlen(target) + strlen(next) + 1 > PATH_MAX)
			return 0;
		strcat(target, next);
		strcpy(todo, target);
		next = todo;
	}
	return 0;
}

int path_of_fd(struct hk_task *t, struct hk_path *p)
{
	char base[PATH_MAX];

	return dir_path(p->dirfd, base) ? set_proc(t, p, base, "") : 0;
}
