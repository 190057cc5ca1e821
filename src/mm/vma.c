/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VMA tree (vma.h): a red-black tree by address; each node knows the largest free gap in its subtree, so that free space is found in
 * logarithmic time however many mappings there are.
 */
#include "mm/vma.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare(const struct vma *a, const struct vma *b)
{
	return a->start < b->start ? -1 : a->start > b->start;
}

static void augment(struct vma *v)
{
	uint64_t max = v->gap;

	if (RB_LEFT(v, link))
		max = hk_max(max, RB_LEFT(v, link)->max_gap);
	if (RB_RIGHT(v, link))
		max = hk_max(max, RB_RIGHT(v, link)->max_gap);
	v->max_gap = max;
}

#undef RB_AUGMENT
#define RB_AUGMENT(v) augment(v)
RB_GENERATE_INTERNAL(vma_rb, vma, link, compare, HK_UNUSED static)

/* Recompute max_gap from v to the root. */
static void augment_up(struct vma *v)
{
	for (; v; v = RB_PARENT(v, link))
		augment(v);
}

static void set_gap(struct vma *v, uint64_t gap)
{
	v->gap = gap;
	augment_up(v);
}

static struct vma *vma_prev(struct vma *v)
{
	return vma_rb_RB_PREV(v);
}

struct vma *vma_next(struct vma *v)
{
	return vma_rb_RB_NEXT(v);
}

struct vma *vma_first(const struct vma_tree *t)
{
	return RB_MIN(vma_rb, (struct vma_rb *)&t->root);
}

const char *vma_kind_name(enum vma_kind kind)
{
	static const char *const names[VMA_KIND_COUNT] = { "", "[heap]", "[stack]", "[vvar]", "[vdso]", "[gate]" };

	return kind < VMA_KIND_COUNT ? names[kind] : "";
}

/* ---- files ---- */

struct vma_file *vma_file_new(const char *path, dev_t dev, ino_t ino)
{
	size_t len = strlen(path) + 1;
	struct vma_file *f = malloc(sizeof(*f) + len);

	if (!f)
		return NULL;
	f->refs = 1;
	f->dev = dev;
	f->ino = ino;
	memcpy(f->path, path, len);
	return f;
}

void vma_file_put(struct vma_file *f)
{
	if (f && --f->refs == 0)
		free(f);
}

static struct vma_file *file_get(struct vma_file *f)
{
	if (f)
		f->refs++;
	return f;
}

/* ---- nodes ---- */

static void link_node(struct vma_tree *t, struct vma *v)
{
	struct vma *prev, *next;

	RB_INSERT(vma_rb, &t->root, v);
	prev = vma_prev(v);
	next = vma_next(v);
	t->count++;
	t->bytes += v->end - v->start;
	set_gap(v, v->start - (prev ? prev->end : HK_GUEST_MIN));
	if (next)
		set_gap(next, next->start - v->end);
}

static void unlink_node(struct vma_tree *t, struct vma *v)
{
	struct vma *prev = vma_prev(v), *next = vma_next(v);

	RB_REMOVE(vma_rb, &t->root, v);
	t->count--;
	t->bytes -= v->end - v->start;
	if (next)
		set_gap(next, next->start - (prev ? prev->end : HK_GUEST_MIN));
	else if (prev)
		augment_up(prev);
}

static void drop_node(struct vma_tree *t, struct vma *v)
{
	unlink_node(t, v);
	vma_file_put(v->file);
	free(v);
}

static void set_end(struct vma_tree *t, struct vma *v, uint64_t end)
{
	struct vma *next = vma_next(v);

	t->bytes += end - v->end;
	if (next)
		set_gap(next, next->start - end);
	v->end = end;
}

void vma_tree_init(struct vma_tree *t)
{
	memset(t, 0, sizeof(*t));
	RB_INIT(&t->root);
}

void vma_tree_free(struct vma_tree *t)
{
	struct vma *v;

	while ((v = RB_ROOT(&t->root)))
		drop_node(t, v);
}

struct vma *vma_find_from(const struct vma_tree *t, uint64_t a)
{
	struct vma *v = RB_ROOT(&t->root), *best = NULL;

	while (v) {
		if (v->end > a) {
			best = v;
			v = RB_LEFT(v, link);
		} else {
			v = RB_RIGHT(v, link);
		}
	}
	return best;
}

struct vma *vma_find(const struct vma_tree *t, uint64_t a)
{
	struct vma *v = vma_find_from(t, a);

	return v && v->start <= a ? v : NULL;
}

bool vma_any(const struct vma_tree *t, uint64_t start, uint64_t end, unsigned flags)
{
	for (struct vma *v = vma_find_from(t, start); v && v->start < end; v = vma_next(v))
		if (v->flags & flags)
			return true;
	return false;
}

bool vma_covered(const struct vma_tree *t, uint64_t start, uint64_t end)
{
	for (struct vma *v = vma_find_from(t, start); start < end; v = vma_next(v)) {
		if (!v || v->start > start)
			return false;
		start = v->end;
	}
	return true;
}

/* ---- merging and splitting ---- */

static bool same_file(const struct vma_file *a, const struct vma_file *b)
{
	return a == b || (a && b && a->dev == b->dev && a->ino == b->ino && strcmp(a->path, b->path) == 0);
}

static bool mergeable(const struct vma *low, const struct vma *high)
{
	return low->end == high->start && low->prot == high->prot && low->flags == high->flags &&
	       low->kind == high->kind && same_file(low->file, high->file) &&
	       (!low->file || low->offset + (low->end - low->start) == high->offset);
}

/* Join v with its neighbours where they are alike. */
static void merge(struct vma_tree *t, struct vma *v)
{
	struct vma *prev = vma_prev(v), *next = vma_next(v);
	uint64_t end;

	if (next && mergeable(v, next)) {
		end = next->end;
		drop_node(t, next);
		set_end(t, v, end);
	}
	if (prev && mergeable(prev, v)) {
		end = v->end;
		drop_node(t, v);
		set_end(t, prev, end);
	}
}

static struct vma *copy_node(const struct vma *v)
{
	struct vma *n = malloc(sizeof(*n));

	if (n) {
		*n = *v;
		file_get(n->file);
	}
	return n;
}

/* Cut v in two at `at`, strictly inside; spare is the new upper node. */
static void split(struct vma_tree *t, struct vma *v, uint64_t at, struct vma *spare)
{
	*spare = *v;
	file_get(spare->file);
	spare->start = at;
	if (spare->file)
		spare->offset += at - v->start;
	set_end(t, v, at);
	link_node(t, spare);
}

/* Split at start and end where they fall inside a VMA. All memory is taken first: 0, or -ENOMEM with nothing changed. */
static int split_edges(struct vma_tree *t, uint64_t start, uint64_t end)
{
	struct vma *low = vma_find(t, start), *high = vma_find(t, end), *a = NULL, *b = NULL;
	bool cut_low = low && low->start < start, cut_high = high && high->start < end;

	if (cut_low && !(a = malloc(sizeof(*a))))
		return -ENOMEM;
	if (cut_high && !(b = malloc(sizeof(*b)))) {
		free(a);
		return -ENOMEM;
	}
	if (cut_high)
		split(t, high, end, b);
	if (cut_low)
		split(t, low, start, a);
	return 0;
}

/* ---- the operations ---- */

int vma_insert(struct vma_tree *t, const struct vma *want)
{
	struct vma *v = copy_node(want);

	if (!v)
		return -ENOMEM;
	link_node(t, v);
	merge(t, v);
	return 0;
}

int vma_remove(struct vma_tree *t, uint64_t start, uint64_t end)
{
	struct vma *v, *next;
	int r = split_edges(t, start, end);

	if (r)
		return r;
	for (v = vma_find_from(t, start); v && v->start < end; v = next) {
		next = vma_next(v);
		drop_node(t, v);
	}
	return 0;
}

int vma_update(struct vma_tree *t, uint64_t start, uint64_t end, int prot, unsigned mask, unsigned flags)
{
	struct vma *v;
	int r = split_edges(t, start, end);

	if (r)
		return r;
	for (v = vma_find_from(t, start); v && v->start < end; v = vma_next(v)) {
		v->prot = prot;
		v->flags = (v->flags & ~mask) | (flags & mask);
	}
	/* Merging may free the node it is given: look each one up anew. */
	for (uint64_t a = start; a <= end && (v = vma_find_from(t, a)) && v->start <= end;) {
		a = v->end;
		merge(t, v);
	}
	return 0;
}

/* The highest place for len bytes in the gap before v (or behind the last VMA, v NULL), within the bounds; 0 = none. */
static uint64_t fit(uint64_t gap_start, uint64_t gap_end, uint64_t len, uint64_t low, uint64_t high, uint64_t align)
{
	uint64_t start;

	gap_start = hk_max(gap_start, low);
	gap_end = hk_min(gap_end, high);
	if (gap_end < gap_start || gap_end - gap_start < len)
		return 0;
	start = hk_align_down(gap_end - len, align);
	return start >= gap_start ? start : 0;
}

/* Search v's subtree from the highest address down. Depth is that of the tree. */
static uint64_t search(struct vma *v, uint64_t len, uint64_t low, uint64_t high, uint64_t align)
{
	uint64_t found;

	if (!v || v->max_gap < len)
		return 0;
	if (v->end < high) {
		found = search(RB_RIGHT(v, link), len, low, high, align);
		if (found)
			return found;
	}
	found = fit(v->start - v->gap, v->start, len, low, high, align);
	if (found)
		return found;
	return v->start > low ? search(RB_LEFT(v, link), len, low, high, align) : 0;
}

uint64_t vma_find_gap(const struct vma_tree *t, uint64_t len, uint64_t low, uint64_t high, uint64_t align)
{
	struct vma *last = RB_MAX(vma_rb, (struct vma_rb *)&t->root);
	uint64_t found = fit(last ? last->end : HK_GUEST_MIN, HK_GUEST_MAX, len, low, high, align);

	return found ? found : search(RB_ROOT(&t->root), len, low, high, align);
}
