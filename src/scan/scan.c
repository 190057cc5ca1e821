/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From roots to system calls. Functions are reached by a call, a jump, or by having their address taken in reached code or in data; each reached one is followed (flow.c). Where the
 * number is an argument of the function, as in syscall(2), its callers say which numbers there are (wrapper.c).
 */
#include "scan/graph.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct scan *scan_new(void)
{
	return calloc(1, sizeof(struct scan));
}

void scan_free(struct scan *s)
{
	for (size_t i = 0; s && i < s->objs.n; i++)
		obj_close(s->objs.v[i]);
	if (!s)
		return;
	free(s->objs.v);
	free(s->exports.v);
	free(s->work.v);
	free(s->sites.v);
	free(s->calls.v);
	free(s->found.v);
	free(s->unresolved.v);
	free(s);
}

/* ---- files ---- */

/* Add one file, unless it is there. NULL with err filled. */
static struct obj *add_file(struct scan *s, const char *path, struct hk_err *err)
{
	char real[PATH_MAX];
	struct obj *o;

	if (!realpath(path, real)) {
		hk_err_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
		return NULL;
	}
	for (size_t i = 0; i < s->objs.n; i++)
		if (!strcmp(s->objs.v[i]->path, real))
			return s->objs.v[i];
	o = obj_open(real, err);
	if (o && !vec_push(&s->objs, o)) {
		obj_close(o);
		hk_err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	return o;
}

static int add_needed(struct scan *s, const struct obj *by, struct hk_err *err)
{
	for (size_t i = 0; i < by->needed.n; i++) {
		char *path = needed_find(by, by->needed.v[i]);
		bool ok = path && add_file(s, path, err);

		if (!path)
			hk_err_set(err, -ENOENT, "cannot find the library %s, which %s needs", by->needed.v[i],
				   by->path);
		free(path);
		if (!ok)
			return err->code;
	}
	return 0;
}

/* The interpreter that a script's first line names; false if it is no script. */
static bool script_interpreter(const char *path, char out[PATH_MAX])
{
	char line[PATH_MAX] = "";
	int fd HK_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	const char *name = line + 2;

	if (n < 3 || strncmp(line, "#!", 2))
		return false;
	name += strspn(name, " \t");
	snprintf(out, PATH_MAX, "%.*s", (int)strcspn(name, " \t\n"), name);
	return true;
}

int scan_add(struct scan *s, const char *path, struct hk_err *err)
{
	size_t first = s->objs.n;
	char interpreter[PATH_MAX];
	struct obj *program, *linker;

	program = add_file(s, script_interpreter(path, interpreter) ? interpreter : path, err);
	if (!program)
		return err->code;
	if (program->interp) {
		linker = add_file(s, program->interp, err);
		if (!linker)
			return err->code;
		linker->interpreter = true;
	}
	/* What is added on the way is looked at in its turn. */
	for (size_t i = first; i < s->objs.n; i++)
		if (add_needed(s, s->objs.v[i], err))
			return err->code;
	return 0;
}

/* ---- symbols ---- */

static int by_name(const void *a, const void *b)
{
	const struct export *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static bool index_exports(struct scan *s)
{
	for (size_t i = 0; i < s->objs.n; i++) {
		struct obj *o = s->objs.v[i];

		for (size_t k = 0; k < o->exports.n; k++)
			if (!vec_push(&s->exports, (struct export){ o->exports.v[k].name, o, o->exports.v[k].value }))
				return false;
	}
	if (s->exports.n)
		qsort(s->exports.v, s->exports.n, sizeof(s->exports.v[0]), by_name);
	return true;
}

static size_t first_export(const struct scan *s, const char *name)
{
	size_t low = 0, high = s->exports.n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (strcmp(s->exports.v[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* ---- reaching ---- */

/* What is entered at `at` may find these registers there (NULL: unknown ones); an argument of the function that jumps is none of f's. True if that is news. */
static bool add_entry(struct scan *s, struct func *f, uint64_t at, const struct value *regs)
{
	static const struct value unknown = { .kind = VALUE_UNKNOWN };
	bool news = false;
	size_t i = 0;

	while (i < f->entries.n && f->entries.v[i].at != at)
		i++;
	if (i == f->entries.n && !vec_push(&f->entries, (struct entry){ .at = at })) {
		s->failed = true;
		return false;
	}
	for (unsigned r = 0; r < REG_COUNT; r++)
		news |= value_merge(&f->entries.v[i].reg[r], regs && regs[r].kind == VALUE_SET ? &regs[r] : &unknown);
	return news;
}

/* The function at `at` runs, from there. NULL if there is none. */
static struct func *reach(struct scan *s, const struct obj *o, uint64_t at, const struct value *regs)
{
	struct func *f = obj_func(o, at);
	bool again = false;

	if (!f)
		return NULL;
	if (at != f->start)
		again = add_entry(s, f, at, regs);
	if ((!f->reached || again) && !f->queued) {
		f->reached = f->queued = true;
		s->failed |= !vec_push(&s->work, f);
	}
	return f;
}

static void record_call(struct scan *s, const struct origin *from, struct func *to)
{
	struct call c = { .from = from->f, .at = from->at, .to = to };

	if (!from->regs) {
		to->pointed_at = true;
		return;
	}
	for (size_t i = 0; i < CALL_REGS; i++)
		c.reg[i] = from->regs[call_regs[i]];
	s->failed |= !vec_push(&s->calls, c);
}

static void go_to(struct scan *s, const struct obj *o, uint64_t at, const struct origin *from);

/* Through the word at slot, filled by the dynamic linker: every object that has such a symbol may be meant. */
static void go_through(struct scan *s, const struct obj *o, uint64_t slot, const struct origin *from)
{
	const struct reloc *r = obj_reloc(o, slot);

	if (!r)
		return;
	if (!r->symbol) {
		go_to(s, o, r->target, from);
		return;
	}
	for (size_t i = first_export(s, r->symbol); i < s->exports.n && !strcmp(s->exports.v[i].name, r->symbol); i++) {
		struct func *f = reach(s, s->exports.v[i].obj, s->exports.v[i].value, from->regs);

		if (f)
			record_call(s, from, f);
	}
}

/* A stub of the procedure linkage table is a jump through a slot; true, with the slot. */
static bool is_stub(const struct obj *o, uint64_t at, uint64_t *slot)
{
	static const uint8_t endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	const uint8_t *p = obj_bytes(o, at, 16);
	uint64_t n = 0;
	int32_t disp;

	if (!p)
		return false;
	if (!memcmp(p, endbr, 4))
		n = 4;
	if (p[n] == 0xf2) /* bnd */
		n++;
	if (p[n] != 0xff || p[n + 1] != 0x25)
		return false;
	memcpy(&disp, p + n + 2, 4);
	*slot = at + n + 6 + (uint64_t)(int64_t)disp;
	return obj_reloc(o, *slot) != NULL;
}

static void go_to(struct scan *s, const struct obj *o, uint64_t at, const struct origin *from)
{
	uint64_t slot;
	struct func *f;

	if (is_stub(o, at, &slot)) {
		go_through(s, o, slot, from);
		return;
	}
	f = reach(s, o, at, from->regs);
	if (f)
		record_call(s, from, f);
}

/* ---- what flow.c tells ---- */

static void on_syscall(void *ctx, struct func *f, uint64_t at, const struct value *rax)
{
	struct scan *s = ctx;

	s->failed |= !vec_push(&s->sites, (struct site){ f, at, *rax });
}

static void on_call(void *ctx, struct func *f, uint64_t at, uint64_t target, const struct value regs[REG_COUNT])
{
	go_to(ctx, f->obj, target, &(struct origin){ f, at, regs });
}

static void on_call_slot(void *ctx, struct func *f, uint64_t at, uint64_t slot, const struct value regs[REG_COUNT])
{
	go_through(ctx, f->obj, slot, &(struct origin){ f, at, regs });
}

static void on_refer(void *ctx, struct func *f, uint64_t address)
{
	const struct origin from = { f, address, NULL };

	/* A loop within a function is not taking its address. */
	if (obj_is_code(f->obj, address) && (address < f->start || address >= f->end || address == f->start))
		go_to(ctx, f->obj, address, &from);
	else
		go_through(ctx, f->obj, address, &from);
}

/* ---- the whole ---- */

static void start(struct scan *s, struct obj *o)
{
	const struct origin nobody = { 0 };

	for (size_t i = 0; i < o->roots.n; i++)
		go_to(s, o, o->roots.v[i], &nobody);
	for (size_t i = 0; o->interpreter && i < o->exports.n; i++)
		go_to(s, o, o->exports.v[i].value, &nobody);
	for (size_t i = 0; i < o->relocs.n; i++)
		if (!o->relocs.v[i].got)
			go_through(s, o, o->relocs.v[i].slot, &nobody);
}

int scan_run(struct scan *s)
{
	const struct flow_events events = {
		.ctx = s, .syscall = on_syscall, .call = on_call, .call_slot = on_call_slot, .refer = on_refer
	};

	s->failed = !index_exports(s);
	for (size_t i = 0; i < s->objs.n; i++)
		start(s, s->objs.v[i]);
	while (s->work.n && !s->failed) {
		struct func *f = s->work.v[--s->work.n];

		f->queued = false;
		s->failed |= flow_function(f, &events) != 0;
	}
	if (!s->failed)
		s->failed = !wrapper_resolve(s);
	return s->failed ? -ENOMEM : 0;
}

/* ---- results ---- */

bool scan_call(const struct scan *s, unsigned i, uint64_t *nr, struct scan_site *site)
{
	if (i >= s->found.n)
		return false;
	*nr = s->found.v[i].nr;
	obj_site(s->found.v[i].obj, s->found.v[i].at, site);
	return true;
}

bool scan_unresolved(const struct scan *s, unsigned i, struct scan_site *site)
{
	if (i >= s->unresolved.n)
		return false;
	obj_site(s->unresolved.v[i].obj, s->unresolved.v[i].at, site);
	return true;
}

bool scan_loads(const struct scan *s, unsigned i, const char **file)
{
	for (size_t k = 0; k < s->objs.n; k++)
		if (s->objs.v[k]->loads && !i--) {
			*file = s->objs.v[k]->path;
			return true;
		}
	return false;
}

bool scan_file(const struct scan *s, unsigned i, const char **file)
{
	if (i >= s->objs.n)
		return false;
	*file = s->objs.v[i]->path;
	return true;
}

struct scan_figures scan_figures(const struct scan *s)
{
	struct scan_figures f = { .files = (unsigned)s->objs.n, .sites = s->distinct_sites };

	for (size_t i = 0; i < s->objs.n; i++) {
		f.functions += (unsigned)s->objs.v[i]->funcs.n;
		for (size_t k = 0; k < s->objs.v[i]->funcs.n; k++)
			f.reached += s->objs.v[i]->funcs.v[k].reached;
	}
	return f;
}
