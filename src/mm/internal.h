/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of mm/ share among themselves. */
#ifndef HK_MM_INTERNAL_H
#define HK_MM_INTERNAL_H

#include "mm/mm.h"

/* Bytes that count against the limits. */
struct mm_charge {
	uint64_t committed, data;
};

/* What len bytes of a mapping like v count for; what [start, end) counts for now. */
struct mm_charge mm_charge_of(const struct vma *v, uint64_t len);
struct mm_charge mm_charged(const struct mm *mm, uint64_t start, uint64_t end);
/* May `space` bytes of address space and the charge `more` be added when `less` goes? */
bool mm_within_limits(const struct mm *mm, uint64_t space, struct mm_charge more, struct mm_charge less);
void mm_recharge(struct mm *mm, struct mm_charge less, struct mm_charge more);

static inline void mm_code_changing(const struct mm *mm, uint64_t start, uint64_t end)
{
	if (mm->code_watch.changing)
		mm->code_watch.changing(mm->code_watch.ctx, start, end);
}

/* Free space for len bytes, at `hint` if it is free; 0 if there is none. */
uint64_t mm_find_place(const struct mm *mm, uint64_t hint, uint64_t len, int flags);
/* munmap with the lock held; start and end are whole pages. */
int64_t mm_unmap_locked(struct mm *mm, uint64_t start, uint64_t end);

/*
 * Where a first touch is dear: the alignment that lets a new mapping have huge pages; fill or prepare what has come: a mapping made with these flags, [start,
 * end) that an anonymous one has grown by, or that has become writable (if it is large: a thread's stack, or a heap that opens its memory as it grows).
 */
uint64_t mm_ahead_align(const struct mm *mm, uint64_t len, int flags);
void mm_ahead_mapped(const struct mm *mm, const struct vma *v, int flags);
void mm_ahead(const struct mm *mm, const struct vma *v, uint64_t start, uint64_t end);
void mm_ahead_opened(const struct mm *mm, const struct vma *v, uint64_t start, uint64_t end);

/* The protection of the host mapping behind a guest mapping with this one. */
int mm_host_prot(int prot);

#endif
