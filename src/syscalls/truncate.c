/* SPDX-License-Identifier: Apache-2.0 */
/* truncate and ftruncate. Growing, holes, EFBIG and SIGXFSZ are the host's. */
#include "syscalls/at.h"
#include "syscalls/handlers.h"

#include <errno.h>

/* The running program's file: what the host would refuse anyway (EACCES, EROFS…) comes before ETXTBSY. */
static int64_t truncate_running(const struct hk_path *p)
{
	int64_t r = hk_hostcall_sure(SYS_faccessat2, p->dirfd, p->name, W_OK, AT_EACCESS);

	return r ? r : -ETXTBSY;
}

int64_t sys_truncate(struct hk_task *t, const uint64_t a[6])
{
	struct hk_path p;
	int r;

	if ((int64_t)a[1] < 0)
		return -EINVAL;
	r = at_path(t, (uint64_t)AT_FDCWD, a[0], PATH_WRITE, &p);
	if (r)
		return r;
	if (at_is_running(t, &p))
		return truncate_running(&p);
	return hk_hostcall(SYS_truncate, p.name, a[1]);
}

int64_t sys_ftruncate(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_ftruncate, a[0], a[1]);
}
