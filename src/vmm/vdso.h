/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's vDSO: a copy of the host's own code, and the host's own data pages beside it as a memory slot, so that the guest's clocks are the host's to
 * the nanosecond, with nothing to keep up to date. Only where the guest's time-stamp counter is the host's.
 */
#ifndef HK_VMM_VDSO_H
#define HK_VMM_VDSO_H

#include "mm/mm.h"

/*
 * Map [vvar] and [vdso] into the guest's space, before the guest runs. *base: for AT_SYSINFO_EHDR; 0 if this host has no vDSO that a guest can use, and
 * then programs make system calls instead. 0, or -errno if the address space is spoilt.
 */
HK_MUST_CHECK int vdso_map(struct mm *mm, uint64_t *base);

#endif
