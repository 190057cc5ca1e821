/* SPDX-License-Identifier: Apache-2.0 */
/* husk's own system calls, which operating-systems courses add to Linux (include/husk/guest.h). */
#include "procfs/procfs.h"
#include "syscalls/handlers.h"

#include <errno.h>

int64_t sys_mapspages(struct hk_task *t, const uint64_t a[6])
{
	uint64_t start = a[0], end = a[1], size = a[3];

	if (start > end || size == 0)
		return -EINVAL;
	/* What cannot be a buffer of the guest's from the first byte on. A size that reaches too far is no error as long as the text does not. */
	if (!gva_range_ok(GVA(a[2]), 1))
		return -EFAULT;
	return procfs_mapspages(t, start, end, GVA(a[2]), hk_min(size, HK_GUEST_MAX - a[2]));
}
