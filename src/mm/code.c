/* SPDX-License-Identifier: Apache-2.0 */
/* Code that the monitor changes or adds: for the gate, which replaces system calls by jumps. The guest's own view of protections stays as it was. */
#include "mm/mm.h"

#include "base/hostcall.h"
#include "mm/internal.h"
#include "mm/uaccess.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* A heap that is in use may want to grow this far. */
#define HEAP_ROOM (16UL << 30)

static bool is_heap_room(const struct mm *mm, uint64_t at)
{
	return mm->brk > mm->brk_start && at >= mm->brk_start && at < mm->brk_start + HEAP_ROOM;
}

static uint64_t choose(const struct mm *mm, uint64_t near, uint64_t reach, uint64_t exact)
{
	uint64_t low = near > HK_GUEST_MIN + reach ? near - reach : HK_GUEST_MIN, at = exact;

	if (exact) {
		const struct vma *v = vma_find_from(&mm->vmas, exact);

		if (exact < HK_GUEST_MIN || exact >= HK_GUEST_MAX || (v && v->start < exact + HK_PAGE_SIZE))
			return 0;
	} else {
		/* Below the code, where the heap is not. */
		at = vma_find_gap(&mm->vmas, HK_PAGE_SIZE, low, near, HK_PAGE_SIZE);
		if (!at)
			at = vma_find_gap(&mm->vmas, HK_PAGE_SIZE, near, hk_min(near + reach, HK_GUEST_MAX),
					  HK_PAGE_SIZE);
	}
	return is_heap_room(mm, at) ? 0 : at;
}

uint64_t mm_code_page(struct mm *mm, uint64_t near, uint64_t reach, uint64_t exact)
{
	uint64_t at = choose(mm, near, reach, exact);
	const struct vma v = { .start = at, .end = at + HK_PAGE_SIZE, .prot = PROT_READ | PROT_EXEC, .kind = VMA_GATE };

	if (!at || hk_hostcall_sure(SYS_mmap, at, HK_PAGE_SIZE, mm_host_prot(v.prot),
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) < 0)
		return 0;
	if (vma_insert(&mm->vmas, &v) || pt_map(&mm->pt, v.start, v.end, true, false)) {
		(void)!vma_remove(&mm->vmas, v.start, v.end);
		hk_hostcall_sure(SYS_munmap, at, HK_PAGE_SIZE);
		return 0;
	}
	return at;
}

/* Change len bytes within one aligned word of eight by one store. */
static int store(uint64_t at, const void *bytes, size_t len)
{
	uint64_t word = hk_align_down(at, 8), value;
	int r = get_guest(&value, GVA(word));

	if (r)
		return r;
	memcpy((uint8_t *)&value + (at - word), bytes, len);
	return store_guest(GVA(word), value);
}

int mm_code_write(struct mm *mm, uint64_t at, const void *bytes, size_t len, bool at_once)
{
	const struct vma *v = vma_find(&mm->vmas, at);
	uint64_t start = hk_align_down(at, HK_PAGE_SIZE), size = hk_align_up(at + len, HK_PAGE_SIZE) - start;
	int64_t r;

	if (!v || at + len > v->end)
		return -EFAULT;
	r = hk_hostcall_sure(SYS_mprotect, start, size, PROT_READ | PROT_WRITE);
	if (r)
		return (int)r;
	r = at_once ? store(at, bytes, len) : copy_to_guest(GVA(at), bytes, len);
	hk_hostcall_sure(SYS_mprotect, start, size, mm_host_prot(v->prot));
	return (int)r;
}

bool mm_code_constant(struct mm *mm, uint64_t start, uint64_t end)
{
	const struct vma *v = vma_find(&mm->vmas, start);

	return v && end <= v->end && v->kind == VMA_PLAIN && (v->prot & PROT_EXEC) && !(v->prot & PROT_WRITE) &&
	       !(v->flags & (VMA_SHARED | VMA_WRITTEN));
}
