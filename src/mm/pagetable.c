/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four-level page tables in memory of the monitor's that the VM sees from guest-physical 0 upwards, and the dealing out of
 * guest-physical space in granules. See pagetable.h for why entries are only added.
 */
#include "mm/pagetable.h"

#include "base/bug.h"
#include "mm/pte.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define PTE_TABLE (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)
/* Accessed and dirty are set from the start: nobody reads them, and a host that shadows need not trap to set them. */
#define PTE_LEAF (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

#define LARGE_SIZE   (2UL << 20)
#define GRANULE_SIZE (1UL << 30)
#define PIECE_SIZE   (32UL << 20)
#define PIECES       (GRANULE_SIZE / PIECE_SIZE)

/*
 * A slot costs the host time and memory by its size (0.35 ms per GiB on a host that keeps reverse maps), so a granule gets its
 * slots piecewise; one that is used in more than a few places gets the rest at once, which bounds the number of slots.
 */
#define PIECES_SINGLY 4

#define ARENA_SIZE  (1UL << 30)
#define ARENA_FIRST (1UL << 20)
/* Memory of the monitor's that the guest sees at another address: behind the tables' arena. */
#define FOREIGN_GPA (2UL << 30)
#define FOREIGN_MAX (1UL << 20)
/* Granules begin above 4 GiB: below are the tables, and what some hosts reserve for themselves under 4 GiB. */
#define GRANULE_GPA (4UL << 30)

struct pt_granule {
	uint64_t va, gpa;
	uint32_t pieces; /* bit i: piece i has a slot */
	unsigned slots;
};

_Static_assert(PIECES == 32, "the pieces of a granule fit its bit map");

static int add_slot(struct pagetable *pt, uint64_t gpa, uint64_t hva, uint64_t size)
{
	int r;

	if (pt->slots >= pt->ops->max_slots)
		return -ENOMEM;
	r = pt->ops->add_slot(pt->ctx, GPA(gpa), hva, size);
	if (r == 0)
		pt->slots++;
	return r;
}

int pt_alloc_page(struct pagetable *pt, gpa_t *gpa, void **hva)
{
	if (pt->arena_used == pt->arena_mapped) {
		/* Double what the VM sees of the arena. */
		uint64_t grow = pt->arena_mapped ? pt->arena_mapped : ARENA_FIRST;
		int r;

		if (pt->arena_mapped + grow > pt->arena_size)
			return -ENOMEM;
		r = add_slot(pt, pt->arena_mapped, (uint64_t)(uintptr_t)pt->arena + pt->arena_mapped, grow);
		if (r)
			return r;
		pt->arena_mapped += grow;
	}
	*gpa = GPA(pt->arena_used);
	*hva = pt->arena + pt->arena_used;
	pt->arena_used += HK_PAGE_SIZE;
	pt->tables++;
	return 0;
}

int pt_init(struct pagetable *pt, const struct pt_ops *ops, void *ctx)
{
	gpa_t root;
	void *hva;
	int r;

	memset(pt, 0, sizeof(*pt));
	pt->ops = ops;
	pt->ctx = ctx;
	pt->next_gpa = GRANULE_GPA;
	pt->arena_size = ARENA_SIZE;
	pt->arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pt->arena == MAP_FAILED) {
		pt->arena = NULL;
		return -errno;
	}
	r = pt_alloc_page(pt, &root, &hva);
	if (r)
		pt_free(pt);
	return r;
}

void pt_free(struct pagetable *pt)
{
	if (pt->arena)
		munmap(pt->arena, pt->arena_size);
	free(pt->granules);
	memset(pt, 0, sizeof(*pt));
}

gpa_t pt_root(const struct pagetable *pt)
{
	(void)pt;
	return GPA(0); /* the first page that pt_init took */
}

/* The VM sees its tables: whatever a program that has become its master writes there must not lead out of the arena. */
static uint64_t *table_at(const struct pagetable *pt, uint64_t entry)
{
	HK_BUG_ON((entry & PTE_ADDRESS) >= pt->arena_used);
	return (uint64_t *)(pt->arena + (entry & PTE_ADDRESS));
}

/* The table that *entry points to, made if absent. NULL: no memory. */
static uint64_t *descend(struct pagetable *pt, uint64_t *entry)
{
	gpa_t gpa;
	void *hva;

	if (*entry & PTE_PRESENT)
		return table_at(pt, *entry);
	if (pt_alloc_page(pt, &gpa, &hva))
		return NULL;
	*entry = gpa.v | PTE_TABLE;
	return hva;
}

/* The page-directory entry of va, its tables made if absent. */
static uint64_t *directory_entry(struct pagetable *pt, uint64_t va)
{
	uint64_t *table = (uint64_t *)pt->arena;

	for (int shift = 39; shift > 21; shift -= 9) {
		table = descend(pt, &table[(va >> shift) & 511]);
		if (!table)
			return NULL;
	}
	return &table[(va >> 21) & 511];
}

/* ---- granules ---- */

/* The position of the granule of va, or of the first above it. */
static unsigned granule_position(const struct pagetable *pt, uint64_t va)
{
	unsigned low = 0, high = pt->granule_count;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (pt->granules[mid].va < va)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct pt_granule *granule_find(const struct pagetable *pt, uint64_t va)
{
	uint64_t base = hk_align_down(va, GRANULE_SIZE);
	unsigned i = granule_position(pt, base);

	return i < pt->granule_count && pt->granules[i].va == base ? &pt->granules[i] : NULL;
}

static struct pt_granule *granule_get(struct pagetable *pt, uint64_t va)
{
	struct pt_granule *g = granule_find(pt, va);
	uint64_t base = hk_align_down(va, GRANULE_SIZE);
	unsigned i;

	if (g)
		return g;
	if (pt->next_gpa + GRANULE_SIZE > 1UL << pt->ops->gpa_bits)
		return NULL;
	if (pt->granule_count == pt->granule_cap) {
		unsigned cap = pt->granule_cap ? pt->granule_cap * 2 : 16;
		struct pt_granule *p = realloc(pt->granules, cap * sizeof(*p));

		if (!p)
			return NULL;
		pt->granules = p;
		pt->granule_cap = cap;
	}
	i = granule_position(pt, base);
	memmove(&pt->granules[i + 1], &pt->granules[i], (pt->granule_count - i) * sizeof(*g));
	pt->granule_count++;
	g = &pt->granules[i];
	*g = (struct pt_granule){ .va = base, .gpa = pt->next_gpa };
	pt->next_gpa += GRANULE_SIZE;
	return g;
}

static int add_pieces(struct pagetable *pt, struct pt_granule *g, unsigned first, unsigned count)
{
	uint64_t offset = first * PIECE_SIZE;
	int r = add_slot(pt, g->gpa + offset, g->va + offset, count * PIECE_SIZE);

	if (r == 0) {
		g->pieces |= (uint32_t)(((1UL << count) - 1) << first);
		g->slots++;
	}
	return r;
}

/* Every piece that has no slot yet, in as few slots as possible. */
static int add_remaining(struct pagetable *pt, struct pt_granule *g)
{
	for (unsigned i = 0; i < PIECES;) {
		unsigned n = 0;
		int r;

		while (i + n < PIECES && !(g->pieces & (1u << (i + n))))
			n++;
		if (n) {
			r = add_pieces(pt, g, i, n);
			if (r)
				return r;
		}
		i += n ? n : 1;
	}
	return 0;
}

/* See that guest-physical memory stands behind va. 0, -ENOMEM, or -EAGAIN when lazy and there is none. */
static int back(struct pagetable *pt, uint64_t va, bool lazy, struct pt_granule **out)
{
	struct pt_granule *g = lazy ? granule_find(pt, va) : granule_get(pt, va);
	unsigned piece = (unsigned)((va % GRANULE_SIZE) / PIECE_SIZE);

	if (!g)
		return lazy ? -EAGAIN : -ENOMEM;
	*out = g;
	if (g->pieces & (1u << piece))
		return 0;
	if (lazy)
		return -EAGAIN;
	/* With the slots half gone, whole granules only. */
	if (g->slots < PIECES_SINGLY && pt->slots < pt->ops->max_slots / 2)
		return add_pieces(pt, g, piece, 1);
	return add_remaining(pt, g);
}

/* ---- entries ---- */

/* A table of 512 small pages saying what one large entry at gpa, with these flags, says. */
static int make_small(struct pagetable *pt, uint64_t *entry, uint64_t gpa, uint64_t flags)
{
	gpa_t table_gpa;
	uint64_t *table;
	void *hva;
	int r = pt_alloc_page(pt, &table_gpa, &hva);

	if (r)
		return r;
	table = hva;
	for (unsigned i = 0; i < 512; i++)
		table[i] = (gpa + i * HK_PAGE_SIZE) | flags;
	pt->entries_4k += 512;
	if (*entry & PTE_PRESENT)
		pt->entries_2m--;
	__atomic_store_n(entry, table_gpa.v | PTE_TABLE, __ATOMIC_RELEASE);
	return 0;
}

static void allow_small(uint64_t *table, uint64_t start, uint64_t end)
{
	for (uint64_t va = start; va < end; va += HK_PAGE_SIZE)
		__atomic_fetch_and(&table[(va >> 12) & 511], ~PTE_NX, __ATOMIC_RELEASE);
}

/* Make [start, end), which lies in one 2 MiB block and has a present entry, executable. */
static int allow_block(struct pagetable *pt, uint64_t *entry, uint64_t start, uint64_t end)
{
	if (*entry & PTE_LARGE) {
		int r;

		if (!(*entry & PTE_NX))
			return 0;
		if (end - start == LARGE_SIZE) {
			__atomic_fetch_and(entry, ~PTE_NX, __ATOMIC_RELEASE);
			return 0;
		}
		r = make_small(pt, entry, *entry & PTE_ADDRESS, PTE_LEAF | PTE_NX);
		if (r)
			return r;
	}
	allow_small(table_at(pt, *entry), start, end);
	return 0;
}

/*
 * Map the block that [start, end) lies in. The whole block gets entries, also where the range covers a part of it: the host
 * mapping decides what can be touched, so an entry too many gives nothing away.
 */
static int map_block(struct pagetable *pt, uint64_t start, uint64_t end, bool exec, bool lazy)
{
	uint64_t block = hk_align_down(start, LARGE_SIZE);
	struct pt_granule *g;
	uint64_t *entry, gpa;
	int r = back(pt, start, lazy, &g);

	if (r == -EAGAIN)
		return 0;
	if (r)
		return r;
	entry = directory_entry(pt, start);
	if (!entry)
		return -ENOMEM;
	gpa = g->gpa + block % GRANULE_SIZE;
	if (!(*entry & PTE_PRESENT)) {
		if (exec && end - start < LARGE_SIZE) {
			r = make_small(pt, entry, gpa, PTE_LEAF | PTE_NX);
			if (r)
				return r;
		} else {
			__atomic_store_n(entry, gpa | PTE_LEAF | PTE_LARGE | (exec ? 0 : PTE_NX), __ATOMIC_RELEASE);
			pt->entries_2m++;
			return 0;
		}
	}
	return exec ? allow_block(pt, entry, start, end) : 0;
}

int pt_map(struct pagetable *pt, uint64_t start, uint64_t end, bool exec, bool lazy)
{
	while (start < end) {
		uint64_t stop = hk_min(end, hk_align_down(start, LARGE_SIZE) + LARGE_SIZE);
		int r;

		/* Nothing of this granule is backed: step over it at once (reservations may span terabytes). */
		if (lazy && !granule_find(pt, start)) {
			start = hk_align_down(start, GRANULE_SIZE) + GRANULE_SIZE;
			continue;
		}
		r = map_block(pt, start, stop, exec, lazy);
		if (r)
			return r;
		start = stop;
	}
	return 0;
}

/* The page-directory entry of va if all tables above are there, else NULL. */
static uint64_t *directory_lookup(const struct pagetable *pt, uint64_t va)
{
	uint64_t *table = (uint64_t *)pt->arena;

	for (int shift = 39; shift > 21; shift -= 9) {
		uint64_t e = table[(va >> shift) & 511];

		if (!(e & PTE_PRESENT))
			return NULL;
		table = table_at(pt, e);
	}
	return &table[(va >> 21) & 511];
}

int pt_map_gate(struct pagetable *pt, uint64_t va, gpa_t gpa, bool user, bool write, bool exec)
{
	uint64_t *entry = directory_entry(pt, va);
	uint64_t *table = entry ? descend(pt, entry) : NULL;

	if (!table)
		return -ENOMEM;
	HK_BUG_ON(va < HK_GUEST_MAX);
	table[(va >> 12) & 511] = gpa.v | PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | (user ? PTE_USER : 0) |
				  (write ? PTE_WRITE : 0) | (exec ? 0 : PTE_NX);
	return 0;
}

int pt_map_foreign(struct pagetable *pt, uint64_t va, uint64_t hva, uint64_t size)
{
	int r = size > FOREIGN_MAX ? -EINVAL : add_slot(pt, FOREIGN_GPA, hva, size);

	/* As if executable: that makes the small pages, whose entries are then replaced. */
	if (r == 0)
		r = pt_map(pt, va, va + size, true, false);
	for (uint64_t at = 0; r == 0 && at < size; at += HK_PAGE_SIZE) {
		uint64_t *table = table_at(pt, *directory_lookup(pt, va + at));

		table[((va + at) >> 12) & 511] = (FOREIGN_GPA + at) | (PTE_LEAF & ~PTE_WRITE) | PTE_NX;
	}
	return r;
}

bool pt_lookup(const struct pagetable *pt, uint64_t va, gpa_t *gpa, uint64_t *flags)
{
	uint64_t *entry = directory_lookup(pt, va);
	uint64_t e = entry ? *entry : 0;

	if (!(e & PTE_PRESENT))
		return false;
	if (e & PTE_LARGE) {
		*gpa = GPA((e & PTE_ADDRESS) + va % LARGE_SIZE);
	} else {
		e = table_at(pt, e)[(va >> 12) & 511];
		if (!(e & PTE_PRESENT))
			return false;
		*gpa = GPA((e & PTE_ADDRESS) + va % HK_PAGE_SIZE);
	}
	*flags = e & ~PTE_ADDRESS;
	return true;
}
