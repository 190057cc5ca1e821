/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the spelling of a path below /proc to what it means: one's own process, one of its threads, another process, the whole system. The many names of
 * one's own files (self, thread-self, the pid, task/<tid>, a tid, root/proc/self, cwd, fd/N) come down to one.
 */
#include "procfs/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define MAX_LINKS 8

bool proc_is_guest_thread(const struct hk_task *t, pid_t tid)
{
	return tid == t->tid || task_list_has(&t->proc->tasks, tid);
}

int64_t proc_number(const char *s, size_t len)
{
	int64_t n = 0;

	if (len == 0 || len > 10 || (s[0] == '0' && len > 1))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		n = n * 10 + (s[i] - '0');
	}
	return n;
}

/* Append a component, or what several make, to path. */
static int add(char path[PATH_MAX], const char *s, size_t len)
{
	size_t at = strlen(path);

	if (at + len + 2 > PATH_MAX)
		return -ENAMETOOLONG;
	path[at] = '/';
	memcpy(path + at + 1, s, len);
	path[at + 1 + len] = '\0';
	return 0;
}

/*
 * path without its "/proc", without empty and "." components, with ".." taken back, thread-self and self written as numbers. The caller has
 * normalised already; a second look costs nothing and this one must not be fooled.
 */
static int clean(struct hk_task *t, const char *path, char out[PATH_MAX])
{
	char self[48];
	const char *p = path + 5; /* "/proc" */

	out[0] = '\0';
	while (*(p += strspn(p, "/"))) {
		size_t n = strcspn(p, "/");
		const char *s = p;
		int r;

		p += n;
		if (n == 1 && s[0] == '.')
			continue;
		if (n == 2 && s[0] == '.' && s[1] == '.') {
			char *slash = strrchr(out, '/');

			if (!slash)
				return -ENOENT; /* it leads out of /proc: no business of ours */
			*slash = '\0';
			continue;
		}
		if (!out[0] && n == 4 && strncmp(s, "self", 4) == 0)
			s = self, n = (size_t)snprintf(self, sizeof(self), "%d", (int)getpid());
		else if (!out[0] && n == 11 && strncmp(s, "thread-self", 11) == 0)
			s = self, n = (size_t)snprintf(self, sizeof(self), "%d/task/%d", (int)getpid(), (int)t->tid);
		r = add(out, s, n);
		if (r)
			return r;
	}
	return 0;
}

/* Does /proc/<n> or /proc/self/task/<n> name a thread of this host process? */
static bool is_own_tid(pid_t n)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/self/task/%d", (int)n);
	return access(path, F_OK) == 0;
}

/* rest ("/maps", "/task/42/maps", "") belongs to our process directory: find the thread and the name. */
static int resolve_own(struct hk_task *t, const char *rest, struct proc_ref *ref)
{
	int pid = (int)getpid();

	ref->scope = PROC_SELF;
	if (strncmp(rest, "/task/", 6) == 0) {
		size_t n = strcspn(rest + 6, "/");
		int64_t tid = proc_number(rest + 6, n);

		if (tid < 0 || tid > INT32_MAX || !proc_is_guest_thread(t, (pid_t)tid))
			return -ENOENT;
		ref->tid = (pid_t)tid;
		rest += 6 + n;
		/* only the process has a list of threads */
		if (strcmp(rest, "/task") == 0 || strncmp(rest, "/task/", 6) == 0)
			return -ENOENT;
	}
	snprintf(ref->name, sizeof(ref->name), "%s", rest[0] ? rest + 1 : "");
	if (ref->tid)
		return snprintf(ref->path, PATH_MAX, "/proc/%d/task/%d%s", pid, (int)ref->tid, rest) < PATH_MAX
			       ? 0
			       : -ENAMETOOLONG;
	return snprintf(ref->path, PATH_MAX, "/proc/%d%s", pid, rest) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int resolve_once(struct hk_task *t, const char *path, struct proc_ref *ref)
{
	char full[PATH_MAX];
	size_t n;
	int64_t num;
	int r = clean(t, path, full);

	ref->tid = 0;
	ref->name[0] = '\0';
	if (r)
		return r;
	n = full[0] ? strcspn(full + 1, "/") : 0;
	num = n ? proc_number(full + 1, n) : -1;
	if (num == getpid())
		return resolve_own(t, full + 1 + n, ref);
	if (num > 0 && num <= INT32_MAX && is_own_tid((pid_t)num)) {
		char as_task[PATH_MAX] = "/task";

		/* any thread's number works as a process directory too */
		r = add(as_task, full + 1, strlen(full + 1));
		return r ? r : resolve_own(t, as_task, ref);
	}
	ref->scope = num > 0 ? PROC_OTHER : PROC_GLOBAL;
	snprintf(ref->name, sizeof(ref->name), "%s", full[0] ? full + 1 : "");
	return snprintf(ref->path, PATH_MAX, "/proc%s", full) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Does name go on behind a magic link to a directory: "cwd/x", "root/x", "fd/N/x"? Its length if so. */
static size_t link_length(const char *name)
{
	size_t n;

	if (strncmp(name, "cwd/", 4) == 0)
		return 3;
	if (strncmp(name, "root/", 5) == 0)
		return 4;
	if (strncmp(name, "fd/", 3) != 0)
		return 0;
	n = 3 + strcspn(name + 3, "/");
	return name[n] == '/' ? n : 0;
}

/* "fd/N", "fdinfo/N" and what follows: is N one of the monitor's own? */
static bool names_our_fd(const struct hk_task *t, const char *name)
{
	size_t skip = strncmp(name, "fd/", 3) == 0 ? 3 : strncmp(name, "fdinfo/", 7) == 0 ? 7 : 0;
	int64_t n = skip ? proc_number(name + skip, strcspn(name + skip, "/")) : -1;

	return n >= 0 && n <= INT32_MAX && fd_is_ours(&t->proc->fds, (int)n);
}

static bool below_proc(const char *path)
{
	return strncmp(path, "/proc", 5) == 0 && (path[5] == '\0' || path[5] == '/');
}

/* Just behind a magic link in ref->path that the path goes on from, or NULL. */
static const char *behind_link(const struct proc_ref *ref)
{
	const char *name = ref->path + strlen(ref->path) - strlen(ref->name);
	size_t n;

	if (ref->scope == PROC_OTHER) { /* "42/task/43/root/x" */
		name += strcspn(name, "/");
		if (strncmp(name, "/task/", 6) == 0)
			name += 6 + strcspn(name + 6, "/");
		name += *name == '/';
	} else if (ref->scope != PROC_SELF) {
		return NULL;
	}
	n = link_length(name);
	return n ? name + n : NULL;
}

/*
 * Replace a magic link in ref->path by where it leads: 1, and at is the new path, or 0 when there is no link or it leads where procfs/ has no business
 * (the scope then says so).
 */
static int step(struct proc_ref *ref, char at[PATH_MAX])
{
	char link[PATH_MAX], target[PATH_MAX];
	const char *rest = behind_link(ref);
	ssize_t n;

	if (!rest)
		return 0;
	memcpy(link, ref->path, (size_t)(rest - ref->path));
	link[rest - ref->path] = '\0';
	n = readlink(link, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	if (strcmp(target, "/") == 0)
		target[0] = '\0';
	if (n <= 0 || !below_proc(target[0] ? target : rest)) {
		ref->scope = PROC_OUTSIDE; /* if it cannot be read, it cannot be followed either: the host says why */
		return 0;
	}
	return snprintf(at, PATH_MAX, "%s%s", target, rest) < PATH_MAX ? 1 : -ENAMETOOLONG;
}

int proc_resolve(struct hk_task *t, const char *path, struct proc_ref *ref)
{
	char at[PATH_MAX];

	if (!below_proc(path))
		return -ENOENT;
	if (snprintf(at, sizeof(at), "%s", path) >= PATH_MAX)
		return -ENAMETOOLONG;
	for (int i = 0; i < MAX_LINKS; i++) {
		int r = resolve_once(t, at, ref);

		if (r)
			return r;
		if (ref->scope == PROC_SELF && names_our_fd(t, ref->name))
			return -ENOENT;
		r = step(ref, at);
		if (r <= 0)
			return r;
	}
	return -ELOOP;
}
