/* SPDX-License-Identifier: Apache-2.0 */
#include "base/summary.h"

#include <immintrin.h>
#include <stdlib.h>

#define FENCE 3.0

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The processor's own: for one call husk is not to load libm at each start. */
static double root(double x)
{
	__m128d v = _mm_set_sd(x);

	return _mm_cvtsd_f64(_mm_sqrt_sd(v, v));
}

struct hk_summary hk_summarise(double *v, size_t n)
{
	struct hk_summary s = { .n = n };
	double low, high, width, squares = 0;
	size_t from = 0, to = n;

	qsort(v, n, sizeof(*v), by_value);
	s.min = v[0];
	s.p50 = v[n / 2];
	s.p90 = v[n * 9 / 10];
	s.p99 = v[n * 99 / 100];
	s.max = v[n - 1];
	width = v[n * 3 / 4] - v[n / 4];
	low = v[n / 4] - FENCE * width;
	high = v[n * 3 / 4] + FENCE * width;
	while (v[from] < low)
		from++;
	while (v[to - 1] > high)
		to--;
	s.outliers = n - (to - from);
	for (size_t i = from; i < to; i++)
		s.mean += v[i] / (double)(to - from);
	for (size_t i = from; i < to; i++)
		squares += (v[i] - s.mean) * (v[i] - s.mean);
	s.deviation = to - from > 1 ? root(squares / (double)(to - from - 1)) : 0;
	return s;
}
