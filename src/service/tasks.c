/* SPDX-License-Identifier: Apache-2.0 */
#include "service/tasks.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tasks {
	struct sandbox_task *v;
	size_t n;
	bool failed;
};

static FILE *open_proc(pid_t pid, pid_t tid, const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, what);
	return fopen(path, "re");
}

/* The last number is that of the innermost namespace. */
static pid_t last_number(const char *s)
{
	const char *last = strrchr(s, '\t');

	return last ? (pid_t)strtol(last, NULL, 10) : 0;
}

static bool read_status(struct sandbox_task *t)
{
	FILE *f = open_proc(t->pid, t->tid, "status");
	char line[256];

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "Name:\t", 6))
			snprintf(t->name, sizeof(t->name), "%.15s", line + 6);
		else if (!strncmp(line, "State:\t", 7))
			t->state = line[7];
		else if (!strncmp(line, "NStgid:", 7))
			t->inside_pid = last_number(line);
		else if (!strncmp(line, "NSpid:", 6))
			t->inside_tid = last_number(line);
		else if (!strncmp(line, "VmRSS:", 6))
			t->resident = strtoull(line + 6, NULL, 10) * 1024;
	}
	fclose(f);
	for (char *p = t->name; *p; p++)
		if (!isprint((unsigned char)*p))
			*p = '?';
	return t->inside_tid != 0;
}

/* Parent and CPU time: behind the name, which may hold blanks, brackets and line feeds. */
static bool read_stat(pid_t pid, pid_t tid, pid_t *parent, uint64_t *cpu_ms)
{
	FILE *f = open_proc(pid, tid, "stat");
	char line[512];
	unsigned long user, system;
	const char *p;
	bool ok;

	line[f ? fread(line, 1, sizeof(line) - 1, f) : 0] = '\0';
	if (f)
		fclose(f);
	p = strrchr(line, ')');
	ok = p && sscanf(p + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", parent, &user, &system) == 3;
	if (ok)
		*cpu_ms = (user + system) * 1000 / (unsigned long)sysconf(_SC_CLK_TCK);
	return ok;
}

static void add(struct tasks *all, const struct sandbox_task *t)
{
	struct sandbox_task *more = reallocarray(all->v, all->n + 1, sizeof(*t));

	if (more) {
		more[all->n++] = *t;
		all->v = more;
	} else {
		all->failed = true;
	}
}

/* A number in dir, or 0 at its end. */
static pid_t next_number(DIR *dir)
{
	struct dirent *e;

	while ((e = readdir(dir)))
		if (isdigit((unsigned char)e->d_name[0]))
			return (pid_t)strtol(e->d_name, NULL, 10);
	return 0;
}

static void add_threads(struct tasks *all, pid_t pid)
{
	char path[32];
	DIR *dir;
	pid_t tid;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((tid = next_number(dir))) {
		struct sandbox_task t = { .pid = pid, .tid = tid };
		pid_t parent;

		/* One that has ended meanwhile is left out. */
		if (read_status(&t) && read_stat(pid, tid, &parent, &t.cpu_ms))
			add(all, &t);
	}
	closedir(dir);
}

struct process {
	pid_t pid, parent;
	bool below;
};

/* All processes of the host. Their number; -ENOMEM. */
static int read_processes(struct process **list)
{
	DIR *dir = opendir("/proc");
	int n = 0;
	pid_t pid;

	*list = NULL;
	if (!dir)
		return -errno;
	while ((pid = next_number(dir))) {
		struct process p = { .pid = pid }, *more;
		uint64_t unused;

		if (!read_stat(pid, pid, &p.parent, &unused))
			continue;
		more = reallocarray(*list, (size_t)n + 1, sizeof(p));
		if (!more) {
			closedir(dir);
			free(*list);
			return -ENOMEM;
		}
		more[n++] = p;
		*list = more;
	}
	closedir(dir);
	return n;
}

static int by_pid(const void *a, const void *b)
{
	return ((const struct process *)a)->pid - ((const struct process *)b)->pid;
}

int tasks_below(pid_t init, struct sandbox_task **list)
{
	struct tasks all = { 0 };
	struct process *p;
	int n = read_processes(&p);

	if (n < 0)
		return n;
	if (n)
		qsort(p, (size_t)n, sizeof(*p), by_pid);
	/* An orphan's parent is process 1, so all descend from it. Until no more is found: a child's number may be below its parent's. */
	for (bool more = true; more;) {
		more = false;
		for (int i = 0; i < n; i++) {
			const struct process key = { .pid = p[i].parent };
			const struct process *parent = bsearch(&key, p, (size_t)n, sizeof(*p), by_pid);

			if (!p[i].below && (p[i].parent == init || (parent && parent->below)))
				p[i].below = more = true;
		}
	}
	for (int i = 0; i < n; i++)
		if (p[i].below)
			add_threads(&all, p[i].pid);
	free(p);
	if (all.failed) {
		free(all.v);
		return -ENOMEM;
	}
	*list = all.v;
	return (int)all.n;
}
