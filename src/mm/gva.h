/* SPDX-License-Identifier: Apache-2.0 */
/* Guest addresses as types of their own: they cannot be dereferenced, and virtual and physical cannot be mixed up. */
#ifndef HK_MM_GVA_H
#define HK_MM_GVA_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
	uint64_t v;
} gva_t; /* guest virtual address; equal to the host virtual address of the same byte (DESIGN D2) */

typedef struct {
	uint64_t v;
} gpa_t; /* guest physical address */

#define GVA(x) ((gva_t){ (uint64_t)(x) })
#define GPA(x) ((gpa_t){ (uint64_t)(x) })

#define HK_PAGE_SIZE 4096UL
#define HK_PAGE_MASK (HK_PAGE_SIZE - 1)

/* What the guest owns of the address space: [HK_GUEST_MIN, HK_GUEST_MAX). The monitor lives above. */
#define HK_GUEST_MIN 0x10000UL
#ifndef HK_SMALL_GUEST
#define HK_GUEST_MAX (64UL << 40)
#else
#define HK_GUEST_MAX (512UL << 30) /* ThreadSanitizer wants the rest for itself (make MODE=tsan) */
#endif
/* Where what may be placed freely goes; below it only what asks for its place. */
#define HK_MMAP_MIN (HK_GUEST_MAX / 4)

/* Linux never transfers more than this in one read or write. */
#define HK_MAX_RW_COUNT 0x7ffff000UL

/* Does [a, a+len) lie wholly in the guest's range? Says nothing about what is mapped there. len 0 is always fine. */
static inline bool gva_range_ok(gva_t a, uint64_t len)
{
	return len == 0 || (len <= HK_GUEST_MAX && a.v <= HK_GUEST_MAX - len && a.v >= HK_GUEST_MIN);
}

#endif
