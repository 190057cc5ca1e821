/* SPDX-License-Identifier: Apache-2.0 */
#include "mm/ptwalk.h"

#include "mm/pte.h"

#define ENTRIES 512

static unsigned shift_of(int level)
{
	return 12 + 9 * (unsigned)(level - 1);
}

const uint64_t *pt_table(const struct pagetable *pt, gpa_t table)
{
	bool ours = table.v % HK_PAGE_SIZE == 0 && table.v < pt->arena_used;

	return ours ? (const uint64_t *)(pt->arena + table.v) : NULL;
}

static struct pt_entry entry_at(gpa_t table, const uint64_t *entries, int level, unsigned index, uint64_t base)
{
	uint64_t value = __atomic_load_n(&entries[index], __ATOMIC_ACQUIRE);

	return (struct pt_entry){ .level = level,
				  .index = index,
				  .table = table,
				  .va = base + ((uint64_t)index << shift_of(level)),
				  .size = 1UL << shift_of(level),
				  .value = value,
				  .leaf = (value & PTE_PRESENT) && (level == 1 || (value & PTE_LARGE)) };
}

int pt_walk(const struct pagetable *pt, uint64_t va, struct pt_entry step[PT_LEVELS])
{
	gpa_t table = pt_root(pt);
	uint64_t base = 0;
	int n = 0;

	for (int level = PT_LEVELS; level > 0; level--) {
		const uint64_t *entries = pt_table(pt, table);
		struct pt_entry *e = &step[n];

		if (!entries)
			break;
		*e = entry_at(table, entries, level, (va >> shift_of(level)) % ENTRIES, base);
		n++;
		if (e->leaf || !(e->value & PTE_PRESENT))
			break;
		base = e->va;
		table = GPA(e->value & PTE_ADDRESS);
	}
	return n;
}

static int visit(const struct pagetable *pt, gpa_t table, int level, uint64_t base,
		 int (*cb)(const struct pt_entry *e, void *ctx), void *ctx)
{
	const uint64_t *entries = pt_table(pt, table);
	int r = 0;

	for (unsigned i = 0; entries && i < ENTRIES && r == 0; i++) {
		struct pt_entry e = entry_at(table, entries, level, i, base);

		if (!(e.value & PTE_PRESENT))
			continue;
		r = cb(&e, ctx);
		if (r == 0 && !e.leaf)
			r = visit(pt, GPA(e.value & PTE_ADDRESS), level - 1, e.va, cb, ctx);
	}
	return r;
}

int pt_visit(const struct pagetable *pt, int (*cb)(const struct pt_entry *e, void *ctx), void *ctx)
{
	return visit(pt, pt_root(pt), PT_LEVELS, 0, cb, ctx);
}
