/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vm.h"

#include "guest/gate.h"
#include "vmm/cpuid.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

/* Extensions without which husk cannot run, each with what it is for. */
static const struct {
	int cap;
	const char *name;
} needed[] = {
	{ KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY" },       { KVM_CAP_SYNC_REGS, "KVM_CAP_SYNC_REGS" },
	{ KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT" }, { KVM_CAP_NR_MEMSLOTS, "KVM_CAP_NR_MEMSLOTS" },
	{ KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID" },
};

static const uint32_t ioctls[] = {
	KVM_RUN,         KVM_GET_API_VERSION, KVM_CHECK_EXTENSION, KVM_CREATE_VM,
	KVM_CREATE_VCPU, KVM_GET_MSRS,        KVM_SET_MSRS,        KVM_GET_VCPU_MMAP_SIZE,
	KVM_GET_FPU,     KVM_SET_FPU,         KVM_GET_SREGS,       KVM_SET_SREGS,
	KVM_SET_CPUID2,  KVM_SET_TSS_ADDR,    KVM_SET_XCRS,        KVM_GET_SUPPORTED_CPUID,
	KVM_GET_REGS,    KVM_SET_REGS,        KVM_GET_XSAVE,       KVM_SET_XSAVE,
	KVM_GET_XCRS,    KVM_SET_DEVICE_ATTR, KVM_SET_SIGNAL_MASK, KVM_SET_USER_MEMORY_REGION,
};

const uint32_t *vm_ioctls(size_t *count)
{
	*count = HK_ARRAY_LEN(ioctls);
	return ioctls;
}

int vm_device(struct hk_err *err)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC), e = errno;
	const char *hint = e == EACCES || e == EPERM ? "add yourself to the kvm group, or see husk doctor"
			   : e == ENOENT             ? "load kvm-intel or kvm-amd, or see husk doctor"
						     : "see husk doctor";

	return fd < 0 ? hk_err_set(err, -e, "cannot open /dev/kvm: %s; %s", strerror(e), hint) : fd;
}

static int open_device(struct vm *vm, struct hk_err *err)
{
	int version;

	if (vm->kvm_fd < 0)
		vm->kvm_fd = vm_device(err);
	if (vm->kvm_fd < 0)
		return vm->kvm_fd;
	version = ioctl(vm->kvm_fd, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION)
		return hk_err_set(err, -ENOSYS, "/dev/kvm speaks API version %d, husk needs %d", version,
				  KVM_API_VERSION);
	for (size_t i = 0; i < HK_ARRAY_LEN(needed); i++)
		if (ioctl(vm->kvm_fd, KVM_CHECK_EXTENSION, needed[i].cap) <= 0)
			return hk_err_set(err, -ENOSYS, "this host's KVM lacks %s; Linux 5.10 or newer is needed",
					  needed[i].name);
	return 0;
}

static int give_slot(const struct vm *vm, unsigned number)
{
	const struct vm_slot *s = &vm->slot[number];
	struct kvm_userspace_memory_region region = {
		.slot = number,
		.guest_phys_addr = s->gpa,
		.memory_size = s->size,
		.userspace_addr = s->hva,
	};

	return ioctl(vm->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) ? -errno : 0;
}

static int add_slot(void *ctx, gpa_t gpa, uint64_t hva, uint64_t size)
{
	struct vm *vm = ctx;
	int r;

	if (vm->slots == vm->slot_cap) {
		unsigned cap = vm->slot_cap ? vm->slot_cap * 2 : 16;
		struct vm_slot *p = realloc(vm->slot, cap * sizeof(*p));

		if (!p)
			return -ENOMEM;
		vm->slot = p;
		vm->slot_cap = cap;
	}
	vm->slot[vm->slots] = (struct vm_slot){ gpa.v, hva, size };
	r = give_slot(vm, vm->slots);
	vm->slots += r == 0;
	return r;
}

static int create(struct vm *vm, struct hk_err *err)
{
	int slots, size, vcpus;

	vm->vm_fd = ioctl(vm->kvm_fd, KVM_CREATE_VM, 0);
	if (vm->vm_fd < 0)
		return hk_err_set(err, -errno, "cannot create a virtual machine: %s", strerror(errno));
	size = ioctl(vm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	slots = ioctl(vm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS);
	vcpus = ioctl(vm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
	if (size < (int)sizeof(struct kvm_run) || slots < 8)
		return hk_err_set(err, -EINVAL, "this host's KVM reports a run page of %d bytes and %d memory slots",
				  size, slots);
	pthread_mutex_init(&vm->stop_lock, NULL);
	vm->stopped = 0;
	vm->vcpus = NULL;
	vm->run_size = (size_t)size;
	vm->max_vcpus = vcpus > 0 ? (unsigned)hk_min((unsigned)vcpus, GATE_CPU_MAX) : 1;
	vm->pt_ops = (struct pt_ops){ .add_slot = add_slot,
				      .max_slots = (unsigned)slots,
				      .gpa_bits = cpuid_gpa_bits(vm->cpuid) };
	/* An Intel host without unrestricted-guest mode wants these three pages even if real mode is never entered. */
	if (cpuid_is_intel(vm->cpuid) && ioctl(vm->vm_fd, KVM_SET_TSS_ADDR, 0xfffbd000UL))
		return hk_err_set(err, -errno, "cannot set the TSS address: %s", strerror(errno));
	return 0;
}

static int keep(struct vm *vm, int *fd, struct hk_err *err)
{
	int r = fd_guard_adopt(vm->guard, fd);

	return r ? hk_err_set(err, r, "cannot move a descriptor above the limit: %s", strerror(-r)) : 0;
}

int vm_open(struct vm *vm, struct fd_guard *guard, int kvm_fd, struct hk_err *err)
{
	int r;

	memset(vm, 0, sizeof(*vm));
	vm->kvm_fd = kvm_fd;
	vm->vm_fd = -1;
	vm->guard = guard;
	r = open_device(vm, err);
	if (r == 0)
		r = cpuid_load(vm->kvm_fd, &vm->cpuid, err);
	if (r == 0)
		r = create(vm, err);
	if (r == 0 && guard)
		r = keep(vm, &vm->kvm_fd, err);
	if (r == 0 && guard)
		r = keep(vm, &vm->vm_fd, err);
	if (r) {
		vm_close(vm);
		return r;
	}
	vm->xcr0 = cpuid_xcr0(vm->cpuid);
	return 0;
}

int vm_inherit(struct vm *vm, struct fd_guard *guard, int kvm_fd, const struct vm_facts *facts, const void *cpuid,
	       size_t cpuid_size, struct hk_err *err)
{
	int r;

	memset(vm, 0, sizeof(*vm));
	vm->vm_fd = -1;
	vm->kvm_fd = kvm_fd;
	vm->guard = guard;
	vm->facts = *facts;
	vm->cpuid = malloc(cpuid_size);
	if (!vm->cpuid)
		return hk_err_set(err, -ENOMEM, "out of memory");
	memcpy(vm->cpuid, cpuid, cpuid_size);
	vm->xcr0 = cpuid_xcr0(vm->cpuid);
	r = fd_guard_inherit(guard, &vm->kvm_fd);
	if (r)
		return hk_err_set(err, r, "cannot keep the descriptor of /dev/kvm: %s", strerror(-r));
	r = create(vm, err);
	return r ? r : keep(vm, &vm->vm_fd, err);
}

const void *vm_cpuid(const struct vm *vm, size_t *size)
{
	*size = sizeof(*vm->cpuid) + vm->cpuid->nent * sizeof(vm->cpuid->entries[0]);
	return vm->cpuid;
}

int vm_renew(struct vm *vm, struct hk_err *err)
{
	int r;

	fd_guard_drop(vm->guard, &vm->vm_fd);
	fd_guard_room(vm->guard);
	r = create(vm, err);
	if (r == 0)
		r = keep(vm, &vm->vm_fd, err);
	fd_guard_room_end(vm->guard);
	for (unsigned i = 0; r == 0 && i < vm->slots; i++) {
		r = give_slot(vm, i);
		if (r)
			hk_err_set(err, r, "cannot give the virtual machine its memory: %s", strerror(-r));
	}
	return r;
}

int vm_install_gate(struct vm *vm, struct mm *mm, struct hk_err *err)
{
	void *page;
	int r = pt_alloc_page(&mm->pt, &vm->code_gpa, &page);

	if (r == 0) {
		memcpy(page, gate_begin, (size_t)(gate_end - gate_begin));
		r = pt_map_gate(&mm->pt, GATE_CODE_VA, vm->code_gpa, true, false, true);
	}
	return r ? hk_err_set(err, r, "cannot place the gate in the virtual machine: %s", strerror(-r)) : 0;
}

void vm_close(struct vm *vm)
{
	if (vm->guard && vm->vm_fd >= 0)
		fd_guard_drop(vm->guard, &vm->vm_fd);
	else if (vm->vm_fd >= 0)
		close(vm->vm_fd);
	if (vm->guard && vm->kvm_fd >= 0)
		fd_guard_drop(vm->guard, &vm->kvm_fd);
	else if (vm->kvm_fd >= 0)
		close(vm->kvm_fd);
	free(vm->slot);
	free(vm->cpuid);
	vm->vm_fd = vm->kvm_fd = -1;
	vm->cpuid = NULL;
}
