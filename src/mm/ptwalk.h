/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the guest's page tables, as its processor does: for those who want to see them. Not thread-safe: struct mm's lock guards them. */
#ifndef HK_MM_PTWALK_H
#define HK_MM_PTWALK_H

#include "mm/pagetable.h"

#define PT_LEVELS 4

/* An entry of a table. */
struct pt_entry {
	int level; /* of the table it stands in: 4 the top … 1 the one whose entries are 4 KiB pages */
	unsigned index;
	gpa_t table;       /* that table's page */
	uint64_t va, size; /* the virtual range that the entry stands for */
	uint64_t value;    /* the entry itself: pte.h */
	bool leaf;         /* it maps memory; else the next table, or nothing */
};

/* The entries that lead to va, the top first, down to the leaf or to one that is not present: how many they are. */
int pt_walk(const struct pagetable *pt, uint64_t va, struct pt_entry step[PT_LEVELS]);
/* Each present entry, a table before what is in it, in the order of addresses. Stops when cb returns non-zero and returns that. */
int pt_visit(const struct pagetable *pt, int (*cb)(const struct pt_entry *e, void *ctx), void *ctx);
/* The monitor's own address of a table's page; NULL if it is none of the tables' memory (the guest's master may have written there). */
const uint64_t *pt_table(const struct pagetable *pt, gpa_t table);

#endif
