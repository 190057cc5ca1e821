/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A KVM virtual machine: /dev/kvm, what this host can do, memory slots. One VM a guest process; it belongs to the host process that made it.
 * Only vmm/ knows KVM's structures.
 */
#ifndef HK_VMM_VM_H
#define HK_VMM_VM_H

#include "base/err.h"
#include "kern/fd.h"
#include "mm/mm.h"

/* What SYSCALL at ring 3 does on this host. */
enum vm_syscall {
	VM_SYSCALL_RING0, /* enters ring 0, as the manual says */
	VM_SYSCALL_RING3, /* RIP, RCX, R11 change, the privilege level does not */
};

/* What the probe found out about this host. */
struct vm_facts {
	bool known; /* the rest is valid */
	enum vm_syscall syscall;
	bool fsgsbase;         /* rd/wrfsbase may be used at ring 3 */
	uint64_t guest_xcr0;   /* as XGETBV says in the guest; 0: no XSAVE there */
	uint32_t xsave_size;   /* of the XSAVE area for it, bytes */
	bool tsc_is_hosts;     /* RDTSC gives the same in the guest as in the host … */
	bool tsc_needs_offset; /* … if the vCPU's offset is set to 0 first */
	bool state_by_kvm;     /* KVM hands out and takes all extended state that ring 3 has */
	uint32_t hwcap;        /* CPUID leaf 1 EDX as the program will see it */
};

struct vm_slot {
	uint64_t gpa, hva, size;
};

struct vm {
	int kvm_fd, vm_fd;
	struct fd_guard *guard;
	size_t run_size;      /* of a vCPU's shared page(s) */
	struct vm_slot *slot; /* what the VM was given, in order: a child gives it to its own */
	unsigned slots, slot_cap;
	unsigned max_vcpus; /* so many there may be, numbered from 0 */
	struct pt_ops pt_ops;
	struct vm_facts facts;
	bool patching;  /* vCPUs get data pages for patched calls; the monitor's wish, before the first is made */
	gpa_t code_gpa; /* the gate's code page */
	struct kvm_cpuid2 *cpuid; /* what vCPUs are given */
	uint64_t xcr0;            /* 0: left alone */
	/* Stopping the world (stop.c). */
	pthread_mutex_t stop_lock; /* held by who has stopped it */
	uint32_t stopped;          /* a futex: 1 while no vCPU may enter the VM */
	uint32_t left;             /* a futex: counts vCPUs that came out while it was */
	struct vcpu *vcpus;        /* all there are, linked by their `next`; only ever added to */
	/* Makes the host thread's KVM_RUN return, by a signal. NULL: there is one thread. */
	void (*kick_thread)(pid_t tid);
};

/* A descriptor of /dev/kvm, which is the caller's; or -errno with the line for the user in err. */
HK_MUST_CHECK int vm_device(struct hk_err *err);
/* Open /dev/kvm (or take kvm_fd, if that is not -1: it is then the VM's), check what is needed, create the VM. vm->pt_ops is then ready for mm_init with ctx = vm. 0, or -errno with the
 * line for the user in err. guard: where the descriptors are kept (may be NULL). */
HK_MUST_CHECK int vm_open(struct vm *vm, struct fd_guard *guard, int kvm_fd, struct hk_err *err);
/* The same from what another monitor of this host had: its descriptor of /dev/kvm, which is taken over, what its probe found, its CPUID table (cpuid_size
 * bytes, copied). Nothing is asked again. */
HK_MUST_CHECK int vm_inherit(struct vm *vm, struct fd_guard *guard, int kvm_fd, const struct vm_facts *facts,
			     const void *cpuid, size_t cpuid_size, struct hk_err *err);
/* That table and its size, for vm_inherit. */
const void *vm_cpuid(const struct vm *vm, size_t *size);
/* Put the gate into mm's page tables. After mm_init, before the first vCPU. */
HK_MUST_CHECK int vm_install_gate(struct vm *vm, struct mm *mm, struct hk_err *err);
/* In a child of fork, which has a copy of its parent's memory but may not use its VM: give up that one and make another over this memory. The vCPUs are
 * for vcpu_renew. */
HK_MUST_CHECK int vm_renew(struct vm *vm, struct hk_err *err);
void vm_close(struct vm *vm);

/*
 * Between the two calls no vCPU runs the program. For a thread whose own vCPU is not running; it must not run it, nor stop again, before it resumes.
 * Waits a few microseconds for each vCPU that runs; threads that are in the monitor or wait in a system call are let be.
 */
void vm_stop(struct vm *vm);
void vm_resume(struct vm *vm);

/* Every ioctl request that this folder makes, KVM_RUN first: for the cage. */
const uint32_t *vm_ioctls(size_t *count);

#endif
