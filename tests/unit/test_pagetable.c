/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's page tables and granules, with memory slots that are only written down. */
#include "mm/pagetable.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NX      (1UL << 63)
#define LARGE   (1UL << 7)
#define MIB     (1UL << 20)
#define GIB     (1UL << 30)
#define MOST    600
#define SOME_VA 0x300000000000UL

struct slots {
	struct {
		uint64_t gpa, hva, size;
	} slot[MOST];
	unsigned count, refuse_from;
};

static int add_slot(void *ctx, gpa_t gpa, uint64_t hva, uint64_t size)
{
	struct slots *s = ctx;

	if (s->refuse_from && s->count >= s->refuse_from)
		return -ENOMEM;
	/* KVM refuses slots that overlap in guest-physical space. */
	for (unsigned i = 0; i < s->count; i++)
		assert_true(gpa.v + size <= s->slot[i].gpa || s->slot[i].gpa + s->slot[i].size <= gpa.v);
	s->slot[s->count].gpa = gpa.v;
	s->slot[s->count].hva = hva;
	s->slot[s->count].size = size;
	s->count++;
	return 0;
}

static const struct pt_ops ops = { .add_slot = add_slot, .max_slots = MOST, .gpa_bits = 40 };

/* What the processor and KVM would make of a virtual address: the host address behind it, or 0. */
static uint64_t host_behind(const struct pagetable *pt, const struct slots *s, uint64_t va, uint64_t *flags)
{
	gpa_t gpa;

	if (!pt_lookup(pt, va, &gpa, flags))
		return 0;
	for (unsigned i = 0; i < s->count; i++)
		if (gpa.v >= s->slot[i].gpa && gpa.v < s->slot[i].gpa + s->slot[i].size)
			return s->slot[i].hva + (gpa.v - s->slot[i].gpa);
	return 0;
}

static void check(const struct pagetable *pt, const struct slots *s, uint64_t va, bool exec)
{
	uint64_t flags = 0;

	assert_int_equal(host_behind(pt, s, va, &flags), va);
	assert_int_equal(!(flags & NX), exec);
}

static void same_address_behind_every_page(void **state)
{
	struct slots s = { 0 };
	struct pagetable pt;
	uint64_t flags;

	(void)state;
	assert_int_equal(pt_init(&pt, &ops, &s), 0);
	assert_int_equal(pt_map(&pt, SOME_VA + 5 * MIB, SOME_VA + 9 * MIB, false, false), 0);
	for (uint64_t va = SOME_VA + 5 * MIB; va < SOME_VA + 9 * MIB; va += 4096)
		check(&pt, &s, va + 123, false);
	assert_int_equal(host_behind(&pt, &s, SOME_VA + 20 * MIB, &flags), 0);
	assert_int_equal(host_behind(&pt, &s, 0, &flags), 0);
	pt_free(&pt);
}

static void exec_page_by_page(void **state)
{
	struct slots s = { 0 };
	struct pagetable pt;
	uint64_t flags;

	(void)state;
	assert_int_equal(pt_init(&pt, &ops, &s), 0);
	/* Data first as one large entry, then code in its middle: the entry is split, all else stays. */
	assert_int_equal(pt_map(&pt, SOME_VA, SOME_VA + 2 * MIB, false, false), 0);
	assert_int_equal(pt.entries_2m, 1);
	assert_int_equal(pt_map(&pt, SOME_VA + 0x3000, SOME_VA + 0x5000, true, false), 0);
	assert_int_equal(pt.entries_2m, 0);
	for (unsigned i = 0; i < 512; i++)
		check(&pt, &s, SOME_VA + i * 4096UL, i == 3 || i == 4);
	/* Data again takes nothing away. */
	assert_int_equal(pt_map(&pt, SOME_VA, SOME_VA + 2 * MIB, false, false), 0);
	check(&pt, &s, SOME_VA + 0x3000, true);
	/* A whole block of code is one entry; code over a large data entry flips one bit. */
	assert_int_equal(pt_map(&pt, SOME_VA + 4 * MIB, SOME_VA + 6 * MIB, true, false), 0);
	assert_int_equal(pt_map(&pt, SOME_VA + 6 * MIB, SOME_VA + 8 * MIB, false, false), 0);
	assert_int_equal(pt_map(&pt, SOME_VA + 6 * MIB, SOME_VA + 8 * MIB, true, false), 0);
	check(&pt, &s, SOME_VA + 5 * MIB, true);
	check(&pt, &s, SOME_VA + 7 * MIB, true);
	host_behind(&pt, &s, SOME_VA + 7 * MIB, &flags);
	assert_true(flags & LARGE);
	pt_free(&pt);
}

static void lazy_fills_only_what_is_backed(void **state)
{
	struct slots s = { 0 };
	struct pagetable pt;
	unsigned before;
	uint64_t flags;

	(void)state;
	assert_int_equal(pt_init(&pt, &ops, &s), 0);
	before = s.count;
	/* Terabytes of reservation cost nothing, and no time. */
	assert_int_equal(pt_map(&pt, SOME_VA, SOME_VA + (8UL << 40), false, true), 0);
	assert_int_equal(s.count, before);
	assert_int_equal(pt_map(&pt, SOME_VA + 100 * GIB, SOME_VA + 100 * GIB + 4096, false, false), 0);
	assert_int_equal(s.count, before + 1);
	assert_int_equal(pt_map(&pt, SOME_VA, SOME_VA + (8UL << 40), false, true), 0);
	assert_int_equal(s.count, before + 1);
	check(&pt, &s, SOME_VA + 100 * GIB + 31 * MIB, false);
	assert_int_equal(host_behind(&pt, &s, SOME_VA + 100 * GIB + 33 * MIB, &flags), 0);
	pt_free(&pt);
}

static void slots_stay_few(void **state)
{
	struct slots s = { 0 };
	struct pagetable pt;

	(void)state;
	assert_int_equal(pt_init(&pt, &ops, &s), 0);
	for (uint64_t va = SOME_VA; va < SOME_VA + 4 * GIB; va += 2 * MIB)
		assert_int_equal(pt_map(&pt, va, va + 2 * MIB, false, false), 0);
	assert_true(s.count < 4 * 10);
	for (uint64_t va = SOME_VA; va < SOME_VA + 4 * GIB; va += 2 * MIB)
		check(&pt, &s, va + 77, false);
	pt_free(&pt);
}

/* One page in each of many granules: guest-physical space or slots run out with -ENOMEM, and what was mapped stays right. */
static void running_out(void **state)
{
	struct slots s = { 0 };
	struct pagetable pt;
	uint64_t va = SOME_VA;
	int r;

	(void)state;
	assert_int_equal(pt_init(&pt, &ops, &s), 0);
	while ((r = pt_map(&pt, va, va + 4096, false, false)) == 0)
		va += GIB;
	assert_int_equal(r, -ENOMEM);
	assert_true(s.count <= MOST && s.count > MOST / 2);
	for (uint64_t a = SOME_VA; a < va; a += GIB)
		check(&pt, &s, a, false);
	pt_free(&pt);
}

static void a_refusing_host(void **state)
{
	(void)state;
	for (unsigned refuse = 1; refuse < 4; refuse++) {
		struct slots s = { .refuse_from = refuse };
		struct pagetable pt;
		uint64_t flags;

		assert_int_equal(pt_init(&pt, &ops, &s), 0);
		for (uint64_t va = SOME_VA; va < SOME_VA + 8 * GIB; va += GIB)
			if (pt_map(&pt, va, va + 4096, true, false) == 0)
				check(&pt, &s, va, true);
			else
				assert_int_equal(host_behind(&pt, &s, va, &flags), 0);
		pt_free(&pt);
	}
}

static void gate_pages(void **state)
{
	struct slots s = { 0 };
	struct pagetable pt;
	uint64_t flags;
	gpa_t gpa, found;
	void *hva;

	(void)state;
	assert_int_equal(pt_init(&pt, &ops, &s), 0);
	assert_int_equal(pt_alloc_page(&pt, &gpa, &hva), 0);
	assert_int_equal(pt_map_gate(&pt, 0x7f0000000000, gpa, false, true, false), 0);
	assert_true(pt_lookup(&pt, 0x7f0000000010, &found, &flags));
	assert_int_equal(found.v, gpa.v + 0x10);
	assert_false(flags & 4); /* not the program's */
	assert_true(flags & NX);
	pt_free(&pt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_address_behind_every_page),
		cmocka_unit_test(exec_page_by_page),
		cmocka_unit_test(lazy_fills_only_what_is_backed),
		cmocka_unit_test(slots_stay_few),
		cmocka_unit_test(running_out),
		cmocka_unit_test(a_refusing_host),
		cmocka_unit_test(gate_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
