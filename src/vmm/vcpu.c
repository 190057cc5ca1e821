/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a vCPU: descriptor tables, ring-3 state, MSRs, and the probe for what SYSCALL does on this host. Running it is in
 * exits.c.
 */
#include "vmm/vcpu.h"

#include "base/bug.h"
#include "guest/gate.h"
#include "mm/uaccess.h"
#include "vmm/cpuid.h"
#include "vmm/tss.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

_Static_assert(sizeof(struct hk_regs) == sizeof(struct kvm_regs), "hk_regs is kvm_regs by another name");
_Static_assert(offsetof(struct hk_regs, rsp) == offsetof(struct kvm_regs, rsp), "hk_regs is kvm_regs by another name");
_Static_assert(offsetof(struct hk_regs, rip) == offsetof(struct kvm_regs, rip), "hk_regs is kvm_regs by another name");

#define CR0_BITS                                                                                                       \
	((1u << 0) | (1u << 1) | (1u << 4) | (1u << 5) | (1u << 16) | (1u << 18) |                                     \
	 (1u << 31)) /* PE MP ET NE WP AM PG */
#define CR4_PAE        (1u << 5)
#define CR4_OSFXSR     (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_FSGSBASE   (1u << 16)
#define CR4_OSXSAVE    (1u << 18)
#define EFER_BITS      ((1u << 0) | (1u << 8) | (1u << 10) | (1u << 11)) /* SCE LME LMA NXE */

#define MSR_STAR         0xc0000081u
#define MSR_LSTAR        0xc0000082u
#define MSR_SYSCALL_MASK 0xc0000084u
#define MSR_FS_BASE      0xc0000100u
#define MSR_GS_BASE      0xc0000101u
/* What SYSCALL clears, as Linux has it: CF PF AF ZF SF TF IF DF OF IOPL NT RF AC ID. */
#define SYSCALL_MASK 0x257fd5u

/* ---- the vCPU's page: GDT, TSS, IDT, exception stack ---- */

#define DESC_CODE64 0x00a09b0000000000UL /* present, code, long, accessed */
#define DESC_DATA   0x00c0930000000000UL
#define DESC_DPL3   0x0000600000000000UL

_Static_assert(GATE_CPU_TSS + sizeof(struct tss64) <= GATE_CPU_IDT, "the TSS ends before the IDT");

static uint64_t page_va(const struct vcpu *v)
{
	return GATE_CPU_VA + (uint64_t)v->id * GATE_PAGE_SIZE;
}

static void fill_gdt(const struct vcpu *v)
{
	uint64_t *gdt = (uint64_t *)(v->page + GATE_CPU_GDT);
	uint64_t base = page_va(v) + GATE_CPU_TSS, limit = sizeof(struct tss64) - 1;

	gdt[GATE_SEL_KERNEL_CS / 8] = DESC_CODE64;
	gdt[GATE_SEL_KERNEL_SS / 8] = DESC_DATA;
	gdt[GATE_SEL_USER_SS / 8] = DESC_DATA | DESC_DPL3;
	gdt[GATE_SEL_USER_CS / 8] = DESC_CODE64 | DESC_DPL3;
	/* 64-bit TSS, busy, two entries. */
	gdt[GATE_SEL_TSS / 8] = limit | (base & 0xffffff) << 16 | 0x8bUL << 40 | ((base >> 24) & 0xff) << 56;
	gdt[GATE_SEL_TSS / 8 + 1] = base >> 32;
}

static void fill_idt(const struct vcpu *v)
{
	uint64_t *idt = (uint64_t *)(v->page + GATE_CPU_IDT);

	for (unsigned n = 0; n < GATE_VECTORS; n++) {
		uint64_t target = GATE_CODE_VA + GATE_VECTOR + n * GATE_VECTOR_SIZE;
		/* Interrupt gate on stack 1; the program itself may only raise #BP and #OF by instruction. */
		uint64_t type = 0x8e | (n == 3 || n == 4 ? 0x60 : 0);

		idt[2 * n] = (target & 0xffff) | (uint64_t)GATE_SEL_KERNEL_CS << 16 | 1UL << 32 | type << 40 |
			     ((target >> 16) & 0xffff) << 48;
		idt[2 * n + 1] = target >> 32;
	}
}

static void fill_tss(const struct vcpu *v)
{
	struct tss64 *tss = (struct tss64 *)(v->page + GATE_CPU_TSS);

	tss->rsp[0] = tss->ist[0] = page_va(v) + GATE_CPU_STACK;
	tss->iomap = offsetof(struct tss64, ports);
	memset(tss->ports, 0xff, sizeof(tss->ports));
	/* Where SYSCALL stays at ring 3, its stub's `out` needs leave for that one port. The probe runs with it. */
	if (!v->vm->facts.known || v->vm->facts.syscall == VM_SYSCALL_RING3)
		tss->ports[GATE_PORT_SYSCALL / 8] &= (uint8_t) ~(1u << GATE_PORT_SYSCALL % 8);
}

static uint64_t gs_base(const struct vcpu *v)
{
	return GATE_GS_VA + (uint64_t)v->id * GATE_PAGE_SIZE;
}

_Static_assert(GATE_GS_VA >> 32 == GATE_GS_HIGH, "the gate knows its GS bases by their upper half");

static int make_data_page(struct vcpu *v, struct mm *mm)
{
	void *page;
	gpa_t gpa;
	int r = pt_alloc_page(&mm->pt, &gpa, &page);

	if (r == 0)
		r = pt_map_gate(&mm->pt, gs_base(v) + GATE_DATA, gpa, true, true, false);
	if (r == 0)
		v->data = page;
	return r;
}

static int make_page(struct vcpu *v, struct mm *mm)
{
	void *page;
	gpa_t gpa;
	int r;

	pthread_mutex_lock(&mm->lock);
	r = pt_alloc_page(&mm->pt, &gpa, &page);
	if (r == 0)
		r = pt_map_gate(&mm->pt, page_va(v), gpa, false, true, false);
	if (r == 0 && v->vm->patching)
		r = make_data_page(v, mm);
	pthread_mutex_unlock(&mm->lock);
	if (r)
		return r;
	v->page = page;
	v->frame = (struct gate_frame *)(v->page + GATE_CPU_STACK - sizeof(*v->frame));
	fill_gdt(v);
	fill_idt(v);
	fill_tss(v);
	return 0;
}

/* ---- registers ---- */

static struct kvm_segment segment(uint16_t selector, bool code, unsigned dpl)
{
	return (struct kvm_segment){ .limit = 0xffffffff,
				     .selector = selector,
				     .type = code ? 11 : 3,
				     .present = 1,
				     .dpl = (uint8_t)dpl,
				     .db = !code,
				     .s = 1,
				     .l = code,
				     .g = 1 };
}

static int set_system_registers(struct vcpu *v, const struct mm *mm)
{
	struct kvm_sregs s;

	if (ioctl(v->fd, KVM_GET_SREGS, &s))
		return -errno;
	s.cs = segment(GATE_SEL_USER_CS, true, 3);
	s.ss = segment(GATE_SEL_USER_SS, false, 3);
	s.ds = s.es = s.fs = s.gs = segment(0, false, 3);
	s.gs.base = v->data ? gs_base(v) : 0;
	s.tr = (struct kvm_segment){ .base = page_va(v) + GATE_CPU_TSS,
				     .limit = sizeof(struct tss64) - 1,
				     .selector = GATE_SEL_TSS,
				     .type = 11,
				     .present = 1 };
	s.ldt = (struct kvm_segment){ .unusable = 1 };
	s.gdt = (struct kvm_dtable){ .base = page_va(v) + GATE_CPU_GDT, .limit = GATE_CPU_TSS - GATE_CPU_GDT - 1 };
	s.idt = (struct kvm_dtable){ .base = page_va(v) + GATE_CPU_IDT, .limit = GATE_VECTORS * 16 - 1 };
	s.cr0 = CR0_BITS;
	s.cr3 = pt_root(&mm->pt).v;
	s.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | (cpuid_has_fsgsbase(v->vm->cpuid) ? CR4_FSGSBASE : 0) |
		(v->vm->xcr0 ? CR4_OSXSAVE : 0);
	s.efer = EFER_BITS;
	if (ioctl(v->fd, KVM_SET_SREGS, &s) == 0)
		return 0;
	/* Some hosts offer no XSAVE and take it all the same; to the others it must not be said. */
	if (!(s.cr4 & CR4_OSXSAVE) || cpuid_has_xsave(v->vm->cpuid))
		return -errno;
	s.cr4 &= ~(uint64_t)CR4_OSXSAVE;
	return ioctl(v->fd, KVM_SET_SREGS, &s) ? -errno : 0;
}

static int set_msrs(struct vcpu *v, const struct kvm_msr_entry *entries, unsigned n)
{
	union {
		struct kvm_msrs head;
		char room[sizeof(struct kvm_msrs) + 4 * sizeof(struct kvm_msr_entry)];
	} m = { .head.nmsrs = n };
	int r;

	memcpy(m.head.entries, entries, n * sizeof(*entries));
	r = ioctl(v->fd, KVM_SET_MSRS, &m);
	return r < 0 ? -errno : r == (int)n ? 0 : -EINVAL;
}

static int set_syscall_msrs(struct vcpu *v)
{
	const struct kvm_msr_entry entries[] = {
		{ .index = MSR_STAR, .data = (uint64_t)GATE_SEL_SYSRET << 48 | (uint64_t)GATE_SEL_KERNEL_CS << 32 },
		{ .index = MSR_LSTAR, .data = GATE_CODE_VA + GATE_SYSCALL },
		{ .index = MSR_SYSCALL_MASK, .data = SYSCALL_MASK },
	};

	return set_msrs(v, entries, HK_ARRAY_LEN(entries));
}

static int set_xcr0(struct vcpu *v)
{
	struct kvm_xcrs x = { .nr_xcrs = 1, .xcrs[0] = { .xcr = 0, .value = v->vm->xcr0 } };

	if (!v->vm->xcr0)
		return 0;
	/* Also where KVM does not offer XSAVE and ring 3 has it all the same: CPUID tells the size of the area for what is enabled here. */
	if (ioctl(v->fd, KVM_SET_XCRS, &x) == 0 && cpuid_has_xsave(v->vm->cpuid))
		return 0;
	if (cpuid_has_xsave(v->vm->cpuid))
		return -errno;
	/* … and such hosts work that out when they are given the table. */
	return ioctl(v->fd, KVM_SET_CPUID2, v->vm->cpuid) ? -errno : 0;
}

/* ---- kern/cpu.h's operations ---- */

static struct vcpu *of_cpu(struct hk_cpu *c)
{
	return (struct vcpu *)c; /* the first member */
}

static struct hk_regs *op_regs(struct hk_cpu *c)
{
	return &of_cpu(c)->regs;
}

static int op_get_fs_gs(struct hk_cpu *c, uint64_t *fs, uint64_t *gs)
{
	union {
		struct kvm_msrs head;
		char room[sizeof(struct kvm_msrs) + 2 * sizeof(struct kvm_msr_entry)];
	} m = { .head.nmsrs = 2 };
	int r;

	m.head.entries[0].index = MSR_FS_BASE;
	m.head.entries[1].index = MSR_GS_BASE;
	r = ioctl(of_cpu(c)->fd, KVM_GET_MSRS, &m);
	if (r < 0)
		return -errno;
	if (r != 2)
		return -EINVAL;
	*fs = m.head.entries[0].data;
	*gs = m.head.entries[1].data;
	/* What the gate keeps there is none of the program's business. */
	if (*gs == gs_base(of_cpu(c)))
		*gs = 0;
	return 0;
}

static int set_base(struct hk_cpu *c, uint32_t msr, uint64_t base)
{
	const struct kvm_msr_entry entry = { .index = msr, .data = base };

	return set_msrs(of_cpu(c), &entry, 1);
}

/* A GS base of 0, which is what nearly all programs have, is the gate's to use. */
static uint64_t real_gs(const struct vcpu *v, uint64_t gs)
{
	return gs == 0 && v->data ? gs_base(v) : gs;
}

int vcpu_set_bases(struct vcpu *v, uint64_t fs, uint64_t gs)
{
	const struct kvm_msr_entry entries[] = {
		{ .index = MSR_FS_BASE, .data = fs },
		{ .index = MSR_GS_BASE, .data = real_gs(v, gs) },
	};

	return set_msrs(v, entries, HK_ARRAY_LEN(entries));
}

static int op_set_fs(struct hk_cpu *c, uint64_t base)
{
	return set_base(c, MSR_FS_BASE, base);
}

static int op_set_gs(struct hk_cpu *c, uint64_t base)
{
	return set_base(c, MSR_GS_BASE, real_gs(of_cpu(c), base));
}

/* Run the gate's STMXCSR below the program's red zone, where a signal frame would go, and put the registers back. */
static int read_mxcsr(struct vcpu *v, uint32_t *mxcsr)
{
	struct hk_regs saved = v->regs;
	struct vcpu_exit e;
	gva_t slot = GVA((saved.rsp - 128 - 64) & ~63UL);
	uint32_t value;
	int r;

	v->regs.rsp = slot.v;
	v->regs.rip = GATE_CODE_VA + GATE_STMXCSR;
	vcpu_run(v, &e);
	r = e.event == VCPU_SYSCALL ? get_guest(&value, slot) : -EFAULT;
	v->regs = saved;
	if (r == 0)
		*mxcsr = value;
	return r;
}

static int op_get_fp_status(struct hk_cpu *c, uint16_t *fcw, uint16_t *fsw, uint32_t *mxcsr)
{
	struct kvm_fpu fpu;

	if (ioctl(of_cpu(c)->fd, KVM_GET_FPU, &fpu))
		return -errno;
	*fcw = fpu.fcw;
	*fsw = fpu.fsw;
	*mxcsr = fpu.mxcsr;
	/* Some hosts do not see MXCSR's exception flags: let the guest's processor say. */
	if (!(*mxcsr & 0x3f))
		(void)!read_mxcsr(of_cpu(c), mxcsr);
	return 0;
}

HK_IN_HANDLER static void op_kick(struct hk_cpu *c)
{
	__atomic_store_n(&of_cpu(c)->run->immediate_exit, 1, __ATOMIC_RELEASE);
}

static int op_load_state(struct hk_cpu *c, uint64_t area, bool extended)
{
	return vcpu_load_from(of_cpu(c), area, extended);
}

static const struct hk_cpu_ops vcpu_ops = {
	.load_state = op_load_state,
	.regs = op_regs,
	.get_fs_gs = op_get_fs_gs,
	.set_fs = op_set_fs,
	.set_gs = op_set_gs,
	.get_fp_status = op_get_fp_status,
	.kick = op_kick,
};

/* ---- the probe ---- */

/* Did the probe stop because the processor knows no instruction of this step? */
static bool undefined(const struct vcpu *v, const struct vcpu_exit *e, uint64_t step, uint64_t next)
{
	return e->event == VCPU_EXCEPTION && e->vector == 6 && v->regs.rip >= GATE_CODE_VA + step &&
	       v->regs.rip < GATE_CODE_VA + next;
}

static void probe_from(struct vcpu *v, uint64_t step, struct vcpu_exit *e)
{
	v->regs.rip = GATE_CODE_VA + step;
	v->regs.r8 = v->regs.r10 = 0;
	vcpu_run(v, e);
}

/* KVM starts a vCPU's time-stamp counter at 0; the host's own is wanted. False: this host cannot. */
static bool take_hosts_tsc(const struct vcpu *v)
{
	uint64_t offset = 0;
	struct kvm_device_attr attr = { .group = KVM_VCPU_TSC_CTRL,
					.attr = KVM_VCPU_TSC_OFFSET,
					.addr = (uint64_t)(uintptr_t)&offset };

	return ioctl(v->fd, KVM_SET_DEVICE_ATTR, &attr) == 0;
}

#define XCR0_AVX     4
#define AVX_PATTERN  0x6b736b6873756b68UL
#define MXCSR_OFFSET 24
#define BV_OFFSET    512 /* XSTATE_BV: the components that are there */
#define AVX_OFFSET   576 /* the upper halves */

/* Put a pattern into the upper half of YMM0, which the probe looks for: does the host take extended state that ring 3 then has? False: it does not hand it out. */
static bool set_pattern(const struct vcpu *v)
{
	const uint64_t components = 3 | XCR0_AVX, pattern = AVX_PATTERN;
	const uint32_t mxcsr = 0x1f80;
	const uint16_t fcw = 0x37f;
	struct kvm_xsave x = { 0 }, back = { 0 };
	uint8_t *area = (uint8_t *)x.region;

	if (!(v->vm->xcr0 & XCR0_AVX))
		return false;
	memcpy(area, &fcw, sizeof(fcw));
	memcpy(area + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
	memcpy(area + BV_OFFSET, &components, sizeof(components));
	memcpy(area + AVX_OFFSET, &pattern, sizeof(pattern));
	return ioctl(v->fd, KVM_SET_XSAVE, &x) == 0 && ioctl(v->fd, KVM_GET_XSAVE, &back) == 0 &&
	       memcmp((uint8_t *)back.region + AVX_OFFSET, &pattern, sizeof(pattern)) == 0;
}

/* Run the gate's probe code at ring 3 and see what RDFSBASE, XGETBV, RDTSC and SYSCALL do. */
static int probe(struct vcpu *v, struct hk_err *err)
{
	struct tss64 *tss = (struct tss64 *)(v->page + GATE_CPU_TSS);
	uint64_t tsc = __builtin_ia32_rdtsc();
	struct vcpu_exit e;
	struct kvm_sregs s;
	bool handed_out;

	v->vm->facts.tsc_needs_offset = take_hosts_tsc(v);
	handed_out = set_pattern(v);
	probe_from(v, GATE_PROBE, &e);
	v->vm->facts.fsgsbase = !undefined(v, &e, GATE_PROBE, GATE_PROBE_XGETBV);
	if (!v->vm->facts.fsgsbase) {
		/* The gate could not tell a GS base of the program's own. */
		v->vm->patching = false;
		v->data = NULL;
		probe_from(v, GATE_PROBE_XGETBV, &e);
	}
	if (undefined(v, &e, GATE_PROBE_XGETBV, GATE_PROBE_SYSCALL))
		probe_from(v, GATE_PROBE_SYSCALL, &e);
	if (e.event != VCPU_SYSCALL)
		return hk_err_set(err, -EIO,
				  "a SYSCALL in the virtual machine ended as event %d, vector %u %s; see husk doctor",
				  e.event, e.vector, e.event == VCPU_BROKEN ? e.text : "");
	if (ioctl(v->fd, KVM_GET_SREGS, &s))
		return hk_err_set(err, -errno, "cannot read the segment registers: %s", strerror(errno));
	v->vm->facts.known = true;
	v->vm->facts.tsc_is_hosts = v->regs.r9 >= tsc && v->regs.r9 <= __builtin_ia32_rdtsc();
	if (!v->data && set_base(&v->cpu, MSR_GS_BASE, 0))
		return hk_err_set(err, -EIO, "cannot set the GS base: %s", strerror(errno));
	v->vm->facts.guest_xcr0 = v->regs.r8;
	v->vm->facts.xsave_size = (uint32_t)hk_max(v->regs.r10, cpuid_xsave_size(v->vm->cpuid, v->regs.r8));
	v->vm->facts.hwcap = (uint32_t)v->regs.rdx;
	v->vm->facts.state_by_kvm = handed_out && v->regs.r8 == v->vm->xcr0 && v->regs.r12 == AVX_PATTERN &&
				    v->vm->facts.xsave_size <= sizeof(struct kvm_xsave);
	v->vm->facts.syscall = s.cs.dpl == 3 ? VM_SYSCALL_RING3 : VM_SYSCALL_RING0;
	if (v->vm->facts.syscall == VM_SYSCALL_RING0)
		tss->ports[GATE_PORT_SYSCALL / 8] = 0xff; /* nobody at ring 3 needs it */
	else
		v->state = VCPU_AT_RING3;
	return 0;
}

/* ---- making one ---- */

/* The descriptor, and the page shared with the host. */
static int create_here(struct vcpu *v, struct hk_err *err)
{
	int r;

	v->fd = ioctl(v->vm->vm_fd, KVM_CREATE_VCPU, v->id);
	if (v->fd < 0)
		return hk_err_set(err, -errno, "cannot create vCPU %u: %s", v->id, strerror(errno));
	/* At once: until then its number is one that the guest's other threads can use (decisions/010). */
	if (v->vm->guard) {
		r = fd_guard_adopt(v->vm->guard, &v->fd);
		if (r)
			return hk_err_set(err, r, "cannot move a descriptor above the limit: %s", strerror(-r));
	}
	v->run = mmap(NULL, v->vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED) {
		v->run = NULL;
		return hk_err_set(err, -errno, "cannot map vCPU %u's run page: %s", v->id, strerror(errno));
	}
	return 0;
}

static int create(struct vcpu *v, struct hk_err *err)
{
	int r;

	if (!v->vm->guard)
		return create_here(v, err);
	fd_guard_room(v->vm->guard);
	r = create_here(v, err);
	fd_guard_room_end(v->vm->guard);
	return r;
}

static int set_up(struct vcpu *v, const struct mm *mm, struct hk_err *err)
{
	int r;

	if (ioctl(v->fd, KVM_SET_CPUID2, v->vm->cpuid))
		return hk_err_set(err, -errno, "cannot set the CPU features: %s", strerror(errno));
	r = set_system_registers(v, mm);
	if (r)
		return hk_err_set(err, r, "cannot set the system registers: %s", strerror(-r));
	r = set_syscall_msrs(v);
	if (r)
		return hk_err_set(err, r, "cannot set the SYSCALL registers: %s", strerror(-r));
	r = set_xcr0(v);
	if (r)
		return hk_err_set(err, r, "cannot enable the extended state %#lx: %s", v->vm->xcr0, strerror(-r));
	if (v->vm->facts.tsc_needs_offset && !take_hosts_tsc(v))
		return hk_err_set(err, -EIO, "cannot set vCPU %u's time-stamp counter: %s", v->id, strerror(errno));
	v->run->kvm_valid_regs = KVM_SYNC_X86_REGS;
	vm_add_vcpu(v->vm, v);
	return 0;
}

int vcpu_open(struct vcpu *v, struct vm *vm, struct mm *mm, unsigned id, struct hk_err *err)
{
	int r;

	memset(v, 0, sizeof(*v));
	v->cpu.ops = &vcpu_ops;
	v->vm = vm;
	v->mm = mm;
	v->id = id;
	v->fd = -1;
	v->state = VCPU_AT_RING3;
	v->regs.rflags = 2;
	r = create(v, err);
	if (r == 0) {
		r = make_page(v, mm);
		if (r)
			hk_err_set(err, r, "cannot make vCPU %u's page: %s", v->id, strerror(-r));
	}
	if (r == 0)
		r = set_up(v, mm, err);
	if (r == 0 && !vm->facts.known)
		r = probe(v, err);
	if (r) {
		vcpu_close(v);
		return r;
	}
	memset(&v->regs, 0, sizeof(v->regs));
	v->regs.rflags = 0x202;
	return 0;
}

int vcpu_renew(struct vcpu *v, struct mm *mm, struct hk_err *err)
{
	int r;

	munmap(v->run, v->vm->run_size);
	fd_guard_drop(v->vm->guard, &v->fd);
	v->state = VCPU_AT_RING3;
	v->inside = 0;
	v->holds = false;
	memset(v->exits, 0, sizeof(v->exits));
	if (v->data)
		v->data->answered = 0;
	r = create(v, err);
	return r ? r : set_up(v, mm, err);
}

int vcpu_reclaim(struct vcpu *v, const struct mm *mm)
{
	v->state = VCPU_AT_RING3;
	return set_system_registers(v, mm);
}

void vcpu_close(struct vcpu *v)
{
	if (v->run)
		munmap(v->run, v->vm->run_size);
	if (v->vm->guard && v->fd >= 0)
		fd_guard_drop(v->vm->guard, &v->fd);
	else if (v->fd >= 0)
		close(v->fd);
	free(v->state_by_kvm);
	v->state_by_kvm = NULL;
	v->run = NULL;
	v->fd = -1;
}
