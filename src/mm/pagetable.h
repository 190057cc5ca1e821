/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's page tables, and how guest-physical space is dealt out (DESIGN D3). Entries are only ever added (not present →
 * present, NX → executable, one 2 MiB entry → 512 of 4 KiB that say the same): a KVM that shadows page tables never re-reads an
 * entry it has seen present. Protection is the host mapping's business. Not thread-safe: struct mm's lock guards it.
 */
#ifndef HK_MM_PAGETABLE_H
#define HK_MM_PAGETABLE_H

#include "base/compiler.h"
#include "mm/gva.h"

/* What vmm/ (or a test) does for us. */
struct pt_ops {
	/* Make guest-physical [gpa, gpa+size) the host memory at hva, for good. 0 or -errno. */
	int (*add_slot)(void *ctx, gpa_t gpa, uint64_t hva, uint64_t size);
	unsigned max_slots;
	unsigned gpa_bits; /* width of a guest-physical address */
};

struct pt_granule;

struct pagetable {
	const struct pt_ops *ops;
	void *ctx;
	uint8_t *arena; /* host memory of all table pages; guest-physical PT_ARENA_GPA upwards */
	uint64_t arena_used, arena_mapped, arena_size;
	struct pt_granule *granules; /* sorted by virtual address */
	unsigned granule_count, granule_cap;
	uint64_t next_gpa;
	/* figures for --stats */
	unsigned slots;
	uint64_t entries_2m, entries_4k, tables;
};

HK_MUST_CHECK int pt_init(struct pagetable *pt, const struct pt_ops *ops, void *ctx);
void pt_free(struct pagetable *pt);
/* The guest-physical address of the top-level table, for CR3. */
gpa_t pt_root(const struct pagetable *pt);

/* Map [start, end) of the guest's virtual space, executable or not; entries that are there stay, or become executable. With lazy, only those parts
 * that already have a memory slot are filled; the rest comes by faults. 0, or -ENOMEM when slots, guest-physical space or table pages run out. */
HK_MUST_CHECK int pt_map(struct pagetable *pt, uint64_t start, uint64_t end, bool exec, bool lazy);
/* Map one page of the monitor's own (the gate) at a virtual address above HK_GUEST_MAX. */
HK_MUST_CHECK int pt_map_gate(struct pagetable *pt, uint64_t va, gpa_t gpa, bool user, bool write, bool exec);
/* Let [va, va+size) of the guest show the monitor's memory at hva, read-only: the one exception to "same address". Once, before the guest has
 * touched the range; nothing else may ever be mapped there. 0 or -errno. */
HK_MUST_CHECK int pt_map_foreign(struct pagetable *pt, uint64_t va, uint64_t hva, uint64_t size);
/* Table pages and gate pages come from here: one zeroed page, its host address in *hva. -ENOMEM when full. */
HK_MUST_CHECK int pt_alloc_page(struct pagetable *pt, gpa_t *gpa, void **hva);

/* Look up a virtual address: true and *gpa, *flags (the entry's bits) if present. */
bool pt_lookup(const struct pagetable *pt, uint64_t va, gpa_t *gpa, uint64_t *flags);

#endif
