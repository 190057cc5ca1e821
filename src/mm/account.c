/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory the guest has asked for, and the limits on it: --mem, RLIMIT_AS, RLIMIT_DATA. */
#include "mm/internal.h"

#include <sys/mman.h>
#include <sys/resource.h>

/* --mem counts what needs memory of its own: what can be written privately, and shared memory without a file. RLIMIT_DATA counts the
 * first only. The main stack is left out of both: it has a limit of its own. */
struct mm_charge mm_charge_of(const struct vma *v, uint64_t len)
{
	bool private = !(v->flags & VMA_SHARED) && (v->prot & PROT_WRITE), shared = (v->flags & VMA_SHARED) && !v->file;

	if (v->kind == VMA_STACK)
		return (struct mm_charge){ 0 };
	return (struct mm_charge){ .committed = private || shared ? len : 0, .data = private ? len : 0 };
}

struct mm_charge mm_charged(const struct mm *mm, uint64_t start, uint64_t end)
{
	struct mm_charge sum = { 0 };

	for (struct vma *v = vma_find_from(&mm->vmas, start); v && v->start < end; v = vma_next(v)) {
		struct mm_charge c = mm_charge_of(v, hk_min(v->end, end) - hk_max(v->start, start));

		sum.committed += c.committed;
		sum.data += c.data;
	}
	return sum;
}

void mm_recharge(struct mm *mm, struct mm_charge less, struct mm_charge more)
{
	mm->committed += more.committed - less.committed;
	mm->data += more.data - less.data;
	mm->peak_committed = hk_max(mm->peak_committed, mm->committed);
	mm->peak_size = hk_max(mm->peak_size, mm->vmas.bytes);
}

/* Does `now` with more added and less taken away stay below limit? Only growth is refused. */
static bool fits(uint64_t now, uint64_t more, uint64_t less, uint64_t limit)
{
	return more <= less || (more - less <= limit && now <= limit - (more - less));
}

bool mm_within_limits(const struct mm *mm, uint64_t space, struct mm_charge more, struct mm_charge less)
{
	return (mm->rlim_as == RLIM_INFINITY || fits(mm->vmas.bytes, space, 0, mm->rlim_as)) &&
	       (mm->rlim_data == RLIM_INFINITY || fits(mm->data, more.data, less.data, mm->rlim_data)) &&
	       (mm->limit == 0 || fits(mm->committed, more.committed, less.committed, mm->limit));
}
