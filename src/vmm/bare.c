/* SPDX-License-Identifier: Apache-2.0 */
/* Making and running a bare VM. The state in which its processor starts is set in bare_mode.c. */
#include "vmm/bare.h"

#include "vmm/bare_mode.h"
#include "vmm/cpuid.h"
#include "vmm/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

/* Pages under 4 GiB that an Intel host without unrestricted-guest mode takes for itself to run real mode. */
#define INTEL_TSS      0xfffbd000UL
#define INTEL_IDENTITY 0xfffbc000UL

static int make_memory(struct bare_vm *b, uint64_t size, struct hk_err *err)
{
	struct kvm_userspace_memory_region region = { .memory_size = size };

	b->mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (b->mem == MAP_FAILED) {
		b->mem = NULL;
		return hk_err_set(err, -errno, "cannot allocate %lu bytes of guest memory: %s", size, strerror(errno));
	}
	b->mem_size = size;
	region.userspace_addr = (uint64_t)(uintptr_t)b->mem;
	if (ioctl(b->vm_fd, KVM_SET_USER_MEMORY_REGION, &region))
		return hk_err_set(err, -errno, "cannot give the virtual machine its memory: %s", strerror(errno));
	return 0;
}

static int make_vm(struct bare_vm *b, const struct kvm_cpuid2 *cpuid, struct hk_err *err)
{
	uint64_t identity = INTEL_IDENTITY;

	b->vm_fd = ioctl(b->kvm_fd, KVM_CREATE_VM, 0);
	if (b->vm_fd < 0)
		return hk_err_set(err, -errno, "cannot create a virtual machine: %s", strerror(errno));
	if (cpuid_is_intel(cpuid) &&
	    (ioctl(b->vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity) || ioctl(b->vm_fd, KVM_SET_TSS_ADDR, INTEL_TSS)))
		return hk_err_set(err, -errno, "cannot set the TSS address: %s", strerror(errno));
	return 0;
}

static int make_vcpu(struct bare_vm *b, struct kvm_cpuid2 *cpuid, struct hk_err *err)
{
	int size = ioctl(b->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);

	b->vcpu_fd = ioctl(b->vm_fd, KVM_CREATE_VCPU, 0);
	if (size < (int)sizeof(struct kvm_run) || b->vcpu_fd < 0)
		return hk_err_set(err, -errno, "cannot create a vCPU: %s", strerror(errno));
	b->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, b->vcpu_fd, 0);
	if (b->run == MAP_FAILED) {
		b->run = NULL;
		return hk_err_set(err, -errno, "cannot map the vCPU's run page: %s", strerror(errno));
	}
	b->run_size = (size_t)size;
	if (ioctl(b->vcpu_fd, KVM_SET_CPUID2, cpuid))
		return hk_err_set(err, -errno, "cannot set the CPU features: %s", strerror(errno));
	return 0;
}

static int make(struct bare_vm *b, enum bare_mode mode, uint64_t mem_size, struct hk_err *err)
{
	struct kvm_cpuid2 *cpuid HK_FREE = NULL;
	int r;

	b->mem = NULL;
	b->run = NULL;
	b->vm_fd = b->vcpu_fd = -1;
	b->kvm_fd = vm_device(err);
	if (b->kvm_fd < 0)
		return b->kvm_fd;
	r = cpuid_load(b->kvm_fd, &cpuid, err);
	if (r == 0)
		r = make_vm(b, cpuid, err);
	if (r == 0)
		r = make_memory(b, mem_size, err);
	if (r == 0)
		r = make_vcpu(b, cpuid, err);
	if (r == 0) {
		r = bare_enter_mode(b, mode);
		if (r)
			hk_err_set(err, r, "cannot set the processor's mode: %s", strerror(-r));
	}
	if (r)
		bare_close(b);
	return r;
}

int bare_open(struct bare_vm *b, enum bare_mode mode, uint64_t mem_size, struct hk_err *err)
{
	int r;

	memset(b, 0, sizeof(*b));
	r = make(b, mode, mem_size, err);
	if (r == -EOPNOTSUPP && mode == BARE_PAGED32) {
		b->compatible = true;
		r = make(b, mode, mem_size, err);
	}
	if (r == 0 && err)
		err->code = 0;
	return r;
}

void bare_close(struct bare_vm *b)
{
	if (b->run)
		munmap(b->run, b->run_size);
	if (b->vcpu_fd >= 0)
		close(b->vcpu_fd);
	if (b->vm_fd >= 0)
		close(b->vm_fd);
	if (b->kvm_fd >= 0)
		close(b->kvm_fd);
	if (b->mem)
		munmap(b->mem, b->mem_size);
	b->kvm_fd = b->vm_fd = b->vcpu_fd = -1;
	b->run = NULL;
	b->mem = NULL;
}

/* ---- running ---- */

static void failed(struct bare_exit *out, const char *what, uint64_t detail)
{
	out->event = BARE_FAILED;
	snprintf(out->text, sizeof(out->text), what, detail);
}

static void exit_io(struct bare_vm *b, struct bare_exit *out)
{
	const struct kvm_run *run = b->run;

	out->event = BARE_IO;
	out->in = run->io.direction == KVM_EXIT_IO_IN;
	out->port = run->io.port;
	out->size = run->io.size;
	out->count = run->io.count;
	out->data = (uint8_t *)b->run + run->io.data_offset;
}

static void exit_reason(struct bare_vm *b, struct bare_exit *out)
{
	const struct kvm_run *run = b->run;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		exit_io(b, out);
		break;
	case KVM_EXIT_HLT:
		out->event = BARE_HLT;
		break;
	case KVM_EXIT_INTR:
		out->event = BARE_INTERRUPTED;
		break;
	case KVM_EXIT_MMIO:
		failed(out,
		       run->mmio.is_write ? "a write to guest-physical %#lx, where no memory is"
					  : "a read of guest-physical %#lx, where no memory is",
		       run->mmio.phys_addr);
		break;
	case KVM_EXIT_SHUTDOWN:
		failed(out, "triple fault: an exception whose handlers failed too (there is no IDT at the start)", 0);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		failed(out, "the host's processor refuses the guest's state (hardware reason %#lx)",
		       run->fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		failed(out, "an instruction that KVM cannot emulate (suberror %lu)", run->internal.suberror);
		break;
	default:
		failed(out, "an exit that husk boot does not know (reason %lu)", run->exit_reason);
		break;
	}
}

void bare_run(struct bare_vm *b, struct bare_exit *out)
{
	memset(out, 0, sizeof(*out));
	if (ioctl(b->vcpu_fd, KVM_RUN, 0) == 0)
		exit_reason(b, out);
	else if (errno == EINTR || errno == EAGAIN)
		out->event = BARE_INTERRUPTED;
	else
		failed(out, "KVM_RUN failed with errno %lu", (uint64_t)errno);
}

void bare_settle(struct bare_vm *b)
{
	b->run->immediate_exit = 1;
	(void)!ioctl(b->vcpu_fd, KVM_RUN, 0); /* ends with EINTR once the instruction is finished */
	b->run->immediate_exit = 0;
}

int bare_get_state(struct bare_vm *b, struct bare_state *out)
{
	struct kvm_regs r;
	struct kvm_sregs s;

	if (ioctl(b->vcpu_fd, KVM_GET_REGS, &r) || ioctl(b->vcpu_fd, KVM_GET_SREGS, &s))
		return -errno;
	*out = (struct bare_state){ .cr0 = s.cr0,
				    .cr2 = s.cr2,
				    .cr3 = s.cr3,
				    .cr4 = s.cr4,
				    .efer = s.efer,
				    .cs_base = s.cs.base,
				    .cs = s.cs.selector,
				    .ss = s.ss.selector,
				    .cpl = s.ss.dpl,
				    .long_code = s.cs.l,
				    .wide_code = s.cs.db };
	_Static_assert(sizeof(out->regs) == sizeof(r), "hk_regs is kvm_regs by another name");
	memcpy(&out->regs, &r, sizeof(r));
	return 0;
}
