/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions whose system call's number is an argument: syscall(2), musl's __syscall_cp, Go's Syscall6. What their callers put into that register are the numbers; a caller
 * that hands on an argument of its own is such a function too.
 */
#include "scan/graph.h"

#include <string.h>

struct wrapper {
	struct func *f;
	uint8_t reg;
};

struct wrappers {
	struct scan *s;
	VEC(struct wrapper) v; /* each is looked at once, in order */
};

static bool found(struct scan *s, uint64_t nr, const struct func *f, uint64_t at)
{
	return vec_push(&s->found, (struct finding){ nr, f->obj, at });
}

static bool unresolved(struct scan *s, const struct func *f, uint64_t at)
{
	return vec_push(&s->unresolved, (struct finding){ 0, f->obj, at });
}

static bool add_wrapper(struct wrappers *w, struct func *f, uint8_t reg)
{
	for (size_t i = 0; i < w->v.n; i++)
		if (w->v.v[i].f == f && w->v.v[i].reg == reg)
			return true;
	return vec_push(&w->v, (struct wrapper){ f, reg });
}

/* What the value of a number at a place of f's comes to. */
static bool take(struct wrappers *w, struct func *f, uint64_t at, const struct value *v)
{
	switch (v->kind) {
	case VALUE_SET:
		for (unsigned i = 0; i < v->n; i++)
			if (!found(w->s, v->c[i], f, at))
				return false;
		return true;
	case VALUE_ARG:
		return add_wrapper(w, f, v->reg);
	default:
		return unresolved(w->s, f, at);
	}
}

static int by_callee(const void *a, const void *b)
{
	const struct call *x = a, *y = b;

	return (x->to > y->to) - (x->to < y->to);
}

static size_t first_call(const struct scan *s, const struct func *to)
{
	size_t low = 0, high = s->calls.n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (s->calls.v[mid].to < to)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int place_of(uint8_t reg)
{
	for (int i = 0; i < CALL_REGS; i++)
		if (call_regs[i] == reg)
			return i;
	return -1;
}

static bool ask_callers(struct wrappers *w, struct wrapper one)
{
	struct scan *s = w->s;
	int place = place_of(one.reg);

	/* Called through a pointer too: by whom, and with what? */
	if ((one.f->pointed_at || place < 0) && !unresolved(s, one.f, one.f->start))
		return false;
	if (place < 0)
		return true;
	for (size_t i = first_call(s, one.f); i < s->calls.n && s->calls.v[i].to == one.f; i++)
		if (!take(w, s->calls.v[i].from, s->calls.v[i].at, &s->calls.v[i].reg[place]))
			return false;
	return true;
}

static int by_number(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	return (x->nr > y->nr) - (x->nr < y->nr);
}

static int by_place(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int c = strcmp(x->obj->path, y->obj->path);

	return c ? c : (x->at > y->at) - (x->at < y->at);
}

/* Sort, and keep the first of equal ones. */
static size_t unique(struct finding *v, size_t n, int (*compare)(const void *, const void *))
{
	size_t kept = 0;

	if (n)
		qsort(v, n, sizeof(*v), compare);
	for (size_t i = 0; i < n; i++)
		if (!kept || compare(&v[kept - 1], &v[i]))
			v[kept++] = v[i];
	return kept;
}

static int by_site(const void *a, const void *b)
{
	const struct site *x = a, *y = b;

	if (x->f != y->f)
		return x->f < y->f ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

static void count_sites(struct scan *s)
{
	if (s->sites.n)
		qsort(s->sites.v, s->sites.n, sizeof(s->sites.v[0]), by_site);
	for (size_t i = 0; i < s->sites.n; i++)
		s->distinct_sites += !i || by_site(&s->sites.v[i - 1], &s->sites.v[i]);
}

bool wrapper_resolve(struct scan *s)
{
	struct wrappers w = { .s = s };
	bool ok = true;

	if (s->calls.n)
		qsort(s->calls.v, s->calls.n, sizeof(s->calls.v[0]), by_callee);
	for (size_t i = 0; ok && i < s->sites.n; i++)
		ok = take(&w, s->sites.v[i].f, s->sites.v[i].at, &s->sites.v[i].rax);
	for (size_t i = 0; ok && i < w.v.n; i++)
		ok = ask_callers(&w, w.v.v[i]);
	free(w.v.v);
	count_sites(s);
	s->found.n = unique(s->found.v, s->found.n, by_number);
	s->unresolved.n = unique(s->unresolved.v, s->unresolved.n, by_place);
	return ok;
}
