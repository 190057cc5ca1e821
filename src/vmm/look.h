/* SPDX-License-Identifier: Apache-2.0 */
/* A vCPU as it stands, for those who want to see it: all that KVM tells of it, and what is in the pages that it and the monitor share. */
#ifndef HK_VMM_LOOK_H
#define HK_VMM_LOOK_H

#include "vmm/vcpu.h"

#define LOOK_SEGMENTS 8
#define LOOK_MSRS     12
#define LOOK_GDT      16 /* words of 8 bytes */
#define LOOK_IDT      32

struct look_segment {
	const char *name;
	uint64_t base;
	uint32_t limit;
	uint16_t selector;
	uint8_t type, dpl;
	bool unusable, code_or_data, long_mode;
};

struct look_table {
	uint64_t base;
	uint16_t limit;
};

struct look_msr {
	const char *name;
	uint32_t index;
	bool known; /* KVM tells it */
	uint64_t value;
};

/* A gate of the IDT. */
struct look_gate {
	uint64_t target;
	uint16_t selector;
	uint8_t ist, type, dpl;
};

/* Of the page that KVM and the monitor share, at its last exit. */
struct look_run {
	uint64_t hva, size;    /* all pages of the mapping */
	uint64_t used;         /* of them struct kvm_run itself */
	uint32_t reason;       /* of the last exit */
	const char *name;      /* … in words */
	bool immediate_exit;   /* KVM_RUN is to return at once */
	uint64_t valid, dirty; /* which registers are in it: at an exit, for the next entry */
	uint64_t apic_base;
	uint8_t if_flag, cr8;
	bool io; /* the exit was for a port … */
	bool out;
	uint8_t width;
	uint16_t port;
	uint32_t count;
};

struct look_vcpu {
	unsigned id;
	pid_t tid; /* the host thread that runs it */
	const char *where;
	struct hk_regs regs; /* the program's own */
	struct hk_regs own;  /* where the vCPU itself stands: in the gate's stub, it may be */
	int cpl;             /* -1: KVM does not tell */
	uint64_t cr0, cr2, cr3, cr4, cr8, efer, apic_base, xcr0;
	struct look_segment seg[LOOK_SEGMENTS];
	struct look_table gdt, idt;
	struct look_msr msr[LOOK_MSRS];
	uint64_t gdt_word[LOOK_GDT];
	struct look_gate gate[LOOK_IDT];
	uint64_t tss_rsp0, tss_ist1;
	uint16_t tss_iomap;
	bool port_open; /* ring 3 may use the system-call port */
	struct look_run run;
	uint64_t page_va, page_hva, data_va, data_hva, area_va, area_hva, area_size; /* hva 0: there is none */
	uint64_t answered; /* calls that the gate answered, as the guest's own page says */
	uint64_t exits[VCPU_EVENT_COUNT];
};

/* Look at v, which does not run. 0 or -errno. */
HK_MUST_CHECK int vcpu_look(const struct vcpu *v, struct look_vcpu *out);
/* "system calls" and so on. */
const char *vcpu_event_name(enum vcpu_event event);

#endif
