/* SPDX-License-Identifier: Apache-2.0 */
/* What this host's KVM can do and how fast, for `husk doctor`: measured, not assumed. */
#ifndef HK_VMM_PROBE_H
#define HK_VMM_PROBE_H

#include "base/err.h"
#include "vmm/vm.h"

#define PROBE_CAPS 16

/* A KVM extension that husk uses or would use. */
struct probe_cap {
	const char *name;
	bool required;
	int value;        /* of KVM_CHECK_EXTENSION; 0 or less = not there */
	const char *what; /* what it is for, or what is lost without it */
};

/* Times in microseconds; a negative one was not measured. */
struct probe {
	int device_error; /* errno of opening /dev/kvm; 0 = it opened */
	int api_version, api_wanted;
	unsigned cap_count;
	struct probe_cap cap[PROBE_CAPS];
	bool runs; /* a VM ran code; all that follows is valid only then */
	enum vm_syscall syscall;
	bool fsgsbase, xsave, avx, avx512; /* as code at ring 3 found them */
	unsigned gpa_bits;
	double create_vm, create_vcpu, create_vcpu_next, destroy_vm;
	double exit_syscall, exit_exception; /* there and back, median */
	double new_page;                     /* the guest's first touch of 4 KiB */
	double slot_gib;                     /* a memory slot of 1 GiB */
};

/* Told each series of measurements, in microseconds, before its median is taken. */
struct probe_sink {
	void *ctx;
	void (*series)(void *ctx, const char *name, const double *us, size_t n);
	unsigned vms; /* how many VMs to make, at most PROBE_VMS; 0: a few */
};

#define PROBE_VMS 50

/* Measure; takes about half a second. 0, or -errno with the reason in err (and in *p what was found before). Uses the guest's range
 * of addresses: only for a process that runs no guest. sink may be NULL. */
HK_MUST_CHECK int probe_host(struct probe *p, const struct probe_sink *sink, struct hk_err *err);

#endif
