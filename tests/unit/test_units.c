/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and durations from the command line. */
#include "base/units.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void sizes(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 0 },
		{ "65536", 0, 65536 },
		{ "4K", 0, 4096 },
		{ "512m", 0, 512UL << 20 },
		{ "1.5G", 0, 3UL << 29 },
		{ "2GiB", 0, 2UL << 30 },
		{ "1TB", 0, 1UL << 40 },
		{ "", -EINVAL, 0 },
		{ "G", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "1x", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "nan", -EINVAL, 0 },
		{ "1.2.3", -EINVAL, 0 },
		{ "inf", -EINVAL, 0 },
		{ "1 G", -EINVAL, 0 },
		{ "99999999T", -ERANGE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < HK_ARRAY_LEN(cases); i++) {
		uint64_t v = 0;

		assert_int_equal(hk_parse_size(cases[i].text, &v), cases[i].result);
		assert_int_equal(v, cases[i].value);
	}
}

static void durations(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(hk_parse_duration("1.5", &v), 0);
	assert_int_equal(v, 1500000000);
	assert_int_equal(hk_parse_duration("200ms", &v), 0);
	assert_int_equal(v, 200000000);
	assert_int_equal(hk_parse_duration("5m", &v), 0);
	assert_int_equal(v, 300UL * 1000000000);
	assert_int_equal(hk_parse_duration("1y", &v), -EINVAL);
	assert_int_equal(hk_parse_duration("9999999999d", &v), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(sizes), cmocka_unit_test(durations) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
