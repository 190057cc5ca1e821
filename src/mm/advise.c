/* SPDX-License-Identifier: Apache-2.0 */
/* madvise and the mlock family: the host's own, on the guest's range only. */
#include "mm/mm.h"

#include "base/hostcall.h"

#include <errno.h>
#include <sys/mman.h>

static bool range_ok(gva_t addr, uint64_t len)
{
	return len <= HK_GUEST_MAX && addr.v <= HK_GUEST_MAX - len && addr.v >= HK_GUEST_MIN;
}

static bool advice_allowed(int advice)
{
	switch (advice) {
	case MADV_HWPOISON:
	case 101: /* MADV_SOFT_OFFLINE: both hurt the host's memory, not the guest's */
		return false;
	default:
		return true;
	}
}

int64_t mm_advise(struct mm *mm, gva_t addr, uint64_t len, int advice)
{
	int64_t r;

	if (!advice_allowed(advice))
		return -EPERM;
	if (addr.v & HK_PAGE_MASK)
		return -EINVAL;
	if (!range_ok(addr, len))
		return len == 0 ? 0 : -ENOMEM;
	pthread_mutex_lock(&mm->lock);
	r = vma_any(&mm->vmas, addr.v, addr.v + len, VMA_SEALED) ? -EPERM
								 : hk_hostcall_sure(SYS_madvise, addr.v, len, advice);
	pthread_mutex_unlock(&mm->lock);
	return r;
}

static void mark(struct mm *mm, uint64_t start, uint64_t end, unsigned flags)
{
	start = hk_align_down(start, HK_PAGE_SIZE);
	end = hk_align_up(end, HK_PAGE_SIZE);
	while (start < end) {
		struct vma *v = vma_find_from(&mm->vmas, start);
		uint64_t stop;

		if (!v || v->start >= end)
			return;
		start = hk_max(start, v->start);
		stop = hk_min(end, v->end);
		/* No memory to split: the mark is for /proc only, the host has locked what it has locked. */
		(void)!vma_update(&mm->vmas, start, stop, v->prot, VMA_LOCKED, flags);
		start = stop;
	}
}

int64_t mm_lock(struct mm *mm, gva_t addr, uint64_t len, int flags)
{
	int64_t r;

	if (len && !range_ok(addr, len))
		return -ENOMEM;
	pthread_mutex_lock(&mm->lock);
	r = hk_hostcall_sure(SYS_mlock2, addr.v, len, flags);
	if (r == 0 && len)
		mark(mm, addr.v, addr.v + len, VMA_LOCKED);
	pthread_mutex_unlock(&mm->lock);
	return r;
}

int64_t mm_unlock(struct mm *mm, gva_t addr, uint64_t len)
{
	int64_t r;

	if (len && !range_ok(addr, len))
		return -ENOMEM;
	pthread_mutex_lock(&mm->lock);
	r = hk_hostcall_sure(SYS_munlock, addr.v, len);
	if (r == 0 && len)
		mark(mm, addr.v, addr.v + len, 0);
	pthread_mutex_unlock(&mm->lock);
	return r;
}

/* The host's mlockall would lock the monitor too: go mapping by mapping. */
int64_t mm_lock_all(struct mm *mm, int flags)
{
	int64_t r = 0;

	if (!flags || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
		return -EINVAL;
	pthread_mutex_lock(&mm->lock);
	if (flags & MCL_CURRENT)
		for (struct vma *v = vma_first(&mm->vmas); v && r == 0; v = vma_next(v)) {
			if (v->prot == PROT_NONE)
				continue;
			r = hk_hostcall_sure(SYS_mlock2, v->start, v->end - v->start,
					     flags & MCL_ONFAULT ? MLOCK_ONFAULT : 0);
			v->flags |= r == 0 ? VMA_LOCKED : 0;
		}
	if (r == 0)
		mm->lock_future = flags & MCL_FUTURE ? flags : 0;
	pthread_mutex_unlock(&mm->lock);
	return r;
}

int64_t mm_unlock_all(struct mm *mm)
{
	pthread_mutex_lock(&mm->lock);
	mm->lock_future = 0;
	for (struct vma *v = vma_first(&mm->vmas); v; v = vma_next(v)) {
		hk_hostcall_sure(SYS_munlock, v->start, v->end - v->start);
		v->flags &= ~VMA_LOCKED;
	}
	pthread_mutex_unlock(&mm->lock);
	return 0;
}
