/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory before it is touched. Where KVM shadows page tables, the guest's first touch of a page costs as much as a third of an exit, whether the host has the
 * page already or not, but KVM takes up to seven neighbours along if it finds them there and writable. So small private mappings are filled when they are
 * made, and large ones may have huge pages, as under "always" in transparent_hugepage/enabled. All this is advice: nothing depends on it, errors do not matter.
 */
#include "mm/internal.h"

#include "base/hostcall.h"

#include <sys/mman.h>

#define FILL_LEAST                                                                                                     \
	(128UL                                                                                                         \
	 << 10) /* anonymous memory, as an allocator asks for it; what is smaller is left as it is, for who looks at it (mapspages) */
#define FILL_MOST      (1UL << 20)   /* most of what is asked for in such pieces is used */
#define FILL_FILE_MOST (128UL << 10) /* a library's data: each page filled is a page copied */
#define FILL_TOP       (16UL << 10)  /* of what is too large to be filled: a thread's stack begins at its end */
#define FILL_STACK     (8UL << 10)
#define HUGE_PAGE      (2UL << 20)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

uint64_t mm_ahead_align(const struct mm *mm, uint64_t len, int flags)
{
	bool may_be_huge = (flags & MAP_ANONYMOUS) && (flags & MAP_TYPE) == MAP_PRIVATE && !(flags & MAP_STACK);

	return mm->ahead && may_be_huge && len >= HUGE_PAGE ? HUGE_PAGE : HK_PAGE_SIZE;
}

static void fill(uint64_t start, uint64_t end)
{
	hk_hostcall_sure(SYS_madvise, start, end - start, MADV_POPULATE_WRITE);
}

static bool is_private_data(const struct vma *v)
{
	return !(v->flags & VMA_SHARED) && (v->prot & PROT_WRITE) && v->kind != VMA_STACK;
}

/* Is [start, end) of v small enough to be filled, and large enough? A heap is filled from its first page on. */
static bool is_small(const struct vma *v, uint64_t size)
{
	return v->file ? size <= FILL_FILE_MOST : size <= FILL_MOST && (size >= FILL_LEAST || v->kind == VMA_HEAP);
}

void mm_ahead(const struct mm *mm, const struct vma *v, uint64_t start, uint64_t end)
{
	if (!mm->ahead || v->file || !is_private_data(v))
		return;
	if (is_small(v, end - start))
		fill(start, end);
	else if (end - start >= HUGE_PAGE && !(v->flags & (VMA_NORESERVE | VMA_GROWSDOWN)))
		hk_hostcall_sure(SYS_madvise, start, end - start, MADV_HUGEPAGE);
}

void mm_ahead_mapped(const struct mm *mm, const struct vma *v, int flags)
{
	/* Until it is touched, a private mapping shows what others write to its file; nobody writes to what a dynamic linker maps, with this flag. */
	bool library = v->file && (flags & MAP_DENYWRITE);

	if (mm->ahead && library && is_private_data(v) && is_small(v, v->end - v->start))
		fill(v->start, v->end);
	else if (!(flags & MAP_STACK))
		mm_ahead(mm, v, v->start, v->end);
}

void mm_ahead_opened(const struct mm *mm, const struct vma *v, uint64_t start, uint64_t end)
{
	if (mm->ahead && !v->file && (v->prot & PROT_WRITE) && !(v->flags & VMA_SHARED) && end - start > FILL_MOST)
		fill(end - FILL_TOP, end);
	else
		mm_ahead(mm, v, start, end);
}

void mm_ahead_stack(const struct mm *mm, uint64_t start, uint64_t end)
{
	if (mm->ahead)
		fill(hk_align_down(start, HK_PAGE_SIZE), end);
}

void mm_ahead_forked(const struct mm *mm, uint64_t sp)
{
	uint64_t page = hk_align_down(sp, HK_PAGE_SIZE), left = FILL_MOST;

	if (!mm->ahead)
		return;
	if (gva_range_ok(GVA(page - FILL_STACK), 2 * FILL_STACK))
		fill(page - FILL_STACK, page + FILL_STACK);
	for (struct vma *v = vma_first(&mm->vmas); v; v = vma_next(v)) {
		uint64_t size = v->end - v->start;

		if (!is_private_data(v) || (v->flags & (VMA_NORESERVE | VMA_GROWSDOWN)) || !is_small(v, size) ||
		    size > left)
			continue;
		fill(v->start, v->end);
		left -= size;
	}
}
