/* SPDX-License-Identifier: Apache-2.0 */
/* base/err: messages, prefixes, cutting. */
#include "unit.h"

#include "base/err.h"

#include <errno.h>

static void test_set(void **state)
{
	struct hk_err e = { 0 };

	(void)state;
	assert_int_equal(hk_err_set(&e, -ENOENT, "no %s in %d", "thing", 7), -ENOENT);
	assert_int_equal(e.code, -ENOENT);
	assert_string_equal(e.text, "no thing in 7");
	assert_int_equal(hk_err_set(&e, -EIO, "again"), -EIO);
	assert_string_equal(e.text, "again");
}

static void test_wrap(void **state)
{
	struct hk_err e = { 0 };

	(void)state;
	hk_err_set(&e, -ENOEXEC, "not an ELF file");
	assert_int_equal(hk_err_wrap(&e, "load %s", "/bin/ls"), -ENOEXEC);
	assert_int_equal(hk_err_wrap(&e, "run"), -ENOEXEC);
	assert_string_equal(e.text, "run: load /bin/ls: not an ELF file");
	assert_int_equal(e.code, -ENOEXEC);
}

static void test_null(void **state)
{
	(void)state;
	assert_int_equal(hk_err_set(NULL, -EPERM, "%s", "x"), -EPERM);
	assert_int_equal(hk_err_wrap(NULL, "%s", "x"), 0);
}

static void test_cut(void **state)
{
	struct hk_err e = { 0 };
	char big[sizeof(e.text) * 2];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	hk_err_set(&e, -EIO, "%s", big);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	hk_err_wrap(&e, "prefix");
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	assert_memory_equal(e.text, "prefix: xxx", 11);
	hk_err_set(&e, -EIO, "lost");
	hk_err_wrap(&e, "%s", big);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	assert_int_equal(e.code, -EIO);
	big[sizeof(e.text) - 1] = '\0'; /* the prefix fills the text exactly */
	hk_err_set(&e, -EIO, "lost");
	hk_err_wrap(&e, "%s", big);
	assert_string_equal(e.text, big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
