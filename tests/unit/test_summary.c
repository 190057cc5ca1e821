/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/summary.h"

static bool near(double a, double b)
{
	return a - b < 1e-9 && b - a < 1e-9;
}

static void one_value(void **state)
{
	double v[] = { 42 };
	struct hk_summary s = hk_summarise(v, 1);

	(void)state;
	assert_true(s.n == 1 && s.outliers == 0 && near(s.mean, 42) && near(s.deviation, 0));
	assert_true(near(s.min, 42) && near(s.p50, 42) && near(s.p99, 42) && near(s.max, 42));
}

static void mean_and_deviation(void **state)
{
	double v[] = { 9, 2, 5, 4, 4, 7, 4, 5 };
	struct hk_summary s = hk_summarise(v, 8);

	(void)state;
	assert_true(near(s.mean, 5) && near(s.deviation * s.deviation, 32.0 / 7));
	assert_true(near(s.min, 2) && near(s.max, 9) && near(s.p50, 5));
}

static void outliers_are_counted_and_left_out(void **state)
{
	double v[101];
	struct hk_summary s;

	(void)state;
	for (int i = 0; i < 100; i++)
		v[i] = 10 + i % 5;
	v[100] = 100000;
	v[50] = -500;
	s = hk_summarise(v, 101);
	assert_true(s.outliers == 2 && s.n == 101);
	assert_true(s.mean > 11.9 && s.mean < 12.1 && s.deviation < 2);
	assert_true(near(s.max, 100000) && near(s.min, -500) && near(s.p50, 12));
}

/* A middle half without width: what differs at all is far out. */
static void all_the_same_but_one(void **state)
{
	double v[] = { 3, 3, 3, 3, 3, 3, 3, 4 };
	struct hk_summary s = hk_summarise(v, 8);

	(void)state;
	assert_true(s.outliers == 1 && near(s.mean, 3) && near(s.deviation, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_value),
		cmocka_unit_test(mean_and_deviation),
		cmocka_unit_test(outliers_are_counted_and_left_out),
		cmocka_unit_test(all_the_same_but_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
