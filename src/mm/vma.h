/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VMA tree: what the guest asked for, range by range. The host mapping is the authority for access; this tree remembers
 * what the host cannot (PROT_EXEC, names, growth) and finds free space. Not thread-safe: struct mm's lock guards it.
 */
#ifndef HK_MM_VMA_H
#define HK_MM_VMA_H

#include "base/compiler.h"
#include "mm/gva.h"

#include <bsd/sys/tree.h>
#include <sys/types.h>

/* The file behind a mapping, shared by the VMAs that a split or a copy makes. */
struct vma_file {
	unsigned refs;
	dev_t dev;
	ino_t ino;
	char path[]; /* as /proc/self/maps shows it */
};

enum vma_kind {
	VMA_PLAIN,
	VMA_HEAP,  /* [heap] */
	VMA_STACK, /* [stack] */
	VMA_VVAR,  /* [vvar] */
	VMA_VDSO,  /* [vdso] */
	VMA_GATE,  /* [gate]: what patched system calls jump to */
	VMA_KIND_COUNT
};

#define VMA_SHARED    0x01u
#define VMA_GROWSDOWN 0x02u
#define VMA_NORESERVE 0x04u
#define VMA_LOCKED    0x08u
#define VMA_SEALED    0x10u /* cannot be unmapped, moved or changed, as mseal(2) */
#define VMA_WRITTEN   0x20u /* private, and was writable at some time */
#define VMA_SEGMENT   0x80u /* System V shared memory, by shmat */
#define VMA_NOEXEC    0x40u /* the file lies on a noexec mount */

struct vma {
	RB_ENTRY(vma) link;
	uint64_t start, end; /* page-aligned, start < end */
	uint64_t gap;        /* free bytes between the previous VMA (or HK_GUEST_MIN) and start */
	uint64_t max_gap;    /* the largest gap in this subtree */
	int prot;            /* PROT_* as the guest asked */
	unsigned flags;      /* VMA_* */
	enum vma_kind kind;
	struct vma_file *file; /* NULL: anonymous */
	uint64_t offset;       /* of start in the file, bytes */
};

RB_HEAD(vma_rb, vma);

struct vma_tree {
	struct vma_rb root;
	unsigned count;
	uint64_t bytes; /* sum of the lengths */
};

/* "[heap]" and the like; "" for VMA_PLAIN. */
const char *vma_kind_name(enum vma_kind kind);

struct vma_file *vma_file_new(const char *path, dev_t dev, ino_t ino); /* one reference; NULL = no memory */
void vma_file_put(struct vma_file *f);                                 /* f may be NULL */

void vma_tree_init(struct vma_tree *t);
void vma_tree_free(struct vma_tree *t);

/* The VMA that holds address a, or NULL. */
struct vma *vma_find(const struct vma_tree *t, uint64_t a);
/* The first VMA whose end lies above a, or NULL. */
struct vma *vma_find_from(const struct vma_tree *t, uint64_t a);
struct vma *vma_next(struct vma *v);
struct vma *vma_first(const struct vma_tree *t);

/* Add a range that no VMA overlaps, merging with equal neighbours. Takes its own reference to want->file. 0 or -ENOMEM. */
HK_MUST_CHECK int vma_insert(struct vma_tree *t, const struct vma *want);
/* Take [start, end) out, splitting at the edges. 0 or -ENOMEM (nothing changed). */
HK_MUST_CHECK int vma_remove(struct vma_tree *t, uint64_t start, uint64_t end);
/* Set prot, and flags under mask, on [start, end). 0 or -ENOMEM (nothing changed). */
HK_MUST_CHECK int vma_update(struct vma_tree *t, uint64_t start, uint64_t end, int prot, unsigned mask, unsigned flags);
/* Does [start, end) touch a VMA with one of these flags? */
bool vma_any(const struct vma_tree *t, uint64_t start, uint64_t end, unsigned flags);
/* Is every byte of [start, end) in some VMA? */
bool vma_covered(const struct vma_tree *t, uint64_t start, uint64_t end);
/* The highest free range of len bytes within [low, high), aligned to align (a power of two); 0 if there is none. */
uint64_t vma_find_gap(const struct vma_tree *t, uint64_t len, uint64_t low, uint64_t high, uint64_t align);

#endif
