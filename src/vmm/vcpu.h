/* SPDX-License-Identifier: Apache-2.0 */
/* A virtual CPU, and why it came back. Owned by one thread; only the kick may come from another. */
#ifndef HK_VMM_VCPU_H
#define HK_VMM_VCPU_H

#include "kern/cpu.h"
#include "vmm/vm.h"

#include <signal.h>

enum vcpu_event {
	VCPU_SYSCALL,   /* registers: rax = number, rip behind the instruction */
	VCPU_EXCEPTION, /* vector, error, cr2 */
	VCPU_FORBIDDEN, /* an access that the host mapping forbids: the address is for the caller to find */
	VCPU_KICKED,    /* a signal or a kick */
	VCPU_BROKEN,    /* the VM cannot go on: text says why */
	VCPU_EVENT_COUNT
};

struct vcpu_exit {
	enum vcpu_event event;
	unsigned vector;
	uint32_t error;
	uint64_t cr2;
	char text[160];
};

/* How the vCPU must be sent back to ring 3. */
enum vcpu_state {
	VCPU_AT_RING3,   /* the registers in the run page are the program's */
	VCPU_IN_SYSCALL, /* at ring 0 in the SYSCALL stub */
	VCPU_IN_VECTOR,  /* at ring 0 in an exception stub */
};

struct kvm_run;
struct kvm_xsave;
struct gate_data;

struct vcpu {
	struct hk_cpu cpu; /* what kern/ sees; first member */
	struct vm *vm;
	struct mm *mm;
	int fd;
	unsigned id;
	struct kvm_run *run;
	enum vcpu_state state;
	uint64_t stub_rip; /* as reported at the exit, for the host to step over the `out` */
	struct hk_regs regs;
	struct gate_frame *frame;       /* the exception frame in the vCPU's gate page, valid in VCPU_IN_VECTOR */
	uint8_t *page;                  /* the vCPU's gate page */
	uint8_t *area;                  /* for its extended state (state.c); NULL: not needed so far */
	struct kvm_xsave *state_by_kvm; /* … where KVM hands it out; NULL: not needed so far */
	struct vcpu *next;              /* on vm->vcpus */
	pid_t tid;                      /* the host thread that runs it; 0: nobody */
	uint32_t inside;                /* in KVM_RUN, or about to be */
	struct gate_data *data;         /* its page for patched calls, which the guest may write; NULL: there is none */
	uint64_t exits[VCPU_EVENT_COUNT];
	uint64_t exit_tsc; /* what an exit costs, about, in TSC units, of the first `timed` runs */
	unsigned timed;
	unsigned again; /* runs that ended with EAGAIN, one after the other */
	/* What vcpu_hold_signals told KVM; `holds` is false until it did. Raised: a signal ended a run, and until the next time none does. */
	bool holds, raised;
	uint64_t held;
};

/* Make vCPU number id with ring-3 state, all registers zero. The first one also finds out what SYSCALL does here. */
HK_MUST_CHECK int vcpu_open(struct vcpu *v, struct vm *vm, struct mm *mm, unsigned id, struct hk_err *err);
/* In a child of fork, after vm_renew: the same vCPU, registers included, in the new VM; not the extended state. */
HK_MUST_CHECK int vcpu_renew(struct vcpu *v, struct mm *mm, struct hk_err *err);
/* After somebody else, of whom nothing is known any more, ran this vCPU: back to ring 3, with the registers of v. FS, GS and the extended state are not. */
HK_MUST_CHECK int vcpu_reclaim(struct vcpu *v, const struct mm *mm);
void vcpu_close(struct vcpu *v);

/*
 * From now on runs are ended by signals as if the thread's mask were *held, a part of `mask`, whatever it is; where a signal of the rest is pending, all of it.
 * For a caller that blocks all signals around its runs (KVM_SET_SIGNAL_MASK). 0 or -errno.
 */
HK_MUST_CHECK int vcpu_hold_signals(struct vcpu *v, uint64_t mask, uint64_t *held);

/* Run until something happens. */
void vcpu_run(struct vcpu *v, struct vcpu_exit *out);

/* Around each KVM_RUN (stop.c): wait while the world is stopped; say that it is over. */
void vcpu_enter(struct vcpu *v);
void vcpu_leave(struct vcpu *v);
/* A signal or a kick ended a run. */
void vcpu_was_kicked(struct vcpu *v);
/* If it is inside, have it come out soon, as VCPU_KICKED or with what comes first. Any thread. */
void vcpu_nudge(struct vcpu *v);
/* Have vm_stop know it. */
void vm_add_vcpu(struct vm *vm, struct vcpu *v);

/* The program's segment bases. 0 or -errno. */
HK_MUST_CHECK int vcpu_set_bases(struct vcpu *v, uint64_t fs, uint64_t gs);

/* Going on where another vCPU stands (state.c). Save the extended state (x87, SSE, AVX…) beside v, where need be by running the gate's code: by the thread
 * whose vCPU it is, between two runs of the program, whose registers stay as they are. 0 or -errno. */
HK_MUST_CHECK int vcpu_save_state(struct vcpu *v);
/* Copy what was saved to a vCPU that does not run. 0 or -errno. */
HK_MUST_CHECK int vcpu_copy_state(struct vcpu *to, const struct vcpu *from);
/* Give v the extended state that was saved or copied. By the thread whose vCPU it is, as vcpu_save_state. */
HK_MUST_CHECK int vcpu_load_state(struct vcpu *v);
/* The same from the program's own memory, where its processor may find a fault: -EIO. */
HK_MUST_CHECK int vcpu_load_from(struct vcpu *v, uint64_t area, bool extended);

#endif
