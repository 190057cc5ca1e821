/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's code page, as bytes to copy into the VM. */
#ifndef HK_GUEST_GATE_H
#define HK_GUEST_GATE_H

#include "abi/layout.h"

extern const uint8_t gate_begin[], gate_end[];
/* Where patched calls go, by number and as a whole. */
extern const struct gate_entry gate_entries[], gate_entries_end[];

/* Does exception n push an error code? (#DF #TS #NP #SS #GP #PF #AC #CP #VC #SX) */
static inline int gate_has_error(unsigned n)
{
	return (0x60227d00u >> n) & 1;
}

#endif
