/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's address space: mapping, unmapping, protecting, growing. Every change is made on the host mapping at the same address
 * and then written down in the VMA tree; the host decides what fails. Advice and locking are in advise.c, faults in fault.c.
 */
#include "mm/mm.h"

#include "base/hostcall.h"
#include "mm/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#define MAX_MAPPINGS    65530        /* as vm.max_map_count */
#define LOW_MAP_MIN     0x40000000UL /* MAP_32BIT places here, as on Linux */
#define LOW_MAP_MAX     0x80000000UL
#define HUGE_SHIFT      26
#define HUGE_SHIFT_MASK 0x3f

int mm_init(struct mm *mm, const struct pt_ops *ops, void *ops_ctx)
{
	memset(mm, 0, sizeof(*mm));
	mm->rlim_as = mm->rlim_data = RLIM_INFINITY;
	vma_tree_init(&mm->vmas);
	pthread_mutex_init(&mm->lock, NULL);
	return pt_init(&mm->pt, ops, ops_ctx);
}

void mm_destroy(struct mm *mm)
{
	for (struct vma *v = vma_first(&mm->vmas); v; v = vma_next(v))
		hk_hostcall_sure(SYS_munmap, v->start, v->end - v->start);
	vma_tree_free(&mm->vmas);
	pt_free(&mm->pt);
	pthread_mutex_destroy(&mm->lock);
}

/* ---- placing ---- */

int mm_host_prot(int prot)
{
	/* Guest memory is never executable in the monitor; what may be executed or written may be read on this processor, but KVM asks. */
	return (prot & PROT_WRITE) | (prot & (PROT_READ | PROT_WRITE | PROT_EXEC) ? PROT_READ : 0);
}

static uint64_t placement_align(int flags)
{
	unsigned shift = ((unsigned)flags >> HUGE_SHIFT) & HUGE_SHIFT_MASK;

	if (!(flags & MAP_HUGETLB))
		return HK_PAGE_SIZE;
	return 1UL << (shift >= 12 && shift < 40 ? shift : 21);
}

uint64_t mm_find_place(const struct mm *mm, uint64_t hint, uint64_t len, int flags)
{
	uint64_t align = placement_align(flags), found;

	hint = hk_align_down(hint, align);
	align = hk_max(align, mm_ahead_align(mm, len, flags));
	if (hint >= HK_GUEST_MIN && gva_range_ok(GVA(hint), len)) {
		struct vma *v = vma_find_from(&mm->vmas, hint);

		if (!v || v->start >= hint + len)
			return hint;
	}
	if (flags & MAP_32BIT)
		return vma_find_gap(&mm->vmas, len, LOW_MAP_MIN, LOW_MAP_MAX, align);
	found = vma_find_gap(&mm->vmas, len, HK_MMAP_MIN, mm->mmap_top ? mm->mmap_top : HK_GUEST_MAX, align);
	/* Very large requests may need the space beside the stack, or the low part. */
	return found ? found : vma_find_gap(&mm->vmas, len, HK_GUEST_MIN, HK_GUEST_MAX, align);
}

/* Decide the address: it in *at, or -errno as Linux. */
static int64_t choose(const struct mm *mm, uint64_t addr, uint64_t len, int flags, uint64_t *at)
{
	if (len > HK_GUEST_MAX - HK_GUEST_MIN)
		return -ENOMEM;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (addr > HK_GUEST_MAX - len)
			return -ENOMEM;
		if (addr & (placement_align(flags) - 1))
			return -EINVAL;
		if (addr < HK_GUEST_MIN)
			return -EPERM;
		if (vma_any(&mm->vmas, addr, addr + len, VMA_SEALED))
			return flags & MAP_FIXED_NOREPLACE ? -EEXIST : -EPERM;
		if (flags & MAP_FIXED_NOREPLACE) {
			struct vma *v = vma_find_from(&mm->vmas, addr);

			if (v && v->start < addr + len)
				return -EEXIST;
		}
		*at = addr;
		return 0;
	}
	*at = mm_find_place(mm, addr, len, flags);
	return *at ? 0 : -ENOMEM;
}

/* ---- mapping ---- */

/* The file behind fd, named as /proc/self/fd names it. NULL: no memory. */
static struct vma_file *file_of(int fd, const char *path)
{
	char link[32], name[4096];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		memset(&st, 0, sizeof(st));
	if (!path) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, name, sizeof(name) - 1);
		name[n > 0 ? n : 0] = '\0';
		path = name;
	}
	return vma_file_new(path, st.st_dev, st.st_ino);
}

/* Files without a type are the kernel's own devices: a vCPU, which another thread is just making, must not be mapped by the program it runs. */
static bool has_no_type(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == 0;
}

static bool on_noexec_mount(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (fs.f_flags & ST_NOEXEC);
}

static unsigned vma_flags(int flags)
{
	return ((flags & MAP_TYPE) != MAP_PRIVATE ? VMA_SHARED : 0) | (flags & MAP_GROWSDOWN ? VMA_GROWSDOWN : 0) |
	       (flags & MAP_NORESERVE ? VMA_NORESERVE : 0) | (flags & MAP_LOCKED ? VMA_LOCKED : 0);
}

/* Write a new mapping down in place of whatever was there. */
static int record(struct mm *mm, const struct vma *v, struct mm_charge old)
{
	int r = vma_remove(&mm->vmas, v->start, v->end);

	if (r == 0)
		r = vma_insert(&mm->vmas, v);
	if (r) {
		/* Out of memory half-way: leave a hole rather than something the tree does not know. */
		hk_hostcall_sure(SYS_munmap, v->start, v->end - v->start);
		return r;
	}
	mm_recharge(mm, old, mm_charge_of(v, v->end - v->start));
	return 0;
}

static int64_t map_at(struct mm *mm, struct vma *v, int flags, int fd, bool populate)
{
	uint64_t len = v->end - v->start;
	struct mm_charge old = mm_charged(mm, v->start, v->end);
	int host_flags = (flags & ~(MAP_GROWSDOWN | MAP_32BIT | MAP_FIXED_NOREPLACE)) | MAP_FIXED;
	int64_t r;

	/* The host is not told that it grows: mm_fault does that. */
	if ((flags & MAP_GROWSDOWN) && (v->file || (flags & MAP_TYPE) != MAP_PRIVATE))
		return -EINVAL;
	if (!mm_within_limits(mm, len, mm_charge_of(v, len), old))
		return -ENOMEM;
	mm_code_changing(mm, v->start, v->end);
	r = hk_hostcall_sure(SYS_mmap, v->start, len, mm_host_prot(v->prot), host_flags, fd, v->offset);
	if (r < 0)
		return r;
	r = record(mm, v, old);
	if (r)
		return r;
	if (mm->lock_future)
		hk_hostcall_sure(SYS_mlock2, v->start, len, mm->lock_future & MCL_ONFAULT ? MLOCK_ONFAULT : 0);
	/* A failure here is not fatal: the fault handler tries again, and answers for it then. */
	if (v->prot != PROT_NONE && pt_map(&mm->pt, v->start, v->end, v->prot & PROT_EXEC, !populate) && populate)
		return -ENOMEM;
	mm_ahead_mapped(mm, v, flags);
	return (int64_t)v->start;
}

int64_t mm_map(struct mm *mm, gva_t addr, uint64_t len, int prot, int flags, int fd, uint64_t offset,
	       const struct mm_map_hint *hint)
{
	struct vma v = { .prot = prot & (PROT_READ | PROT_WRITE | PROT_EXEC),
			 .flags = vma_flags(flags) | (prot & PROT_WRITE ? VMA_WRITTEN : 0),
			 .kind = hint ? hint->kind : VMA_PLAIN };
	bool anonymous = flags & MAP_ANONYMOUS;
	int64_t r;

	/* Linux looks at the descriptor before anything else. */
	if (!anonymous && hk_hostcall_sure(SYS_fcntl, fd, F_GETFD) < 0)
		return -EBADF;
	if (len == 0)
		return -EINVAL;
	len = hk_align_up(len, placement_align(flags));
	if (len == 0)
		return -ENOMEM;
	if (!anonymous) {
		if (offset + len < offset)
			return -EOVERFLOW;
		if (on_noexec_mount(fd)) {
			if (prot & PROT_EXEC)
				return -EPERM;
			v.flags |= VMA_NOEXEC;
		}
		if (has_no_type(fd))
			return -ENODEV;
		v.file = file_of(fd, hint ? hint->path : NULL);
		if (!v.file)
			return -ENOMEM;
		v.offset = offset;
	}
	pthread_mutex_lock(&mm->lock);
	r = mm->vmas.count > MAX_MAPPINGS ? -ENOMEM : choose(mm, addr.v, len, flags, &v.start);
	if (r == 0) {
		v.end = v.start + len;
		r = map_at(mm, &v, flags, fd, hint && hint->populate);
	}
	pthread_mutex_unlock(&mm->lock);
	vma_file_put(v.file);
	return r;
}

/* ---- unmapping and protecting ---- */

/* The argument checks that munmap, mprotect and others share; *end is set. */
static int check_range(gva_t addr, uint64_t len, uint64_t *end)
{
	if (addr.v & HK_PAGE_MASK)
		return -EINVAL;
	if (len > HK_GUEST_MAX || addr.v > HK_GUEST_MAX - len)
		return -EINVAL;
	*end = addr.v + hk_align_up(len, HK_PAGE_SIZE);
	return *end > HK_GUEST_MAX ? -EINVAL : 0;
}

int64_t mm_unmap_locked(struct mm *mm, uint64_t start, uint64_t end)
{
	struct mm_charge old = mm_charged(mm, start, end);
	int64_t r;

	if (vma_any(&mm->vmas, start, end, VMA_SEALED))
		return -EPERM;
	mm_code_changing(mm, start, end);
	r = hk_hostcall_sure(SYS_munmap, start, end - start);
	if (r == 0)
		r = vma_remove(&mm->vmas, start, end);
	if (r == 0)
		mm_recharge(mm, old, (struct mm_charge){ 0 });
	return r;
}

int64_t mm_unmap(struct mm *mm, gva_t addr, uint64_t len)
{
	uint64_t end;
	int64_t r = check_range(addr, len, &end);

	if (r || len == 0)
		return -EINVAL;
	pthread_mutex_lock(&mm->lock);
	/* Nothing of the guest's lies below its first address; the host has other business there. */
	r = end <= HK_GUEST_MIN ? 0 : mm_unmap_locked(mm, hk_max(addr.v, HK_GUEST_MIN), end);
	pthread_mutex_unlock(&mm->lock);
	return r;
}

/* One VMA's part of an mprotect. */
static int64_t protect_part(struct mm *mm, uint64_t start, uint64_t end, int prot)
{
	struct vma probe = *vma_find(&mm->vmas, start);
	struct mm_charge before = mm_charged(mm, start, end), after;
	int64_t r;

	probe.prot = prot;
	after = mm_charge_of(&probe, end - start);
	if (!mm_within_limits(mm, 0, after, before))
		return -ENOMEM;
	if ((prot & PROT_EXEC) && (probe.flags & VMA_NOEXEC))
		return -EACCES;
	if ((prot & PROT_WRITE) || probe.kind == VMA_GATE)
		mm_code_changing(mm, start, end);
	r = hk_hostcall_sure(SYS_mprotect, start, end - start, mm_host_prot(prot));
	if (r == 0)
		r = vma_update(&mm->vmas, start, end, prot, prot & PROT_WRITE ? VMA_WRITTEN : 0, VMA_WRITTEN);
	if (r)
		return r;
	mm_recharge(mm, before, after);
	if (prot != PROT_NONE)
		(void)!pt_map(&mm->pt, start, end, prot & PROT_EXEC, true);
	if (after.committed > before.committed)
		mm_ahead_opened(mm, &probe, start, end);
	return 0;
}

static int64_t protect_locked(struct mm *mm, uint64_t start, uint64_t end, int prot)
{
	if (vma_any(&mm->vmas, start, end, VMA_SEALED))
		return -EPERM;
	while (start < end) {
		struct vma *v = vma_find(&mm->vmas, start);
		uint64_t stop;
		int64_t r;

		if (!v)
			return -ENOMEM;
		stop = hk_min(v->end, end);
		r = protect_part(mm, start, stop, prot);
		if (r)
			return r;
		start = stop;
	}
	return 0;
}

int64_t mm_protect(struct mm *mm, gva_t addr, uint64_t len, int prot)
{
	int grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	uint64_t end;
	int64_t r;

	prot &= ~(PROT_GROWSDOWN | PROT_GROWSUP);
	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || (addr.v & HK_PAGE_MASK))
		return -EINVAL;
	if (len == 0)
		return 0;
	if (check_range(addr, len, &end))
		return -ENOMEM;
	if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | 0x8 /* PROT_SEM */))
		return -EINVAL;
	prot &= PROT_READ | PROT_WRITE | PROT_EXEC;
	pthread_mutex_lock(&mm->lock);
	if (grows) {
		struct vma *v = vma_find_from(&mm->vmas, addr.v);

		if (!v || v->start >= end || !(grows & PROT_GROWSDOWN) ||
		    !(v->flags & VMA_GROWSDOWN || v->kind == VMA_STACK)) {
			pthread_mutex_unlock(&mm->lock);
			return v && v->start < end ? -EINVAL : -ENOMEM;
		}
		addr.v = v->start;
	}
	r = protect_locked(mm, addr.v, end, prot);
	pthread_mutex_unlock(&mm->lock);
	return r;
}

/* ---- moving ---- */

/* Write down that [old, old+old_len) now lies at [new, new+new_len). */
static int64_t record_move(struct mm *mm, const struct vma *v, uint64_t old, uint64_t old_len, uint64_t new,
			   uint64_t new_len, bool keep_old)
{
	struct vma moved = *v;
	struct mm_charge there = mm_charged(mm, new, new + new_len), here = mm_charged(mm, old, old + old_len);
	struct vma_file *file = v->file;
	int r = 0;

	if (file) {
		file->refs++; /* v may go away below */
		moved.offset = v->offset + (old - v->start);
	}
	moved.start = new;
	moved.end = new + new_len;
	moved.kind = VMA_PLAIN;
	if (!keep_old) {
		r = vma_remove(&mm->vmas, old, old + old_len);
		if (r == 0)
			mm_recharge(mm, here, (struct mm_charge){ 0 });
	}
	if (r == 0)
		r = record(mm, &moved, there);
	vma_file_put(file);
	if (r == 0 && moved.prot != PROT_NONE)
		(void)!pt_map(&mm->pt, moved.start, moved.end, moved.prot & PROT_EXEC, true);
	return r ? r : (int64_t) new;
}

static int64_t move_to(struct mm *mm, struct vma *v, uint64_t old, uint64_t old_len, uint64_t new, uint64_t new_len,
		       int flags)
{
	bool keep = (flags & MREMAP_DONTUNMAP) || old_len == 0;
	int64_t r;

	mm_code_changing(mm, old, old + old_len);
	mm_code_changing(mm, new, new + new_len);
	r = hk_hostcall_sure(SYS_mremap, old, old_len, new_len,
			     (flags & MREMAP_DONTUNMAP) | MREMAP_MAYMOVE | MREMAP_FIXED, new);

	return r < 0 ? r : record_move(mm, v, old, old_len, new, new_len, keep);
}

/* Grow v, whose end is old + old_len, where it stands. */
static int64_t grow_in_place(struct mm *mm, struct vma *v, uint64_t old, uint64_t old_len, uint64_t new_len)
{
	struct vma *next = vma_next(v), added = *v;
	uint64_t end = old + new_len;
	int64_t r;

	if (end > (next ? next->start : HK_GUEST_MAX) || end < old)
		return -ENOMEM;
	r = hk_hostcall_sure(SYS_mremap, old, old_len, new_len, 0, 0);
	if (r < 0)
		return r;
	added.start = old + old_len;
	added.end = end;
	if (added.file)
		added.offset = v->offset + (added.start - v->start);
	r = record(mm, &added, (struct mm_charge){ 0 });
	if (r == 0 && added.prot != PROT_NONE) {
		(void)!pt_map(&mm->pt, added.start, added.end, added.prot & PROT_EXEC, true);
		mm_ahead(mm, &added, added.start, added.end);
	}
	return r ? r : (int64_t)old;
}

static int64_t remap_locked(struct mm *mm, uint64_t old, uint64_t old_len, uint64_t new_len, int flags,
			    uint64_t new_addr)
{
	struct vma *v = vma_find(&mm->vmas, old);
	uint64_t place;
	int64_t r;

	if (!v)
		return -EFAULT;
	if ((v->flags & VMA_SEALED) ||
	    ((flags & MREMAP_FIXED) && vma_any(&mm->vmas, new_addr, new_addr + new_len, VMA_SEALED)))
		return -EPERM;
	if (!(flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && new_len <= old_len) {
		r = new_len < old_len ? mm_unmap_locked(mm, old + new_len, old + old_len) : 0;
		return r ? r : (int64_t)old;
	}
	if (old + hk_min(old_len, new_len) > v->end)
		return -EFAULT;
	if (new_len < old_len) {
		/* What is too much goes first; it need not belong to the same mapping. */
		r = mm_unmap_locked(mm, old + new_len, old + old_len);
		if (r)
			return r;
		old_len = new_len;
		v = vma_find(&mm->vmas, old);
	}
	if (old_len == 0 && !(v->flags & VMA_SHARED))
		return -EINVAL;
	if (new_len > old_len &&
	    !mm_within_limits(mm, new_len - old_len, mm_charge_of(v, new_len - old_len), (struct mm_charge){ 0 }))
		return -ENOMEM;
	if (flags & MREMAP_FIXED)
		return move_to(mm, v, old, old_len, new_addr, new_len, flags);
	if (!(flags & MREMAP_DONTUNMAP) && old_len && old + old_len == v->end) {
		r = grow_in_place(mm, v, old, old_len, new_len);
		if (r >= 0)
			return r;
	}
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	place = mm_find_place(mm, flags & MREMAP_DONTUNMAP ? new_addr : 0, new_len, 0);
	return place ? move_to(mm, v, old, old_len, place, new_len, flags) : -ENOMEM;
}

int64_t mm_remap(struct mm *mm, gva_t old, uint64_t old_len, uint64_t new_len, int flags, gva_t new_addr)
{
	int64_t r;

	if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) && (!(flags & MREMAP_MAYMOVE) || old_len != new_len))
		return -EINVAL;
	if (old.v & HK_PAGE_MASK)
		return -EINVAL;
	if (old_len > HK_GUEST_MAX || new_len > HK_GUEST_MAX)
		return new_len > HK_GUEST_MAX ? -ENOMEM : -EINVAL;
	old_len = hk_align_up(old_len, HK_PAGE_SIZE);
	new_len = hk_align_up(new_len, HK_PAGE_SIZE);
	if (new_len == 0)
		return -EINVAL;
	if (!gva_range_ok(old, old_len ? old_len : 1))
		return -EFAULT;
	if (flags & MREMAP_FIXED) {
		if ((new_addr.v & HK_PAGE_MASK) || !gva_range_ok(new_addr, new_len))
			return -EINVAL;
		if (old.v + old_len > new_addr.v && new_addr.v + new_len > old.v)
			return -EINVAL;
	}
	pthread_mutex_lock(&mm->lock);
	r = remap_locked(mm, old.v, old_len, new_len, flags, new_addr.v);
	pthread_mutex_unlock(&mm->lock);
	return r;
}

int mm_seal(struct mm *mm, gva_t start, uint64_t len)
{
	uint64_t end = start.v + len;
	int r = 0;

	pthread_mutex_lock(&mm->lock);
	for (struct vma *v = vma_find(&mm->vmas, start.v); r == 0 && v && v->start < end;
	     v = vma_find(&mm->vmas, start.v)) {
		uint64_t stop = hk_min(v->end, end);

		r = vma_update(&mm->vmas, start.v, stop, v->prot, VMA_SEALED, VMA_SEALED);
		start.v = stop;
	}
	pthread_mutex_unlock(&mm->lock);
	return r;
}

/* ---- the heap ---- */

static bool brk_move(struct mm *mm, uint64_t old_end, uint64_t new_end)
{
	struct vma v = {
		.start = old_end, .end = new_end, .prot = PROT_READ | PROT_WRITE, .flags = VMA_WRITTEN, .kind = VMA_HEAP
	};
	struct vma *next;

	if (new_end <= old_end)
		return new_end == old_end || mm_unmap_locked(mm, new_end, old_end) == 0;
	next = vma_find_from(&mm->vmas, old_end);
	if (next && next->start < new_end + HK_PAGE_SIZE)
		return false;
	return map_at(mm, &v, MAP_PRIVATE | MAP_ANONYMOUS, -1, false) > 0;
}

int64_t mm_brk(struct mm *mm, gva_t want)
{
	int64_t now;

	pthread_mutex_lock(&mm->lock);
	if (want.v >= mm->brk_start && want.v <= HK_GUEST_MAX - HK_PAGE_SIZE &&
	    (mm->rlim_data == RLIM_INFINITY || want.v - mm->brk_start <= mm->rlim_data) &&
	    brk_move(mm, hk_align_up(mm->brk, HK_PAGE_SIZE), hk_align_up(want.v, HK_PAGE_SIZE)))
		mm->brk = want.v;
	now = (int64_t)mm->brk;
	pthread_mutex_unlock(&mm->lock);
	return now;
}
