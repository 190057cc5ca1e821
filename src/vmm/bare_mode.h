/* SPDX-License-Identifier: Apache-2.0 */
/* The state in which a bare VM's processor starts. For bare.c only. */
#ifndef HK_VMM_BARE_MODE_H
#define HK_VMM_BARE_MODE_H

#include "vmm/bare.h"

/* Set registers, and build descriptor and page tables in the guest's memory, which is there. 0; -EOPNOTSUPP if this host's KVM
 * has no such paging (the vCPU is spoilt then); or -errno. */
HK_MUST_CHECK int bare_enter_mode(struct bare_vm *b, enum bare_mode mode);

#endif
