/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of the sandbox, for make_vcpu and get_ptree (husk/guest.h): who they are is the family's word, all else is the host's /proc. A zombie has left the
 * family; it is one of the sandbox's if its parent is. One look at /proc is not one moment: a process that gets another parent meanwhile is where the look
 * found it, once.
 */
#include "procfs/internal.h"

#include "kern/family.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ssize_t read_file(const char *path, char *text, size_t size)
{
	int fd HK_CLOSE = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, size - 1) : -1;

	if (n > 0)
		text[n] = '\0';
	return n;
}

/* "PID (COMM) S PPID …": the second field, in parentheses, may hold anything. */
static bool parse_stat(const char *text, struct proc_process *p)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')'), *field = close;
	size_t n = open && close > open ? hk_min((size_t)(close - open - 1), sizeof(p->comm) - 1) : 0;

	if (!open || !close || sscanf(close + 1, " %c %d", &p->state, &p->parent) != 2)
		return false;
	memcpy(p->comm, open + 1, n);
	p->comm[n] = '\0';
	for (int i = 2; field && i < 22; i++)
		field = strchr(field + 1, ' ');
	p->start = field ? strtoul(field, NULL, 10) : 0;
	return true;
}

static bool read_process(pid_t pid, struct proc_process *p)
{
	char path[40], text[1024];
	const char *line;

	*p = (struct proc_process){ .pid = pid };
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (read_file(path, text, sizeof(text)) <= 0 || !parse_stat(text, p))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	line = read_file(path, text, sizeof(text)) > 0 ? strstr(text, "\nUid:") : NULL;
	return line && sscanf(line, "\nUid: %u %u", &p->uid, &p->euid) == 2;
}

static bool is_dead(const struct proc_process *p)
{
	return p->state == 'Z' || p->state == 'X';
}

int procfs_process(struct hk_task *t, pid_t pid, struct proc_process *out)
{
	struct family *f = t->proc->family;

	/* A zombie's slot may be there still. */
	return f && family_has(f, pid) && read_process(pid, out) && !is_dead(out) ? 0 : -ESRCH;
}

/* ---- the tree ---- */

struct list {
	struct proc_process *p;
	size_t count, room;
};

static bool add(struct list *l, const struct proc_process *p)
{
	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 64;
		struct proc_process *more = reallocarray(l->p, room, sizeof(*more));

		if (!more)
			return false;
		l->p = more;
		l->room = room;
	}
	l->p[l->count++] = *p;
	return true;
}

/* All of the family, and all zombies, whoever's they are. */
static int look(struct family *f, struct list *all)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int r = dir ? 0 : -errno;

	while (r == 0 && (entry = readdir(dir))) {
		int64_t pid = proc_number(entry->d_name, strlen(entry->d_name));
		struct proc_process p;

		if (pid <= 0 || pid > INT32_MAX || !read_process((pid_t)pid, &p))
			continue;
		p.member = family_has(f, (pid_t)pid);
		if ((p.member || is_dead(&p)) && !add(all, &p))
			r = -ENOMEM;
	}
	if (dir)
		closedir(dir);
	return r;
}

/* By parent, then by age. */
static int compare(const void *a, const void *b)
{
	const struct proc_process *p = a, *q = b;

	if (p->parent != q->parent)
		return p->parent < q->parent ? -1 : 1;
	if (p->start != q->start)
		return p->start < q->start ? -1 : 1;
	return p->pid < q->pid ? -1 : p->pid > q->pid;
}

static const struct proc_process *find(const struct list *all, pid_t pid)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->p[i].pid == pid)
			return &all->p[i];
	return NULL;
}

/* The first in the sorted list whose parent is this, or where it would be. */
static size_t first_child(const struct list *all, pid_t parent)
{
	size_t low = 0, high = all->count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (all->p[mid].parent < parent)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The root is in `tree`; the rest after it, level by level. Nobody comes twice: each has one parent, and a chain that leads back to the root is cut there. */
static bool walk(const struct list *all, struct list *tree)
{
	for (size_t done = 0; done < tree->count; done++) {
		pid_t parent = tree->p[done].pid;
		int level = tree->p[done].level + 1;

		for (size_t i = first_child(all, parent); i < all->count && all->p[i].parent == parent; i++) {
			struct proc_process p = all->p[i];

			p.level = level;
			if (p.pid != tree->p[0].pid && !add(tree, &p))
				return false;
		}
	}
	return true;
}

static bool is_members(const struct list *all, const struct proc_process *p)
{
	const struct proc_process *parent = find(all, p->parent);

	return p->member || (parent && parent->member);
}

int procfs_tree(struct hk_task *t, pid_t root, struct proc_process **out)
{
	struct list all = { 0 }, tree = { 0 };
	const struct proc_process *first;
	int r = t->proc->family ? look(t->proc->family, &all) : -ESRCH;

	if (r == 0)
		qsort(all.p, all.count, sizeof(*all.p), compare);
	first = r == 0 ? find(&all, root) : NULL;
	if (r == 0 && (!first || !is_members(&all, first)))
		r = -ESRCH;
	if (r == 0 && (!add(&tree, first) || !walk(&all, &tree)))
		r = -ENOMEM;
	if (r == 0) {
		const struct proc_process *parent = find(&all, first->parent);

		if (!parent || !parent->member)
			tree.p[0].parent = 0;
		r = (int)tree.count;
		*out = tree.p;
	} else {
		free(tree.p);
	}
	free(all.p);
	return r;
}

/* ---- names and marks ---- */

void procfs_comm(pid_t pid, pid_t tid, char out[PROC_COMM_MAX])
{
	static const char known[] = "\a\b\t\n\v\f\r", letters[] = "abtnvfr";
	char path[64], text[32];
	ssize_t n;
	size_t used = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", (int)pid, (int)tid);
	n = read_file(path, text, sizeof(text));
	/* Less its line's end. */
	for (ssize_t i = 0; i < n - 1; i++) {
		unsigned char c = (unsigned char)text[i];
		const char *k = c ? strchr(known, c) : NULL;

		if (c >= 0x20 && c < 0x7f)
			out[used++] = (char)c;
		else if (k)
			used += (size_t)snprintf(out + used, PROC_COMM_MAX - used, "\\%c", letters[k - known]);
		else
			used += (size_t)snprintf(out + used, PROC_COMM_MAX - used, "\\%03o", c);
	}
	out[used] = '\0';
}

int proc_make_husk(struct hk_task *t, const struct proc_ref *ref, struct hk_strbuf *out)
{
	const char *task = strstr(ref->path, "/task/");
	pid_t tid = task ? (pid_t)strtol(task + 6, NULL, 10) : 0;

	hk_strbuf_printf(out, "vcpu: %d\n", t->proc->family && family_marked(t->proc->family, tid));
	return 0;
}
