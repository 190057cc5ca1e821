/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/robust.h"

#include "base/hostcall.h"
#include "kern/task.h"
#include "mm/uaccess.h"

#include <linux/futex.h>

#define PI_FLAG 1UL /* in a list pointer */

/* One mutex's word. False: the list is not to be trusted any further. */
static bool mark(const struct hk_task *t, uint64_t at, bool pi, bool pending)
{
	uint32_t seen, was;

	if (at % sizeof(seen) || get_guest(&seen, GVA(at)))
		return false;
	/* Between unlocking and waking somebody: the word is free, the waiter still asleep. */
	if (pending && !pi && !seen)
		hk_hostcall_sure(SYS_futex, at, FUTEX_WAKE, 1, 0, 0, 0);
	do {
		if ((seen & FUTEX_TID_MASK) != (uint32_t)t->tid)
			return true;
		was = seen;
		if (uaccess_exchange(GVA(at), &seen, (was & FUTEX_WAITERS) | FUTEX_OWNER_DIED))
			return false;
	} while (seen != was);
	if (!pi && (was & FUTEX_WAITERS))
		hk_hostcall_sure(SYS_futex, at, FUTEX_WAKE, 1, 0, 0, 0);
	return true;
}

static bool mark_entry(const struct hk_task *t, const struct robust_list_head *head, uint64_t entry, bool pending)
{
	return mark(t, (entry & ~PI_FLAG) + (uint64_t)head->futex_offset, entry & PI_FLAG, pending);
}

void robust_end(struct hk_task *t)
{
	uint64_t list = t->robust_list.v, entry, next, pending;
	struct robust_list_head head;

	if (!list)
		return;
	hk_hostcall_sure(SYS_set_robust_list, 0, sizeof(head));
	if (get_guest(&head, GVA(list)))
		return;
	pending = (uint64_t)(uintptr_t)head.list_op_pending;
	entry = (uint64_t)(uintptr_t)head.list.next;
	for (int i = 0; (entry & ~PI_FLAG) != list && i < ROBUST_LIST_LIMIT; i++) {
		bool more = get_guest(&next, GVA(entry & ~PI_FLAG)) == 0;

		if ((entry & ~PI_FLAG) != (pending & ~PI_FLAG) && !mark_entry(t, &head, entry, false))
			return;
		if (!more)
			return;
		entry = next;
	}
	if (pending)
		(void)mark_entry(t, &head, pending, true);
}
