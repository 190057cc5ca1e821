/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/look.h"

#include "guest/gate.h"
#include "vmm/tss.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

static const struct {
	const char *name;
	uint32_t index;
} msrs[LOOK_MSRS] = {
	{ "EFER", 0xc0000080 },    { "STAR", 0xc0000081 },
	{ "LSTAR", 0xc0000082 },   { "CSTAR", 0xc0000083 },
	{ "SFMASK", 0xc0000084 },  { "FS_BASE", 0xc0000100 },
	{ "GS_BASE", 0xc0000101 }, { "KERNEL_GS_BASE", 0xc0000102 },
	{ "TSC_AUX", 0xc0000103 }, { "TSC", 0x10 },
	{ "APIC_BASE", 0x1b },     { "PAT", 0x277 },
};

const char *vcpu_event_name(enum vcpu_event event)
{
	static const char *const names[VCPU_EVENT_COUNT] = { [VCPU_SYSCALL] = "system calls",
							     [VCPU_EXCEPTION] = "exceptions",
							     [VCPU_FORBIDDEN] = "forbidden accesses",
							     [VCPU_KICKED] = "signals and kicks",
							     [VCPU_BROKEN] = "failures" };

	return names[event];
}

static const char *reason_name(uint32_t reason)
{
	static const char *const names[] = {
		[KVM_EXIT_UNKNOWN] = "UNKNOWN",
		[KVM_EXIT_EXCEPTION] = "EXCEPTION",
		[KVM_EXIT_IO] = "IO",
		[KVM_EXIT_HYPERCALL] = "HYPERCALL",
		[KVM_EXIT_DEBUG] = "DEBUG",
		[KVM_EXIT_HLT] = "HLT",
		[KVM_EXIT_MMIO] = "MMIO",
		[KVM_EXIT_IRQ_WINDOW_OPEN] = "IRQ_WINDOW_OPEN",
		[KVM_EXIT_SHUTDOWN] = "SHUTDOWN",
		[KVM_EXIT_FAIL_ENTRY] = "FAIL_ENTRY",
		[KVM_EXIT_INTR] = "INTR",
		[KVM_EXIT_INTERNAL_ERROR] = "INTERNAL_ERROR",
	};

	return reason < HK_ARRAY_LEN(names) && names[reason] ? names[reason] : "another";
}

static struct look_segment segment(const char *name, const struct kvm_segment *s)
{
	return (struct look_segment){ .name = name,
				      .base = s->base,
				      .limit = s->limit,
				      .selector = s->selector,
				      .type = s->type,
				      .dpl = s->dpl,
				      .unusable = s->unusable || !s->present,
				      .code_or_data = s->s,
				      .long_mode = s->l };
}

static int look_system(const struct vcpu *v, struct look_vcpu *out)
{
	struct kvm_xcrs x;
	struct kvm_sregs s;

	if (ioctl(v->fd, KVM_GET_SREGS, &s))
		return -errno;
	out->cpl = s.cs.dpl;
	out->cr0 = s.cr0;
	out->cr2 = s.cr2;
	out->cr3 = s.cr3;
	out->cr4 = s.cr4;
	out->cr8 = s.cr8;
	out->efer = s.efer;
	out->apic_base = s.apic_base;
	const struct look_segment seg[LOOK_SEGMENTS] = {
		segment("CS", &s.cs), segment("SS", &s.ss), segment("DS", &s.ds), segment("ES", &s.es),
		segment("FS", &s.fs), segment("GS", &s.gs), segment("TR", &s.tr), segment("LDT", &s.ldt),
	};

	memcpy(out->seg, seg, sizeof(seg));
	out->gdt = (struct look_table){ s.gdt.base, s.gdt.limit };
	out->idt = (struct look_table){ s.idt.base, s.idt.limit };
	out->xcr0 = ioctl(v->fd, KVM_GET_XCRS, &x) == 0 && x.nr_xcrs ? x.xcrs[0].value : 0;
	return 0;
}

/* One at a time: KVM stops at the first that it does not know. */
static void look_msrs(const struct vcpu *v, struct look_vcpu *out)
{
	for (size_t i = 0; i < LOOK_MSRS; i++) {
		union {
			struct kvm_msrs head;
			char room[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
		} m = { .head.nmsrs = 1 };

		m.head.entries[0].index = msrs[i].index;
		out->msr[i] = (struct look_msr){ .name = msrs[i].name, .index = msrs[i].index };
		out->msr[i].known = ioctl(v->fd, KVM_GET_MSRS, &m) == 1;
		out->msr[i].value = m.head.entries[0].data;
	}
}

static struct look_gate gate_of(uint64_t low, uint64_t high)
{
	return (struct look_gate){ .target = (low & 0xffff) | (low >> 32 & 0xffff0000) | high << 32,
				   .selector = (uint16_t)(low >> 16),
				   .ist = low >> 32 & 7,
				   .type = low >> 40 & 15,
				   .dpl = low >> 45 & 3 };
}

/* The descriptor tables in its page. */
static void look_page(const struct vcpu *v, struct look_vcpu *out)
{
	const uint64_t *idt = (const uint64_t *)(v->page + GATE_CPU_IDT);
	const struct tss64 *tss = (const struct tss64 *)(v->page + GATE_CPU_TSS);

	memcpy(out->gdt_word, v->page + GATE_CPU_GDT, sizeof(out->gdt_word));
	for (size_t n = 0; n < LOOK_IDT; n++)
		out->gate[n] = gate_of(idt[2 * n], idt[2 * n + 1]);
	out->tss_rsp0 = tss->rsp[0];
	out->tss_ist1 = tss->ist[0];
	out->tss_iomap = tss->iomap;
	out->port_open = !(tss->ports[GATE_PORT_SYSCALL / 8] & 1u << GATE_PORT_SYSCALL % 8);
}

static void look_run(const struct vcpu *v, struct look_run *out)
{
	const struct kvm_run *run = v->run;

	*out = (struct look_run){ .hva = (uint64_t)(uintptr_t)run,
				  .size = v->vm->run_size,
				  .used = sizeof(*run),
				  .reason = run->exit_reason,
				  .name = reason_name(run->exit_reason),
				  .immediate_exit = run->immediate_exit,
				  .valid = run->kvm_valid_regs,
				  .dirty = run->kvm_dirty_regs,
				  .apic_base = run->apic_base,
				  .if_flag = run->if_flag,
				  .cr8 = (uint8_t)run->cr8 };
	if (run->exit_reason == KVM_EXIT_IO) {
		out->io = true;
		out->out = run->io.direction == KVM_EXIT_IO_OUT;
		out->width = run->io.size;
		out->port = run->io.port;
		out->count = run->io.count;
	}
}

static void look_pages(const struct vcpu *v, struct look_vcpu *out)
{
	out->page_va = GATE_CPU_VA + (uint64_t)v->id * GATE_PAGE_SIZE;
	out->page_hva = (uint64_t)(uintptr_t)v->page;
	out->data_va = GATE_GS_VA + (uint64_t)v->id * GATE_PAGE_SIZE + GATE_DATA;
	out->data_hva = (uint64_t)(uintptr_t)v->data;
	out->area_va = GATE_STATE_VA + (uint64_t)v->id * GATE_STATE_SIZE;
	out->area_hva = (uint64_t)(uintptr_t)v->area;
	out->area_size = v->area ? v->vm->facts.xsave_size : 0;
	out->answered = v->data ? v->data->answered : 0;
}

int vcpu_look(const struct vcpu *v, struct look_vcpu *out)
{
	static const char *const where[] = { [VCPU_AT_RING3] = "at ring 3, in the program",
					     [VCPU_IN_SYSCALL] = "at ring 0, in the gate's SYSCALL stub",
					     [VCPU_IN_VECTOR] = "at ring 0, in an exception stub of the gate" };
	int r;

	memset(out, 0, sizeof(*out));
	out->id = v->id;
	out->tid = v->tid;
	out->where = where[v->state];
	out->regs = v->regs;
	memcpy(out->exits, v->exits, sizeof(out->exits));
	r = look_system(v, out);
	if (r)
		return r;
	memcpy(&out->own, &v->run->s.regs.regs, sizeof(out->own));
	look_msrs(v, out);
	look_page(v, out);
	look_run(v, &out->run);
	look_pages(v, out);
	return 0;
}
