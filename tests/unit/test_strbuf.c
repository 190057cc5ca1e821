/* SPDX-License-Identifier: Apache-2.0 */
/* base/strbuf: appending, the bound, reuse. */
#include "unit.h"

#include "base/strbuf.h"

static void test_append(void **state)
{
	struct hk_strbuf b = { 0 };

	(void)state;
	assert_null(b.data);
	hk_strbuf_puts(&b, "one");
	hk_strbuf_printf(&b, " %d %s", 2, "three");
	hk_strbuf_add(&b, " f\0ur", 5);
	assert_int_equal(b.len, 16);
	assert_memory_equal(b.data, "one 2 three f\0ur", 17);
	assert_false(b.cut);
	hk_strbuf_free(&b);
	assert_null(b.data);
}

static void test_nothing(void **state)
{
	struct hk_strbuf b = { 0 };

	(void)state;
	hk_strbuf_add(&b, NULL, 0);
	hk_strbuf_puts(&b, "");
	hk_strbuf_printf(&b, "%s", "");
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
	hk_strbuf_free(&b);
	hk_strbuf_free(&b);
}

static void test_growth(void **state)
{
	struct hk_strbuf b = { 0 };

	(void)state;
	for (int i = 0; i < 10000; i++)
		hk_strbuf_printf(&b, "%04d", i);
	assert_int_equal(b.len, 40000);
	assert_memory_equal(b.data + 4 * 1234, "1234", 4);
	assert_int_equal(strlen(b.data), 40000);
	hk_strbuf_free(&b);
}

/* max counts the NUL; what does not fit whole is dropped, and so is all that follows. */
static void test_bound(void **state)
{
	struct hk_strbuf b = { .max = 8 };

	(void)state;
	hk_strbuf_puts(&b, "1234567");
	assert_false(b.cut);
	hk_strbuf_puts(&b, "");
	assert_false(b.cut);
	hk_strbuf_puts(&b, "8");
	assert_true(b.cut);
	assert_string_equal(b.data, "1234567");
	hk_strbuf_reset(&b);
	assert_false(b.cut);
	assert_string_equal(b.data, "");
	hk_strbuf_printf(&b, "%d", 12345678);
	assert_true(b.cut);
	assert_string_equal(b.data, "");
	hk_strbuf_puts(&b, "x");
	assert_string_equal(b.data, "");
	hk_strbuf_free(&b);
	assert_false(b.cut);
	hk_strbuf_puts(&b, "again");
	assert_string_equal(b.data, "again");
	hk_strbuf_free(&b);
}

static void test_absurd_lengths(void **state)
{
	struct hk_strbuf b = { 0 };
	static char block[1 << 20];

	(void)state;
	hk_strbuf_add(&b, block, SIZE_MAX);
	assert_true(b.cut);
	assert_null(b.data);
	hk_strbuf_reset(&b);
	for (int i = 0; i < 100; i++)
		hk_strbuf_add(&b, block, sizeof(block));
	assert_true(b.cut); /* 64 MiB unless told otherwise */
	assert_true(b.len < 64UL << 20);
	hk_strbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append), cmocka_unit_test(test_nothing),        cmocka_unit_test(test_growth),
		cmocka_unit_test(test_bound),  cmocka_unit_test(test_absurd_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
