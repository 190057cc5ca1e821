/* SPDX-License-Identifier: Apache-2.0 */
/* Memory calls: mm/ does the work; here are the arguments as Linux takes them. */
#include "syscalls/args.h"
#include "syscalls/handlers.h"

#include <errno.h>
#include <sys/mman.h>

/* An unsigned long of flags as the int that mm/ takes: bits that an int cannot hold become one that nobody knows. */
static int int_flags(uint64_t flags)
{
	return flags >> 31 ? (int)(flags & 0x3fffffff) | 0x40000000 : (int)flags;
}

/* prot and flags: Linux ignores the bits it does not know, but for MAP_SHARED_VALIDATE. */
/* Out of the guest's reach, as in listen: what mm_map looks at is what it maps, and not a vCPU that has that number by then. */
static int64_t map_file(struct hk_task *t, const uint64_t a[6], int prot, int flags)
{
	struct fd_guard *g = &t->proc->fds;
	int64_t r;
	int fd;

	r = fd_guard_dup(g, (int)a[4], &fd);
	if (r)
		return r == -EBADF ? r : -ENOMEM;
	fd_guard_hold(g);
	r = mm_map(t->proc->mm, GVA(a[0]), a[1], prot, flags, fd, a[5], NULL);
	fd_guard_release(g);
	fd_guard_drop(g, &fd);
	return r;
}

int64_t sys_mmap(struct hk_task *t, const uint64_t a[6])
{
	int prot = (int)(a[2] & (PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN | PROT_GROWSUP));
	int flags = int_flags(a[3]), fd = (int)a[4];

	if (a[5] & HK_PAGE_MASK)
		return -EINVAL;
	if (!(flags & MAP_ANONYMOUS) && fd_check(&t->proc->fds, fd))
		return -EBADF;
	if (!(flags & MAP_ANONYMOUS))
		return map_file(t, a, prot, flags);
	return mm_map(t->proc->mm, GVA(a[0]), a[1], prot, flags, fd, a[5], NULL);
}

int64_t sys_munmap(struct hk_task *t, const uint64_t a[6])
{
	return mm_unmap(t->proc->mm, GVA(a[0]), a[1]);
}

int64_t sys_mprotect(struct hk_task *t, const uint64_t a[6])
{
	return mm_protect(t->proc->mm, GVA(a[0]), a[1], int_flags(a[2]));
}

int64_t sys_mremap(struct hk_task *t, const uint64_t a[6])
{
	return mm_remap(t->proc->mm, GVA(a[0]), a[1], a[2], int_flags(a[3]), GVA(a[4]));
}

int64_t sys_remap_file_pages(struct hk_task *t, const uint64_t a[6])
{
	return mm_remap_file_pages(t->proc->mm, GVA(a[0]), a[1], int_flags(a[2]), a[3], int_flags(a[4]));
}

int64_t sys_brk(struct hk_task *t, const uint64_t a[6])
{
	return mm_brk(t->proc->mm, GVA(a[0]));
}

int64_t sys_madvise(struct hk_task *t, const uint64_t a[6])
{
	uint64_t len = hk_align_up(a[1], HK_PAGE_SIZE);

	if ((a[1] && !len) || a[0] + len < a[0])
		return -EINVAL; /* the range wraps */
	return mm_advise(t->proc->mm, GVA(a[0]), a[1], (int)a[2]);
}

/* The host would sync the monitor's mappings too: what lies behind the guest's end is unmapped to it. */
int64_t sys_msync(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	uint64_t start = a[0], end = hk_align_up(start + a[1], HK_PAGE_SIZE);
	int64_t r;

	if (end <= HK_GUEST_MAX || end < start)
		return hk_hostcall(SYS_msync, a[0], a[1], a[2]);
	r = hk_hostcall(SYS_msync, start, start < HK_GUEST_MAX ? HK_GUEST_MAX - start : 0, a[2]);
	return r ? r : -ENOMEM;
}

int64_t sys_mincore(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	uint64_t pages = a[1] / HK_PAGE_SIZE + (a[1] % HK_PAGE_SIZE != 0);

	if (host_addr(a[0], a[1]) == HOST_BAD_ADDR)
		return a[0] & HK_PAGE_MASK ? -EINVAL : -ENOMEM;
	return hk_hostcall(SYS_mincore, a[0], a[1], host_addr(a[2], pages));
}

/* The pages that [start, start+len) touches. Linux does not notice when their size wraps to nothing; it does when their end wraps: false. */
static bool lock_range(uint64_t *start, uint64_t *len)
{
	uint64_t offset = *start & HK_PAGE_MASK;

	*len = hk_align_up(*len + offset, HK_PAGE_SIZE);
	*start -= offset;
	return *start + *len >= *start;
}

static int64_t lock(struct hk_task *t, uint64_t start, uint64_t len, int flags)
{
	return lock_range(&start, &len) ? mm_lock(t->proc->mm, GVA(start), len, flags) : -EINVAL;
}

int64_t sys_mlock(struct hk_task *t, const uint64_t a[6])
{
	return lock(t, a[0], a[1], 0);
}

int64_t sys_mlock2(struct hk_task *t, const uint64_t a[6])
{
	return lock(t, a[0], a[1], (int)a[2]);
}

int64_t sys_munlock(struct hk_task *t, const uint64_t a[6])
{
	uint64_t start = a[0], len = a[1];

	return lock_range(&start, &len) ? mm_unlock(t->proc->mm, GVA(start), len) : -EINVAL;
}

int64_t sys_mlockall(struct hk_task *t, const uint64_t a[6])
{
	return mm_lock_all(t->proc->mm, (int)a[0]);
}

int64_t sys_munlockall(struct hk_task *t, const uint64_t a[6] HK_UNUSED)
{
	return mm_unlock_all(t->proc->mm);
}
