/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes: the host kernel's. */
#include "syscalls/args.h"
#include "syscalls/handlers.h"

int64_t sys_getrandom(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	uint64_t len = a[1], buf = host_span(a[0], &len);

	return hk_hostcall(SYS_getrandom, buf, len, a[2]);
}
