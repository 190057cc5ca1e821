/* SPDX-License-Identifier: Apache-2.0 */
/* System V shared memory in the guest's address space: shmat(2), shmdt(2). */
#include "mm/mm.h"

#include "base/hostcall.h"
#include "mm/internal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/shm.h>

static int64_t segment(int id, struct shmid_ds *ds, uint64_t *len)
{
	int64_t r = hk_hostcall_sure(SYS_shmctl, id, IPC_STAT, ds);

	*len = r ? 0 : hk_align_up(ds->shm_segsz, HK_PAGE_SIZE);
	return r;
}

/* Where the guest wants it, or anywhere: the address in *at, or -errno. What SHM_REMAP replaces is unmapped. */
static int64_t choose_place(struct mm *mm, uint64_t addr, uint64_t len, int flags, uint64_t *at)
{
	struct vma *v;

	if (!addr) {
		*at = flags & SHM_REMAP ? 0 : mm_find_place(mm, 0, len, 0);
		return *at ? 0 : flags & SHM_REMAP ? -EINVAL : -ENOMEM;
	}
	if (flags & SHM_RND)
		addr = hk_align_down(addr, HK_PAGE_SIZE);
	if ((addr & HK_PAGE_MASK) || !gva_range_ok(GVA(addr), len))
		return -EINVAL;
	*at = addr;
	if (flags & SHM_REMAP)
		return mm_unmap_locked(mm, addr, addr + len);
	v = vma_find_from(&mm->vmas, addr);
	return v && v->start < addr + len ? -EINVAL : 0;
}

static int64_t record_segment(struct mm *mm, const struct shmid_ds *ds, int id, uint64_t at, uint64_t len, int flags)
{
	struct vma v = { .start = at,
			 .end = at + len,
			 .prot = PROT_READ | (flags & SHM_RDONLY ? 0 : PROT_WRITE) | (flags & SHM_EXEC ? PROT_EXEC : 0),
			 .flags = VMA_SHARED | VMA_SEGMENT | (flags & SHM_RDONLY ? 0 : VMA_WRITTEN) };
	char name[32];
	int r;

	snprintf(name, sizeof(name), "/SYSV%08x (deleted)", (unsigned)ds->shm_perm.__key);
	v.file = vma_file_new(name, 0, (ino_t)id);
	r = v.file ? vma_insert(&mm->vmas, &v) : -ENOMEM;
	vma_file_put(v.file);
	if (r == 0)
		(void)!pt_map(&mm->pt, at, at + len, v.prot & PROT_EXEC, true);
	return r;
}

static int64_t attach_locked(struct mm *mm, int id, uint64_t addr, int flags)
{
	struct shmid_ds ds;
	uint64_t len, len_now, at;
	int64_t r = segment(id, &ds, &len);

	if (r)
		return r;
	if (!mm_within_limits(mm, len, (struct mm_charge){ 0 }, (struct mm_charge){ 0 }))
		return -ENOMEM;
	r = choose_place(mm, addr, len, flags, &at);
	if (r)
		return r;
	/* Without SHM_REMAP the host takes free space only. A segment that is attached stays what it is: a look at what the number stood for. */
	r = hk_hostcall_sure(SYS_shmat, id, at, flags & SHM_RDONLY);
	if (r < 0)
		return r;
	r = segment(id, &ds, &len_now);
	if (r == 0 && len_now != len)
		r = -EINVAL;
	if (r == 0)
		r = record_segment(mm, &ds, id, at, len, flags);
	if (r)
		hk_hostcall_sure(SYS_shmdt, at);
	return r ? r : (int64_t)at;
}

int64_t mm_shm_attach(struct mm *mm, int id, gva_t addr, int flags)
{
	int64_t r;

	pthread_mutex_lock(&mm->lock);
	r = attach_locked(mm, id, addr.v, flags);
	pthread_mutex_unlock(&mm->lock);
	return r;
}

/* What is left of an attachment lies in one file's VMAs, each as far behind the start as its offset says. */
static int64_t detach_locked(struct mm *mm, uint64_t addr)
{
	struct vma *v = vma_find(&mm->vmas, addr), *next;
	struct vma_file *file = v ? v->file : NULL;
	int64_t r;

	if (!v || !(v->flags & VMA_SEGMENT) || v->start - v->offset != addr)
		return -EINVAL;
	r = hk_hostcall_sure(SYS_shmdt, addr);
	file->refs++;
	for (; r == 0 && v; v = next) {
		next = vma_next(v);
		if (v->file == file && (v->flags & VMA_SEGMENT) && v->start - v->offset == addr)
			r = vma_remove(&mm->vmas, v->start, v->end);
	}
	vma_file_put(file);
	return r;
}

int64_t mm_shm_detach(struct mm *mm, gva_t addr)
{
	int64_t r;

	pthread_mutex_lock(&mm->lock);
	r = detach_locked(mm, addr.v);
	pthread_mutex_unlock(&mm->lock);
	return r;
}
