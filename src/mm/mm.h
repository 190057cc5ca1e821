/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's address space: the VMA tree, the host mappings behind it, the guest's page tables. Its functions take the
 * arguments of the Linux calls of the same name and answer like them (0 or more, or -errno). The lock is taken inside; the
 * functions marked "locked" want it held.
 */
#ifndef HK_MM_MM_H
#define HK_MM_MM_H

#include "mm/pagetable.h"
#include "mm/vma.h"

#include <pthread.h>

/* Whoever has changed the guest's code (src/gate) is told, with mm's lock held, before [start, end) is unmapped, moved or made writable. */
struct mm_code_watch {
	void *ctx;
	void (*changing)(void *ctx, uint64_t start, uint64_t end);
};

struct mm {
	pthread_mutex_t lock; /* guards everything below */
	struct mm_code_watch code_watch;
	struct vma_tree vmas;
	struct pagetable pt;
	uint64_t brk_start, brk; /* the heap is [brk_start, brk) rounded up to pages */
	uint64_t mmap_top;       /* free placement goes downwards from here */
	uint64_t stack_top;
	uint64_t committed; /* bytes of private writable and shared anonymous memory */
	uint64_t data;      /* bytes of private writable memory, as RLIMIT_DATA counts them */
	uint64_t limit;     /* the most `committed` may reach (--mem); 0 = no limit */
	uint64_t rlim_as;   /* the guest's RLIMIT_AS and RLIMIT_DATA: they must not bind the monitor itself */
	uint64_t rlim_data;
	bool ahead;      /* the guest's first touch of a page is dear here: see ahead.c */
	int lock_future; /* MCL_* for mappings to come */
	uint64_t peak_committed;
	uint64_t peak_size; /* the most that vmas.bytes was, for VmPeak */
	/* Where the parts of the image lie, for /proc/self/stat and friends. Set by exec. */
	uint64_t start_code, end_code, start_data, end_data, start_stack;
	uint64_t arg_start, arg_end, env_start, env_end;
};

/* ops: how a memory slot is made (filled by vmm/, or by a test's fake). */
HK_MUST_CHECK int mm_init(struct mm *mm, const struct pt_ops *ops, void *ops_ctx);
/* [start, end) of the first stack is about to be used. */
/* With the lock. A fork is over, here in the parent or the child, whose stack pointer this is: what is small is copied now, not at its first touch. */
void mm_ahead_forked(const struct mm *mm, uint64_t sp);
void mm_ahead_stack(const struct mm *mm, uint64_t start, uint64_t end);
/* Unmap all the guest's memory and free the tree. */
void mm_destroy(struct mm *mm);

/* How a mapping is named in /proc/self/maps and how it came to be; NULL where the descriptor tells. */
struct mm_map_hint {
	enum vma_kind kind;
	const char *path; /* instead of the name that /proc/self/fd gives */
	bool populate;    /* fill the page tables now: it will be touched at once */
};

int64_t mm_map(struct mm *mm, gva_t addr, uint64_t len, int prot, int flags, int fd, uint64_t offset,
	       const struct mm_map_hint *hint);
int64_t mm_unmap(struct mm *mm, gva_t addr, uint64_t len);
int64_t mm_protect(struct mm *mm, gva_t addr, uint64_t len, int prot);
int64_t mm_remap(struct mm *mm, gva_t old, uint64_t old_len, uint64_t new_len, int flags, gva_t new_addr);
/* The next three want the lock held. One page for code that jumps reach from [near - reach, near + reach], or exactly at `exact` if that is not 0, which the
 * guest may run but not write: its address, or 0. Write into code or into such a page whatever its protection: 0 or -errno. May [start, end) be patched:
 * private, executable, and never writable since it was mapped? */
uint64_t mm_code_page(struct mm *mm, uint64_t near, uint64_t reach, uint64_t exact);
HK_MUST_CHECK int mm_code_write(struct mm *mm, uint64_t at, const void *bytes, size_t len, bool at_once);
bool mm_code_constant(struct mm *mm, uint64_t start, uint64_t end);
/* From now on the guest may not change [start, end): EPERM, as after mseal(2). */
HK_MUST_CHECK int mm_seal(struct mm *mm, gva_t start, uint64_t len);
int64_t mm_brk(struct mm *mm, gva_t want);
/* shmat and shmdt. */
int64_t mm_shm_attach(struct mm *mm, int id, gva_t addr, int flags);
int64_t mm_shm_detach(struct mm *mm, gva_t addr);
/* remap_file_pages: [start, start+size) of a shared mapping shows its file from page pgoff on. */
int64_t mm_remap_file_pages(struct mm *mm, gva_t start, uint64_t size, int prot, uint64_t pgoff, int flags);
int64_t mm_advise(struct mm *mm, gva_t addr, uint64_t len, int advice);
int64_t mm_lock(struct mm *mm, gva_t addr, uint64_t len, int flags); /* mlock2 */
int64_t mm_unlock(struct mm *mm, gva_t addr, uint64_t len);
int64_t mm_lock_all(struct mm *mm, int flags);
int64_t mm_unlock_all(struct mm *mm);

enum mm_access { MM_READ = 1, MM_WRITE = 2, MM_EXEC = 4 };

enum mm_verdict {
	MM_RESUME, /* the cause is gone (entries added, stack grown): run on */
	MM_MAPERR, /* SIGSEGV, SEGV_MAPERR */
	MM_ACCERR, /* SIGSEGV, SEGV_ACCERR */
};

/* The guest's #PF at addr: add page-table entries or grow a stack where the VMA tree allows the access. */
enum mm_verdict mm_fault(struct mm *mm, gva_t addr, enum mm_access access);
/* Would the tree allow the access? Changes nothing but a growing stack. */
enum mm_verdict mm_check(struct mm *mm, gva_t addr, enum mm_access access);

/* Walk the VMAs in address order with the lock held; stops when cb returns non-zero and returns that. */
int mm_walk(struct mm *mm, int (*cb)(const struct vma *v, void *ctx), void *ctx);
/* Copy the VMA at addr (its file's path too, cut to fit); false if there is none. */
struct mm_vma_info {
	uint64_t start, end, offset;
	int prot;
	unsigned flags;
	char path[256]; /* "", "[heap]", "[stack]" or a path */
};
bool mm_describe(struct mm *mm, gva_t addr, struct mm_vma_info *out);

#endif
