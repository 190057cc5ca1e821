/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remap_file_pages(2). Since Linux 4.0 the kernel makes a new mapping of another part of the same file in place of the old one; so does the host here, and the
 * tree is told.
 */
#include "mm/mm.h"

#include "base/hostcall.h"
#include "mm/internal.h"

#include <errno.h>

/* The host has moved the window: write it down. Out of memory half-way leaves a hole rather than something the tree does not know. */
static int record_window(struct mm *mm, const struct vma *was, uint64_t start, uint64_t end, uint64_t pgoff)
{
	struct mm_charge old = mm_charged(mm, start, end);
	struct vma now = *was;
	int r;

	now.start = start;
	now.end = end;
	if (now.file) {
		now.file->refs++; /* `was` may go away below */
		now.offset = pgoff * HK_PAGE_SIZE;
	}
	r = vma_remove(&mm->vmas, start, end);
	if (r == 0)
		r = vma_insert(&mm->vmas, &now);
	if (r)
		hk_hostcall_sure(SYS_munmap, start, end - start);
	else
		mm_recharge(mm, old, mm_charge_of(&now, end - start));
	vma_file_put(now.file);
	return r;
}

static int64_t remap_window(struct mm *mm, uint64_t start, uint64_t size, int prot, uint64_t pgoff, int flags)
{
	struct vma *v = vma_find(&mm->vmas, start);
	int64_t r;

	if (!v || !(v->flags & VMA_SHARED))
		return -EINVAL;
	if (vma_any(&mm->vmas, start, start + size, VMA_SEALED))
		return -EPERM;
	r = hk_hostcall_sure(SYS_remap_file_pages, start, size, prot, pgoff, flags);
	return r ? r : record_window(mm, v, start, start + size, pgoff);
}

int64_t mm_remap_file_pages(struct mm *mm, gva_t start, uint64_t size, int prot, uint64_t pgoff, int flags)
{
	int64_t r;

	start.v = hk_align_down(start.v, HK_PAGE_SIZE);
	size = hk_align_down(size, HK_PAGE_SIZE);
	if (size == 0 || !gva_range_ok(start, size))
		return -EINVAL;
	pthread_mutex_lock(&mm->lock);
	r = remap_window(mm, start.v, size, prot, pgoff, flags);
	pthread_mutex_unlock(&mm->lock);
	return r;
}
