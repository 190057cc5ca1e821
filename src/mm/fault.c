/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: what the VMA tree says of an access, page-table entries on demand, stacks that grow. And looking at the tree. */
#include "mm/mm.h"

#include "base/hostcall.h"
#include "mm/internal.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define STACK_GUARD (256 * HK_PAGE_SIZE) /* as the kernel's stack_guard_gap */
#define STACK_MAX   (8UL << 20)          /* how far a MAP_GROWSDOWN mapping may grow in all */
#define FILL_AROUND (32UL << 20) /* entries are added for this much around a fault, where slots are there already */

/* Grow a MAP_GROWSDOWN mapping down to addr, if that is what an access there means. */
static struct vma *grow_stack(struct mm *mm, uint64_t addr)
{
	struct vma *v = vma_find_from(&mm->vmas, addr), *below, more;
	uint64_t start = hk_align_down(addr, HK_PAGE_SIZE);

	if (!v || !(v->flags & VMA_GROWSDOWN) || v->file || v->end - start > STACK_MAX)
		return NULL;
	/* Room is kept to what can be touched by mistake; to a guard or another stack it is not. */
	below = vma_find(&mm->vmas, v->start - v->gap - 1);
	if (below && below->prot != PROT_NONE && !(below->flags & VMA_GROWSDOWN) && start - below->end < STACK_GUARD)
		return NULL;
	more = *v;
	more.start = start;
	more.end = v->start;
	if (hk_hostcall_sure(SYS_mmap, more.start, more.end - more.start, mm_host_prot(more.prot),
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) < 0)
		return NULL;
	if (vma_insert(&mm->vmas, &more)) {
		hk_hostcall_sure(SYS_munmap, more.start, more.end - more.start);
		return NULL;
	}
	return vma_find(&mm->vmas, addr);
}

static enum mm_verdict judge(struct mm *mm, uint64_t addr, enum mm_access access, struct vma **out)
{
	struct vma *v = addr < HK_GUEST_MAX ? vma_find(&mm->vmas, addr) : NULL;

	if (!v && addr >= HK_GUEST_MIN && addr < HK_GUEST_MAX)
		v = grow_stack(mm, addr);
	if (!v)
		return MM_MAPERR;
	*out = v;
	if ((access & MM_WRITE) && !(v->prot & PROT_WRITE))
		return MM_ACCERR;
	if ((access & MM_EXEC) && !(v->prot & PROT_EXEC))
		return MM_ACCERR;
	return v->prot == PROT_NONE ? MM_ACCERR : MM_RESUME;
}

enum mm_verdict mm_check(struct mm *mm, gva_t addr, enum mm_access access)
{
	enum mm_verdict verdict;
	struct vma *v;

	pthread_mutex_lock(&mm->lock);
	verdict = judge(mm, addr.v, access, &v);
	pthread_mutex_unlock(&mm->lock);
	return verdict;
}

enum mm_verdict mm_fault(struct mm *mm, gva_t addr, enum mm_access access)
{
	enum mm_verdict verdict;
	struct vma *v = NULL;

	pthread_mutex_lock(&mm->lock);
	verdict = judge(mm, addr.v, access, &v);
	if (verdict == MM_RESUME) {
		uint64_t page = hk_align_down(addr.v, HK_PAGE_SIZE), around = hk_align_down(addr.v, FILL_AROUND);
		bool exec = v->prot & PROT_EXEC;

		if (pt_map(&mm->pt, page, page + HK_PAGE_SIZE, exec, false))
			verdict = MM_MAPERR; /* no page-table memory or guest-physical space left */
		else
			(void)!pt_map(&mm->pt, hk_max(v->start, around), hk_min(v->end, around + FILL_AROUND), exec,
				      true);
	}
	pthread_mutex_unlock(&mm->lock);
	return verdict;
}

int mm_walk(struct mm *mm, int (*cb)(const struct vma *v, void *ctx), void *ctx)
{
	int r = 0;

	pthread_mutex_lock(&mm->lock);
	for (struct vma *v = vma_first(&mm->vmas); v && r == 0; v = vma_next(v))
		r = cb(v, ctx);
	pthread_mutex_unlock(&mm->lock);
	return r;
}

bool mm_describe(struct mm *mm, gva_t addr, struct mm_vma_info *out)
{
	struct vma *v;

	pthread_mutex_lock(&mm->lock);
	v = vma_find(&mm->vmas, addr.v);
	if (v) {
		*out = (struct mm_vma_info){
			.start = v->start, .end = v->end, .offset = v->offset, .prot = v->prot, .flags = v->flags
		};
		snprintf(out->path, sizeof(out->path), "%s", v->file ? v->file->path : vma_kind_name(v->kind));
	}
	pthread_mutex_unlock(&mm->lock);
	return v != NULL;
}
