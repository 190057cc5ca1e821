/* SPDX-License-Identifier: Apache-2.0 */
/* husk boot's page walk: each kind of page table, and tables that a hostile guest would write. */
#include "boot/internal.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

#define SIZE (1UL << 20)

static uint8_t mem[SIZE];
static const struct bare_vm vm = { .mem = mem, .mem_size = SIZE };

#define PG   (1UL << 31)
#define PSE  (1UL << 4)
#define PAE  (1UL << 5)
#define LA57 (1UL << 12)
#define LMA  (1UL << 10)

static void entry64(uint64_t at, uint64_t v)
{
	memcpy(mem + at, &v, 8);
}

static void entry32(uint64_t at, uint32_t v)
{
	memcpy(mem + at, &v, 4);
}

static void maps(const struct bare_state *s, uint64_t va, bool write, uint64_t want)
{
	uint64_t gpa = 1;

	assert_int_equal(boot_walk(&vm, s, va, write, &gpa), 0);
	assert_int_equal(gpa, want);
}

static void faults(const struct bare_state *s, uint64_t va, bool write)
{
	uint64_t gpa;

	assert_int_equal(boot_walk(&vm, s, va, write, &gpa), -EFAULT);
}

static void no_paging(void **state)
{
	const struct bare_state s = { .cr3 = 0x1000 };

	(void)state;
	maps(&s, 0x12345, true, 0x12345);
	maps(&s, 0xfffffff0, false, 0xfffffff0); /* the walk says where; boot_chunk says that nothing is there */
}

static void two_levels(void **state)
{
	struct bare_state s = { .cr0 = PG, .cr3 = 0x1000 };

	(void)state;
	memset(mem, 0, SIZE);
	entry32(0x1000, 0x2000 | 3);
	entry32(0x2000 + 5 * 4, 0x7000 | 1);
	entry32(0x1000 + 4, 0x00800000 | 0x83);
	maps(&s, 0x5123, false, 0x7123);
	faults(&s, 0x5123, true);
	faults(&s, 0x6000, false);
	faults(&s, 0x400000, false); /* without PSE it is a table outside memory */
	s.cr4 = PSE;
	maps(&s, 0x412345, true, 0x812345);
}

static void pae(void **state)
{
	const struct bare_state s = { .cr0 = PG, .cr4 = PAE, .cr3 = 0x1020 };

	(void)state;
	memset(mem, 0, SIZE);
	entry64(0x1020 + 3 * 8, 0x2000 | 1);
	entry64(0x2000, 0x00200000 | 0x83);
	entry64(0x2008, 0x3000 | 3);
	entry64(0x3000, 0x9000 | 3);
	maps(&s, 0xc0001234, true, 0x201234);
	maps(&s, 0xc0200abc, true, 0x9abc);
	faults(&s, 0x40000000, false);
}

static void four_and_five_levels(void **state)
{
	struct bare_state s = { .cr0 = PG, .cr4 = PAE, .efer = LMA, .cr3 = 0x1000 };

	(void)state;
	memset(mem, 0, SIZE);
	entry64(0x1000, 0x2000 | 3);
	entry64(0x2000, 0x3000 | 3);
	entry64(0x2008, 0x40000000 | 0x83); /* 1 GiB */
	entry64(0x3000, 0x4000 | 3);
	entry64(0x3008, 0x00400000 | 0x81);
	entry64(0x4000, 0x8000000000005000UL | 3); /* NX is no part of the address */
	maps(&s, 0x123, true, 0x5123);
	maps(&s, 0x212345, false, 0x412345);
	faults(&s, 0x212345, true);
	maps(&s, 0x40123456, true, 0x40123456);
	/* One level more above the same tables. */
	entry64(0x6000, 0x1000 | 3);
	s.cr3 = 0x6000;
	s.cr4 |= LA57;
	maps(&s, 0x123, true, 0x5123);
}

static void hostile_tables(void **state)
{
	struct bare_state s = { .cr0 = PG, .cr4 = PAE, .efer = LMA, .cr3 = SIZE };

	(void)state;
	memset(mem, 0xff, SIZE);
	faults(&s, 0, false);
	s.cr3 = ~0UL;
	faults(&s, ~0UL, true);
	s.cr3 = SIZE - 4096;
	faults(&s, ~0UL, true); /* all ones leads outside memory */
	entry64(SIZE - 4096, (SIZE - 4096) | 3);
	maps(&s, 0, true, SIZE - 4096); /* a table that is its own page */
}

static void chunks(void **state)
{
	const struct bare_state s = { 0 };
	uint64_t len = 10000;
	char back[16];

	(void)state;
	assert_ptr_equal(boot_chunk(&vm, &s, 4000, false, &len), mem + 4000);
	assert_int_equal(len, 96);
	assert_null(boot_chunk(&vm, &s, SIZE, false, &len));
	assert_int_equal(boot_copy_out(&vm, &s, 4090, "0123456789abcde", 16), 0);
	assert_int_equal(boot_copy_in(&vm, &s, back, 4090, 16), 0);
	assert_string_equal(back, "0123456789abcde");
	assert_int_equal(boot_copy_in(&vm, &s, back, SIZE - 8, 16), -EFAULT);
	assert_int_equal(boot_copy_in(&vm, &s, back, ~7UL, 16), -EFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_paging),
		cmocka_unit_test(two_levels),
		cmocka_unit_test(pae),
		cmocka_unit_test(four_and_five_levels),
		cmocka_unit_test(hostile_tables),
		cmocka_unit_test(chunks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
