/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bare virtual machine for `husk boot`: some memory from guest-physical 0 on, one vCPU that starts in a chosen mode of the processor, and its exits. Nothing of the
 * machinery for Linux programs is in it. Used by one thread.
 */
#ifndef HK_VMM_BARE_H
#define HK_VMM_BARE_H

#include "base/err.h"
#include "kern/cpu.h"

#include <stdbool.h>

enum bare_mode {
	BARE_REAL16,
	BARE_PROT32,
	BARE_PAGED32,
	BARE_LONG64,
};

struct kvm_run;

struct bare_vm {
	int kvm_fd, vm_fd, vcpu_fd;
	struct kvm_run *run;
	size_t run_size;
	uint8_t *mem; /* guest-physical [0, mem_size); the guest's, so hostile */
	uint64_t mem_size;
	bool compatible; /* BARE_PAGED32 is long mode's compatibility mode: this host has no 32-bit page tables */
};

enum bare_event {
	BARE_IO,
	BARE_HLT,
	BARE_INTERRUPTED, /* a signal */
	BARE_FAILED,      /* the guest cannot go on: text says why */
};

struct bare_exit {
	enum bare_event event;
	bool in;             /* BARE_IO: the guest reads */
	unsigned port, size; /* size of an item: 1, 2, 4 */
	unsigned count;      /* items, more than one for a string instruction */
	uint8_t *data;       /* count * size bytes, to take or to fill */
	char text[160];
};

/* The processor as far as husk looks at it. */
struct bare_state {
	struct hk_regs regs;
	uint64_t cr0, cr2, cr3, cr4, efer;
	uint64_t cs_base;
	uint16_t cs, ss;
	unsigned cpl;
	bool long_code, wide_code; /* CS.L, CS.D */
};

/* Make the machine, memory zero but for the descriptor and page tables of its mode (husk/boot.h). mem_size is a multiple of 4096. 0, or -errno with a line for the user in err. */
HK_MUST_CHECK int bare_open(struct bare_vm *b, enum bare_mode mode, uint64_t mem_size, struct hk_err *err);
void bare_close(struct bare_vm *b);

/* Run to the next exit. */
void bare_run(struct bare_vm *b, struct bare_exit *out);
/* Finish the instruction that the last exit interrupted, without running another: then the state is the same on every host. */
void bare_settle(struct bare_vm *b);
HK_MUST_CHECK int bare_get_state(struct bare_vm *b, struct bare_state *s);

#endif
