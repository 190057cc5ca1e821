/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: crash/access.c, and the report's first stage with it.
 * Threat model: a guest chooses every byte of its instructions and every register; the monitor decodes them when an access was refused.
 * Input: the registers (20 times 8 bytes, as far as they go), then the instruction bytes. Each register may stand for itself or, by its
 * lowest byte being 0xa5, for a place near the small mapping that the target makes.
 * Promises: no more than max accesses are listed; each has a kind and a size that is neither 0 nor absurd; the fetch comes first; whatever is
 * found is a signal that Linux knows, and lies in an access of the list.
 */
#include "crash/access.h"
#include "mm/uaccess.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define BASE       0x200000000000UL
#define SIZE_LIMIT 16384 /* the largest XSAVE area */

#define CHECK(x)                                                                                                       \
	do {                                                                                                           \
		if (!(x)) {                                                                                            \
			fprintf(stderr, "fuzz_access: not true: %s\n", #x);                                            \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fake_slot(void *ctx, gpa_t gpa, uint64_t hva, uint64_t size)
{
	(void)ctx, (void)gpa, (void)hva, (void)size;
	return 0;
}

static const struct pt_ops fake_ops = { .add_slot = fake_slot, .max_slots = 64, .gpa_bits = 40 };

/* Two pages that can be read and written, one to be read only, one of which nothing is allowed; holes around them. Made once: what the
 * target does to it is nothing but growing no stack. */
static struct mm *address_space(void)
{
	static struct mm mm;
	static bool ready;
	const struct mm_map_hint hint = { 0 };
	const struct {
		uint64_t at, pages;
		int prot;
	} maps[] = { { BASE, 2, PROT_READ | PROT_WRITE | PROT_EXEC },
		     { BASE + 0x3000, 1, PROT_READ },
		     { BASE + 0x5000, 1, PROT_NONE } };

	if (ready)
		return &mm;
	CHECK(mm_init(&mm, &fake_ops, NULL) == 0 && uaccess_init() == 0);
	for (size_t k = 0; k < HK_ARRAY_LEN(maps); k++)
		CHECK(mm_map(&mm, GVA(maps[k].at), maps[k].pages * HK_PAGE_SIZE, maps[k].prot,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0, &hint) == (int64_t)maps[k].at);
	ready = true;
	return &mm;
}

static uint64_t near_mapping(uint64_t v)
{
	return (v & 0xff) == 0xa5 ? BASE - 0x1000 + (v >> 8) % 0x8000 : v;
}

static void read_input(struct access_cpu *c, const uint8_t *data, size_t size)
{
	uint64_t reg[20] = { 0 };
	size_t n = hk_min(size, sizeof(reg));

	memset(c, 0, sizeof(*c));
	memcpy(reg, data, n);
	for (size_t k = 0; k < HK_ARRAY_LEN(reg); k++)
		reg[k] = near_mapping(reg[k]);
	memcpy(&c->regs, reg, sizeof(c->regs));
	c->fs_base = reg[18];
	c->gs_base = reg[19];
	c->code_len = hk_min(size - n, ACCESS_CODE_MAX);
	memcpy(c->code, data + n, c->code_len);
}

static void check_list(const struct access_cpu *c)
{
	struct access a[ACCESS_MAX + 1], one;
	size_t n = access_list(c, a, ACCESS_MAX);

	CHECK(n >= 1 && n < ACCESS_MAX); /* the bound is generous: nothing may reach it */
	CHECK(a[0].how == MM_EXEC && a[0].addr == c->regs.rip && a[0].size <= ACCESS_CODE_MAX);
	for (size_t k = 0; k < n; k++) {
		CHECK(a[k].how != 0 && (k == 0 || !(a[k].how & MM_EXEC)));
		CHECK(a[k].size >= 1 && a[k].size <= SIZE_LIMIT);
		CHECK(a[k].uncertain || access_at(c, a[k].addr, a[k].how, &one));
	}
	CHECK(access_list(c, a, 1) == 1);
}

static void check_find(struct mm *mm, const struct access_cpu *c)
{
	struct access_fault f;

	if (access_find(mm, c, &f) == ACCESS_SPURIOUS)
		return;
	CHECK(f.signo == SIGSEGV || f.signo == SIGBUS);
	CHECK(f.op.how != 0);
	if (f.code == SI_KERNEL)
		CHECK(f.addr == 0);
	else
		CHECK((f.code == 1 || f.code == 2) && f.addr - f.op.addr < f.op.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mm *mm = address_space();
	struct access_cpu c;

	read_input(&c, data, size);
	check_list(&c);
	check_find(mm, &c);
	/* The same with the code fetched from memory, wherever RIP points. */
	access_fetch(&c);
	CHECK(c.code_len <= ACCESS_CODE_MAX);
	check_list(&c);
	check_find(mm, &c);
	return 0;
}
