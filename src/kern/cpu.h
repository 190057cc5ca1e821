/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the emulated kernel wants of a processor. vmm/ implements it over KVM, tests/unit/fake_cpu.c without. A vCPU belongs to one thread; only kick
 * may be called from another.
 */
#ifndef HK_KERN_CPU_H
#define HK_KERN_CPU_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

struct hk_regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp; /* in the order of struct kvm_regs */
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags;
};

struct hk_cpu;

struct hk_cpu_ops {
	/* The program's ring-3 registers as of the last exit; valid until the next run. Writable: changes take effect at the next run. */
	struct hk_regs *(*regs)(struct hk_cpu *c);
	int (*get_fs_gs)(struct hk_cpu *c, uint64_t *fs, uint64_t *gs);
	int (*set_fs)(struct hk_cpu *c, uint64_t base);
	int (*set_gs)(struct hk_cpu *c, uint64_t base);
	/* The control and status words of x87 and SSE, to tell which exception it was. */
	int (*get_fp_status)(struct hk_cpu *c, uint16_t *fcw, uint16_t *fsw, uint32_t *mxcsr);
	/* Load the extended state from guest memory at `area`, now: XRSTOR, or FXRSTOR if not `extended`. 0, or -errno where that faults. */
	int (*load_state)(struct hk_cpu *c, uint64_t area, bool extended);
	/* Make a running or about-to-run vCPU return to the monitor soon. Async-signal-safe. */
	void (*kick)(struct hk_cpu *c);
};

struct hk_cpu {
	const struct hk_cpu_ops *ops;
};

#endif
