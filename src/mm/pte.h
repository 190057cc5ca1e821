/* SPDX-License-Identifier: Apache-2.0 */
/* The bits of a page-table entry: Intel SDM 3A, 4.5; AMD APM 2, 5.3. */
#ifndef HK_MM_PTE_H
#define HK_MM_PTE_H

#define PTE_PRESENT  (1UL << 0)
#define PTE_WRITE    (1UL << 1)
#define PTE_USER     (1UL << 2)
#define PTE_ACCESSED (1UL << 5)
#define PTE_DIRTY    (1UL << 6)
#define PTE_LARGE    (1UL << 7)
#define PTE_NX       (1UL << 63)
#define PTE_ADDRESS  0x000ffffffffff000UL

#endif
