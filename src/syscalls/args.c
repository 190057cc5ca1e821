/* SPDX-License-Identifier: Apache-2.0 */
/* Guest arguments made fit for a host system call. */
#include "syscalls/args.h"

#include "mm/uaccess.h"

#include <errno.h>

uint64_t host_span(uint64_t a, uint64_t *len)
{
	uint64_t end;

	if (*len == 0)
		return a;
	if (__builtin_add_overflow(a, *len, &end) || end > LINUX_TASK_SIZE)
		return HOST_BAD_ADDR;
	*len = hk_min(*len, HK_MAX_RW_COUNT);
	if (a >= HK_GUEST_MAX)
		return HOST_UNMAPPED;
	*len = hk_min(*len, HK_GUEST_MAX - a);
	return a;
}

/* One element; *cut: one before it was cut at the guest's end, where the transfer must stop, and whether this one was. */
static void fit_iov(struct iovec *v, bool *cut)
{
	uint64_t len = v->iov_len;
	uint64_t base = host_span((uint64_t)(uintptr_t)v->iov_base, &len);

	if (*cut && base != HOST_BAD_ADDR)
		base = HOST_UNMAPPED;
	else if (len && base + len == HK_GUEST_MAX && len < v->iov_len)
		*cut = true;
	v->iov_base = (void *)(uintptr_t)base; /* a number for the host, never dereferenced */
	v->iov_len = len;
}

uint64_t host_iov(struct iovec vec[HK_IOV_MAX], uint64_t a, uint64_t count)
{
	bool cut = false;

	if (count > HK_IOV_MAX || copy_from_guest(vec, GVA(a), count * sizeof(*vec)))
		return HOST_BAD_ADDR;
	for (uint64_t i = 0; i < count; i++)
		fit_iov(&vec[i], &cut);
	return (uint64_t)(uintptr_t)vec;
}

uint64_t host_str(char *buf, size_t cap, uint64_t a)
{
	ssize_t n;

	if (a == 0)
		return 0;
	n = guest_str(buf, GVA(a), cap);
	return n >= 0 || n == -ENAMETOOLONG ? (uint64_t)(uintptr_t)buf : HOST_BAD_ADDR;
}

int64_t vector_call(int64_t nr, const uint64_t a[6])
{
	struct iovec vec[HK_IOV_MAX];

	return hk_hostcall(nr, a[0], host_iov(vec, a[1], a[2]), a[2], a[3], a[4], a[5]);
}
