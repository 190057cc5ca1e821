/* SPDX-License-Identifier: Apache-2.0 */
/*
 * maps, smaps, smaps_rollup, numa_maps, and the sums that status and statm want. What is mapped where with which permissions comes from
 * the VMA tree; what a file is called by now and how much is resident from the host's account of the same addresses.
 */
#include "procfs/hostmaps.h"
#include "procfs/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#define NAME_COLUMN 73 /* where the name begins, counted from 0 */

struct totals {
	uint64_t field[HOSTMAPS_FIELDS];
	uint64_t pss_anon, pss_file, pss_shmem; /* kB, as the fields */
	uint64_t anon, file, shmem;
	uint64_t first, last; /* the address range */
};

struct walk {
	struct hostmaps host;
	struct hk_strbuf *out;
	struct totals total;
	struct proc_mem *mem;
};

/* Names are shown with their newlines as octal. */
static void add_escaped(struct hk_strbuf *out, const char *s)
{
	for (const char *nl; (nl = strchr(s, '\n')); s = nl + 1) {
		hk_strbuf_add(out, s, (size_t)(nl - s));
		hk_strbuf_puts(out, "\\012");
	}
	hk_strbuf_puts(out, s);
}

struct place {
	const char *name; /* NULL: none */
	bool escaped;
	unsigned major, minor;
	uint64_t ino, offset;
};

/* What to call v. The host knows files best (renamed, deleted, the file system's own numbers); it does not know heap and stack. */
static struct place place_of(const struct vma *v, const struct hostmaps_block *b)
{
	struct place p = { .offset = v->file ? v->offset : 0 };

	if (b && b->start > v->start)
		b = NULL;
	if ((v->file || (v->flags & VMA_SHARED)) && b && b->ino)
		return (struct place){ b->name, true, b->major, b->minor, b->ino, b->offset + (v->start - b->start) };
	if (v->file) {
		p.name = v->file->path;
		p.major = major(v->file->dev);
		p.minor = minor(v->file->dev);
		p.ino = v->file->ino;
	} else if (v->flags & VMA_SHARED) {
		p.name = "/dev/zero (deleted)";
		p.minor = 1;
	} else if (v->kind != VMA_PLAIN) {
		p.name = vma_kind_name(v->kind);
	} else if (b && strncmp(b->name, "[anon", 5) == 0) {
		p.name = b->name;
		p.escaped = true;
	}
	return p;
}

static void add_header(struct hk_strbuf *out, const struct vma *v, const struct hostmaps_block *b)
{
	struct place p = place_of(v, b);
	char head[160];
	int n;

	n = snprintf(head, sizeof(head), "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu ", v->start, v->end,
		     v->prot & PROT_READ ? 'r' : '-', v->prot & PROT_WRITE ? 'w' : '-', v->prot & PROT_EXEC ? 'x' : '-',
		     v->flags & VMA_SHARED ? 's' : 'p', p.offset, p.major, p.minor, p.ino);
	hk_strbuf_puts(out, head);
	if (p.name && p.name[0]) {
		hk_strbuf_printf(out, "%*s", n < NAME_COLUMN - 1 ? NAME_COLUMN - n : 1, "");
		if (p.escaped)
			hk_strbuf_puts(out, p.name);
		else
			add_escaped(out, p.name);
	}
	hk_strbuf_puts(out, "\n");
}

void proc_maps_line(struct hk_strbuf *out, const struct vma *v, const struct hostmaps *host)
{
	add_header(out, v, hostmaps_find(host, v->start));
}

static int walk_all(struct hk_task *t, const char *host_path, int (*cb)(const struct vma *v, void *ctx), struct walk *w)
{
	int r = hostmaps_read(&w->host, host_path);

	if (r == 0)
		r = mm_walk(t->proc->mm, cb, w);
	if (r == 0 && w->out && w->out->cut)
		r = -ENOMEM;
	return r;
}

static int maps_cb(const struct vma *v, void *ctx)
{
	struct walk *w = ctx;

	add_header(w->out, v, hostmaps_find(&w->host, v->start));
	return 0;
}

int proc_make_maps(struct hk_task *t, const struct proc_ref *ref HK_UNUSED, struct hk_strbuf *out)
{
	struct walk w = { .out = out };
	int r = walk_all(t, "/proc/self/maps", maps_cb, &w);

	hostmaps_free(&w.host);
	return r;
}

/* Fields that say what a page is rather than how many. */
static bool is_property(const char *name)
{
	static const char *const names[] = { "KernelPageSize", "MMUPageSize", "THPeligible", "ProtectionKey" };

	for (size_t i = 0; i < HK_ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool is_stack(const struct vma *v)
{
	return v->kind == VMA_STACK || (v->flags & VMA_GROWSDOWN);
}

static bool in_list(const char *list, const char *two)
{
	const char *p = strstr(list, two);

	return p && (p == list || p[-1] == ' ');
}

/* The host's letters with the guest's permissions; the order is the kernel's. */
static void add_vmflags(struct hk_strbuf *out, const struct vma *v, const char *host)
{
	bool gd = is_stack(v) && !in_list(host, "gd");

	hk_strbuf_printf(out, "VmFlags: %s%s%s", v->prot & PROT_READ ? "rd " : "", v->prot & PROT_WRITE ? "wr " : "",
			 v->prot & PROT_EXEC ? "ex " : "");
	while (*(host += strspn(host, " "))) {
		char flag[4] = { host[0], host[1], ' ', '\0' };

		host += strcspn(host, " ");
		if (strstr("rd wr ex ", flag))
			continue;
		if (gd && !strstr("sh mr mw me ms ", flag)) {
			hk_strbuf_puts(out, "gd ");
			gd = false;
		}
		hk_strbuf_puts(out, flag);
	}
	hk_strbuf_puts(out, gd ? "gd \n" : "\n");
}

static void add_field(struct hk_strbuf *out, const struct hostmaps_field *f, uint64_t value)
{
	hk_strbuf_printf(out, "%s:%*s%*lu%s\n", f->name, (int)(15 - hk_min(strlen(f->name), 15)), "",
			 f->padded || f->kb ? 8 : 1, value, f->kb ? " kB" : "");
}

static bool is_shmem(const struct hostmaps_block *b)
{
	static const char *const heads[] = { "/dev/zero (deleted)", "/memfd:", "/SYSV", "/dev/shm/" };

	for (size_t i = 0; i < HK_ARRAY_LEN(heads); i++)
		if (strncmp(b->name, heads[i], strlen(heads[i])) == 0)
			return true;
	return false;
}

static uint64_t value_of(const struct hostmaps *h, const uint64_t *v, const char *name)
{
	int i = hostmaps_field(h, name);

	return i < 0 ? 0 : v[i];
}

/* Add to the totals what [start, end) of b holds, and to sum. */
static void count_block(struct walk *w, const struct hostmaps_block *b, uint64_t start, uint64_t end,
			uint64_t sum[HOSTMAPS_FIELDS])
{
	uint64_t v[HOSTMAPS_FIELDS] = { 0 }, rss, anon, pss, pss_anon;
	struct totals *tot = &w->total;

	hostmaps_add_share(&w->host, b, start, end, v);
	for (unsigned i = 0; i < w->host.fields; i++)
		if (is_property(w->host.field[i].name)) {
			if (!sum[i])
				sum[i] = b->v[i];
		} else {
			sum[i] += v[i];
			tot->field[i] += v[i];
		}
	rss = value_of(&w->host, v, "Rss");
	pss = value_of(&w->host, v, "Pss");
	anon = hk_min(rss, value_of(&w->host, v, "Anonymous"));
	pss_anon = hk_min(pss, anon);
	tot->anon += anon;
	tot->pss_anon += pss_anon;
	*(is_shmem(b) ? &tot->shmem : &tot->file) += rss - anon;
	*(is_shmem(b) ? &tot->pss_shmem : &tot->pss_file) += pss - pss_anon;
}

static const struct hostmaps_block *count_vma(struct walk *w, const struct vma *v, uint64_t sum[HOSTMAPS_FIELDS])
{
	const struct hostmaps_block *first = hostmaps_find(&w->host, v->start), *b;

	for (b = first; b && b->start < v->end; b = hostmaps_next(&w->host, b))
		count_block(w, b, v->start, v->end, sum);
	if (!w->total.last)
		w->total.first = v->start;
	w->total.last = v->end;
	return first && first->start < v->end ? first : NULL;
}

static int smaps_cb(const struct vma *v, void *ctx)
{
	struct walk *w = ctx;
	uint64_t sum[HOSTMAPS_FIELDS] = { 0 };
	const struct hostmaps_block *b = count_vma(w, v, sum);

	add_header(w->out, v, b);
	for (unsigned i = 0; i < w->host.fields; i++) {
		const struct hostmaps_field *f = &w->host.field[i];

		if (f->flags)
			add_vmflags(w->out, v, b ? b->vmflags : "");
		else
			add_field(w->out, f, strcmp(f->name, "Size") == 0 ? (v->end - v->start) >> 10 : sum[i]);
	}
	return 0;
}

int proc_make_smaps(struct hk_task *t, const struct proc_ref *ref HK_UNUSED, struct hk_strbuf *out)
{
	struct walk w = { .out = out };
	int r = walk_all(t, "/proc/self/smaps", smaps_cb, &w);

	hostmaps_free(&w.host);
	return r;
}

static int count_cb(const struct vma *v, void *ctx)
{
	struct walk *w = ctx;
	uint64_t sum[HOSTMAPS_FIELDS] = { 0 };

	count_vma(w, v, sum);
	return 0;
}

static uint64_t rollup_value(const struct walk *w, const char *name)
{
	if (strcmp(name, "Pss_Anon") == 0)
		return w->total.pss_anon;
	if (strcmp(name, "Pss_File") == 0)
		return w->total.pss_file;
	if (strcmp(name, "Pss_Shmem") == 0)
		return w->total.pss_shmem;
	return value_of(&w->host, w->total.field, name);
}

/* The host's file gives the lines and their order; the numbers are ours. */
int proc_make_smaps_rollup(struct hk_task *t, const struct proc_ref *ref HK_UNUSED, struct hk_strbuf *out)
{
	struct walk w = { .out = out };
	struct hk_strbuf host = { .max = 1 << 16 };
	int r = walk_all(t, "/proc/self/smaps", count_cb, &w);
	char *line, *save;

	if (r == 0)
		r = proc_host_read("/proc/self/smaps_rollup", &host);
	if (r == 0) {
		char head[80];
		int n = snprintf(head, sizeof(head), "%08lx-%08lx ---p 00000000 00:00 0 ", w.total.first, w.total.last);

		hk_strbuf_printf(out, "%s%*s[rollup]\n", head, n < NAME_COLUMN - 1 ? NAME_COLUMN - n : 1, "");
		strtok_r(host.data, "\n", &save);
		while ((line = strtok_r(NULL, "\n", &save))) {
			line[strcspn(line, ":")] = '\0';
			add_field(out, &(struct hostmaps_field){ .name = line, .kb = true }, rollup_value(&w, line));
		}
		r = out->cut ? -ENOMEM : 0;
	}
	hk_strbuf_free(&host);
	hostmaps_free(&w.host);
	return r;
}

/* As the kernel counts for VmData, VmStk and VmExe + VmLib. */
static int mem_cb(const struct vma *v, void *ctx)
{
	struct walk *w = ctx;
	uint64_t len = v->end - v->start;

	w->mem->size += len;
	if (v->flags & VMA_LOCKED)
		w->mem->locked += len;
	if (is_stack(v))
		w->mem->stack += len;
	else if ((v->prot & PROT_WRITE) && !(v->flags & VMA_SHARED))
		w->mem->data += len;
	else if ((v->prot & PROT_EXEC) && !(v->prot & PROT_WRITE))
		w->mem->exec += len;
	return count_cb(v, ctx);
}

int proc_mem_count(struct hk_task *t, struct proc_mem *m)
{
	struct walk w = { .mem = m };
	int r;

	*m = (struct proc_mem){ 0 };
	r = walk_all(t, "/proc/self/smaps", mem_cb, &w);
	m->anon = w.total.anon << 10;
	m->file = w.total.file << 10;
	m->shmem = w.total.shmem << 10;
	m->rss = m->anon + m->file + m->shmem;
	m->swap = value_of(&w.host, w.total.field, "Swap") << 10;
	m->other_rss = w.host.other_rss;
	hostmaps_free(&w.host);
	return r;
}

/* "address policy [file=…|heap|stack] figures": the host's lines for the guest's range, with the words that only the tree knows. */
int proc_make_numa_maps(struct hk_task *t, const struct proc_ref *ref HK_UNUSED, struct hk_strbuf *out)
{
	struct hk_strbuf host = { .max = PROC_TEXT_MAX };
	int r = proc_host_read("/proc/self/numa_maps", &host);
	char *save, *line = r || !host.data ? NULL : strtok_r(host.data, "\n", &save);

	for (; line; line = strtok_r(NULL, "\n", &save)) {
		struct mm_vma_info info;
		char *after = strchr(line, ' ');
		size_t head = after ? (size_t)(after - line) + 1 + strcspn(after + 1, " ") : strlen(line);
		uint64_t start = strtoull(line, NULL, 16);

		if (start >= HK_GUEST_MAX || !mm_describe(t->proc->mm, GVA(start), &info))
			continue;
		hk_strbuf_add(out, line, head);
		if (strcmp(info.path, "[heap]") == 0 && !strstr(line + head, " heap"))
			hk_strbuf_puts(out, " heap");
		else if (strcmp(info.path, "[stack]") == 0 && !strstr(line + head, " stack"))
			hk_strbuf_puts(out, " stack");
		hk_strbuf_puts(out, line + head);
		hk_strbuf_puts(out, "\n");
	}
	hk_strbuf_free(&host);
	return r ? r : out->cut ? -ENOMEM : 0;
}
