/* SPDX-License-Identifier: Apache-2.0 */
/* A processor without a VM: plain registers that a test sets and looks at. */
#ifndef HK_TESTS_FAKE_CPU_H
#define HK_TESTS_FAKE_CPU_H

#include "kern/cpu.h"

struct fake_cpu {
	struct hk_cpu cpu; /* what a struct hk_task wants */
	struct hk_regs regs;
	uint64_t fs, gs;
	uint16_t fcw, fsw;
	uint32_t mxcsr;
	unsigned kicks; /* how often somebody wanted it to return */
};

/* All registers zero but for the control words, which are as after a reset. */
void fake_cpu_init(struct fake_cpu *c);

#endif
