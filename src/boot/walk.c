/* SPDX-License-Identifier: Apache-2.0 */
/* Guest addresses: the processor's page walk, done by hand in the guest's memory, each step checked. */
#include "boot/internal.h"

#include <errno.h>
#include <string.h>

#define CR0_PG   (1u << 31)
#define CR4_PSE  (1u << 4)
#define CR4_PAE  (1u << 5)
#define CR4_LA57 (1u << 12)
#define EFER_LMA (1u << 10)

#define PTE_PRESENT 0x01u
#define PTE_WRITE   0x02u
#define PTE_LARGE   0x80u
#define PTE_ADDRESS 0x000ffffffffff000UL

/* Which bits of an address choose the entry, from the top: the geometry of a kind of page table. */
struct geometry {
	unsigned levels, bits, entry_size;
};

static struct geometry geometry_of(const struct bare_state *s)
{
	if (s->efer & EFER_LMA)
		return (struct geometry){ .levels = s->cr4 & CR4_LA57 ? 5 : 4, .bits = 9, .entry_size = 8 };
	if (s->cr4 & CR4_PAE)
		return (struct geometry){ .levels = 3, .bits = 9, .entry_size = 8 };
	return (struct geometry){ .levels = 2, .bits = 10, .entry_size = 4 };
}

/* Is an entry of this level (1: the lowest) a page rather than a table? */
static bool is_page(const struct bare_state *s, const struct geometry *g, unsigned level, uint64_t entry)
{
	if (level == 1)
		return true;
	if (!(entry & PTE_LARGE) || level > 3 || (level == 3 && g->levels == 3))
		return false;
	return g->entry_size == 8 || s->cr4 & CR4_PSE;
}

int boot_walk(const struct bare_vm *vm, const struct bare_state *s, uint64_t va, bool write, uint64_t *gpa)
{
	struct geometry g = geometry_of(s);
	uint64_t table, entry, size;

	if (!(s->cr0 & CR0_PG)) {
		*gpa = va;
		return 0;
	}
	/* PAE's top table has four entries and may lie on any 32 bytes. */
	table = g.levels == 3 ? s->cr3 & 0xffffffe0 : s->cr3 & PTE_ADDRESS;
	for (unsigned level = g.levels; level; level--) {
		unsigned shift = 12 + (level - 1) * g.bits;
		uint64_t index = (va >> shift) & ((1UL << g.bits) - 1);
		uint64_t at = table + index * g.entry_size;

		if (at > vm->mem_size - g.entry_size)
			return -EFAULT;
		entry = 0;
		memcpy(&entry, vm->mem + at, g.entry_size);
		/* An entry of PAE's top table has no write bit. */
		if (!(entry & PTE_PRESENT) || (write && !(entry & PTE_WRITE) && !(level == 3 && g.levels == 3)))
			return -EFAULT;
		size = 1UL << shift;
		if (is_page(s, &g, level, entry)) {
			*gpa = (entry & PTE_ADDRESS & ~(size - 1)) | (va & (size - 1));
			return 0;
		}
		table = entry & PTE_ADDRESS;
	}
	return -EFAULT;
}

uint8_t *boot_chunk(const struct bare_vm *vm, const struct bare_state *s, uint64_t va, bool write, uint64_t *len)
{
	uint64_t in_page = 4096 - va % 4096, gpa;

	if (boot_walk(vm, s, va, write, &gpa) || gpa >= vm->mem_size)
		return NULL;
	*len = hk_min(*len, in_page); /* memory is whole pages */
	return vm->mem + gpa;
}

int boot_copy_in(const struct bare_vm *vm, const struct bare_state *s, void *to, uint64_t va, uint64_t len)
{
	for (uint8_t *p = to; len;) {
		uint64_t n = len;
		const uint8_t *from = boot_chunk(vm, s, va, false, &n);

		if (!from)
			return -EFAULT;
		memcpy(p, from, n);
		p += n;
		va += n;
		len -= n;
	}
	return 0;
}

int boot_copy_out(const struct bare_vm *vm, const struct bare_state *s, uint64_t va, const void *from, uint64_t len)
{
	for (const uint8_t *p = from; len;) {
		uint64_t n = len;
		uint8_t *to = boot_chunk(vm, s, va, true, &n);

		if (!to)
			return -EFAULT;
		memcpy(to, p, n);
		p += n;
		va += n;
		len -= n;
	}
	return 0;
}
