/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The four ways to start a processor: what firmware and a boot loader would have done by then. The tables lie in the guest's memory, where the guest may look at
 * them and change them. All of memory is mapped to the same addresses.
 */
#include "vmm/bare_mode.h"

#include <errno.h>
#include <husk/boot.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#define CR0_PE (1u << 0)
#define CR0_MP (1u << 1)
#define CR0_ET (1u << 4)
#define CR0_NE (1u << 5)
#define CR0_WP (1u << 16)
#define CR0_PG (1u << 31)

#define CR4_PSE    (1u << 4)
#define CR4_PAE    (1u << 5)
#define CR4_OSFXSR (1u << 9)

#define EFER_LME (1u << 8)
#define EFER_LMA (1u << 10)

#define PTE_PRESENT 0x01u
#define PTE_WRITE   0x02u
#define PTE_LARGE   0x80u

static void write_gdt(struct bare_vm *b, bool long_code)
{
	const uint64_t gdt[] = {
		[HUSK_BOOT_CS / 8] = long_code ? 0x00af9b000000ffff : 0x00cf9b000000ffff,
		[HUSK_BOOT_DS / 8] = 0x00cf93000000ffff,
	};

	memcpy(b->mem + HUSK_BOOT_GDT, gdt, sizeof(gdt));
}

/* The same descriptors as the processor holds them. */
static void load_segments(struct kvm_sregs *s, bool long_code)
{
	struct kvm_segment seg = { .limit = 0xffffffff, .present = 1, .s = 1, .g = 1, .type = 11 };

	seg.selector = HUSK_BOOT_CS;
	seg.l = long_code;
	seg.db = !long_code;
	s->cs = seg;
	seg.selector = HUSK_BOOT_DS;
	seg.type = 3;
	seg.l = 0;
	seg.db = 1;
	s->ds = s->es = s->fs = s->gs = s->ss = seg;
	s->gdt.base = HUSK_BOOT_GDT;
	s->gdt.limit = HUSK_BOOT_DS + 7;
	s->idt.limit = 0;
}

static void real16(struct kvm_sregs *s)
{
	/* Reset leaves CS at the top of the address space. */
	s->cs.selector = 0;
	s->cs.base = 0;
}

static void prot32(struct bare_vm *b, struct kvm_sregs *s)
{
	write_gdt(b, false);
	load_segments(s, false);
	s->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE;
}

/* One page directory of 4 MiB pages. */
static void paged32(struct bare_vm *b, struct kvm_sregs *s)
{
	uint32_t *directory = (uint32_t *)(b->mem + HUSK_BOOT_TABLES);

	prot32(b, s);
	for (uint64_t at = 0; at < b->mem_size; at += 4u << 20)
		directory[at >> 22] = (uint32_t)at | PTE_PRESENT | PTE_WRITE | PTE_LARGE;
	s->cr3 = HUSK_BOOT_TABLES;
	s->cr4 = CR4_PSE;
	s->cr0 |= CR0_WP | CR0_PG;
}

/* Three tables, the last one of 2 MiB pages: enough for 1 GiB. */
static void long_tables(struct bare_vm *b, struct kvm_sregs *s)
{
	uint64_t *table = (uint64_t *)(b->mem + HUSK_BOOT_TABLES);

	table[0] = (HUSK_BOOT_TABLES + 0x1000) | PTE_PRESENT | PTE_WRITE;
	table[512] = (HUSK_BOOT_TABLES + 0x2000) | PTE_PRESENT | PTE_WRITE;
	for (uint64_t at = 0; at < b->mem_size; at += 2u << 20)
		table[1024 + (at >> 21)] = at | PTE_PRESENT | PTE_WRITE | PTE_LARGE;
	s->cr3 = HUSK_BOOT_TABLES;
	s->cr4 = CR4_PAE | CR4_OSFXSR;
	s->efer = EFER_LME | EFER_LMA;
	s->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
}

static void long64(struct bare_vm *b, struct kvm_sregs *s)
{
	write_gdt(b, true);
	load_segments(s, true);
	long_tables(b, s);
}

/* 32-bit code under long mode's page tables. */
static void compatible32(struct bare_vm *b, struct kvm_sregs *s)
{
	prot32(b, s);
	long_tables(b, s);
}

int bare_enter_mode(struct bare_vm *b, enum bare_mode mode)
{
	struct kvm_sregs s;
	struct kvm_regs r = { .rflags = 2, .rip = HUSK_BOOT_LOAD, .rsp = b->mem_size };
	uint64_t cr0;

	if (ioctl(b->vcpu_fd, KVM_GET_SREGS, &s))
		return -errno;
	switch (mode) {
	case BARE_REAL16:
		r.rip = r.rsp = HUSK_BOOT_LOAD16;
		real16(&s);
		break;
	case BARE_PROT32:
		prot32(b, &s);
		break;
	case BARE_PAGED32:
		if (b->compatible)
			compatible32(b, &s);
		else
			paged32(b, &s);
		break;
	case BARE_LONG64:
		long64(b, &s);
		break;
	}
	cr0 = s.cr0;
	if (ioctl(b->vcpu_fd, KVM_SET_SREGS, &s) || ioctl(b->vcpu_fd, KVM_SET_REGS, &r) ||
	    ioctl(b->vcpu_fd, KVM_GET_SREGS, &s))
		return -errno;
	return (cr0 ^ s.cr0) & CR0_PG ? -EOPNOTSUPP : 0;
}
