/* SPDX-License-Identifier: Apache-2.0 */
/* table.def against itself and against the numbers of the kernel headers at hand. */
#include "unit.h"

#include "base/compiler.h"
#include "syscalls/handlers.h"
#include "syscalls/table.h"
#include "trace/decode.h"

#include <asm/unistd_64.h>
#include <ctype.h>

/* Where Debian has it. */
#define UNISTD_64 "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"

static void test_order(void **state)
{
	const struct hk_syscall_info *info, *last = NULL;
	unsigned i;

	(void)state;
	for (i = 0; (info = hk_syscall_at(i)); i++) {
		if (last && info->nr <= last->nr)
			fail_msg("%s (%u) stands behind %s (%u)", info->name, info->nr, last->name, last->nr);
		last = info;
		assert_true(hk_syscall_slot(info->nr) < HK_SLOT_NONE);
		assert_ptr_equal(hk_syscall_info(info->nr), info);
		assert_ptr_equal(hk_syscall_by_name(info->name), info);
	}
	assert_true(i > 362);
	assert_null(hk_syscall_at(UINT32_MAX));
	assert_null(hk_syscall_by_name("nosuchcall"));
	assert_null(hk_syscall_by_name(""));
}

static void test_numbers_out_of_range(void **state)
{
	static const uint64_t none[] = { 337,       400,        423,
					 511,       512,        4096,
					 1UL << 31, 1UL << 32,  (1UL << 32) + 1,
					 1UL << 63, UINT64_MAX, 0x40000000 /* an x32 read */ };

	(void)state;
	for (unsigned i = 0; i < HK_ARRAY_LEN(none); i++)
		assert_null(hk_syscall_info(none[i]));
}

static void test_rows(void **state)
{
	const struct hk_syscall_info *info;

	(void)state;
	for (unsigned i = 0; (info = hk_syscall_at(i)); i++) {
		bool end = false;

		assert_true((unsigned)info->class < HK_CLASS_COUNT);
		assert_true(!info->refused || strlen(info->refused) > 4);
		assert_true(info->nargs <= 6);
		for (unsigned k = 0; k < 6; k++) {
			end |= k >= info->nargs;
			assert_true(end == (info->arg[k].name == NULL));
			assert_true((info->arg[k].kind == HK_ARG_NONE) == end);
			if (!end)
				assert_true(isalpha(info->arg[k].name[0]) && !isupper(info->arg[k].name[0]));
		}
	}
}

/* A kind without a printer would show an argument as nothing. */
static void test_kinds(void **state)
{
	(void)state;
	for (unsigned k = 0; k < HK_ARG_COUNT; k++) {
		const struct dec_kind *kind = dec_kind_of(k);

		if (!!kind->value + !!kind->object + !!kind->names + !!kind->bits != 1)
			fail_msg("kind %u has no way to be printed, or more than one", k);
	}
}

static void expect(const char *name, unsigned nr)
{
	const struct hk_syscall_info *info = hk_syscall_info(nr);

	if (!info)
		fail_msg("%s (%u) is missing", name, nr);
	else if (strcmp(info->name, name) != 0)
		fail_msg("%u is %s in the table and %s in the kernel's headers", nr, info->name, name);
}

/* Each of the kernel's, by reading the header: what it defines is what it lists. */
static void test_kernel_headers(void **state)
{
	FILE *f = fopen(UNISTD_64, "re");
	char line[256], name[64];
	unsigned nr, n = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "#define __NR_%63s %u", name, &nr) == 2) {
			expect(name, nr);
			n++;
		}
	fclose(f);
	assert_true(n >= 362);
	expect("futex_waitv", __NR_futex_waitv); /* and it was the header that this was compiled with */
}

/* By address, so that a SYS row without a handler does not link. */
static void test_handlers(void **state)
{
	static const struct {
		unsigned nr;
		int64_t (*fn)(struct hk_task *t, const uint64_t a[6]);
	} served[] = {
#define SYS(nr, name, ...) { nr, sys_##name },
#define NOSYS(...)
#include "syscalls/rows.def"
#undef SYS
#undef NOSYS
	};
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; hk_syscall_at(i); i++)
		n += !hk_syscall_at(i)->refused;
	assert_int_equal(n, HK_ARRAY_LEN(served));
	for (unsigned i = 0; i < HK_ARRAY_LEN(served); i++) {
		assert_non_null(served[i].fn);
		for (unsigned k = 0; k < i; k++)
			assert_true(served[i].fn != served[k].fn);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),          cmocka_unit_test(test_numbers_out_of_range),
		cmocka_unit_test(test_rows),           cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_kernel_headers), cmocka_unit_test(test_handlers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
