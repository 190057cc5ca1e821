/* SPDX-License-Identifier: Apache-2.0 */
/* What a series of measurements comes to. */
#ifndef HK_BASE_SUMMARY_H
#define HK_BASE_SUMMARY_H

#include <stddef.h>

/* Percentiles and extremes are of all values; mean and deviation leave the outliers out. */
struct hk_summary {
	size_t n, outliers;
	double mean, deviation; /* of a sample: n - 1 */
	double min, p50, p90, p99, max;
};

/*
 * Sorts v. Outliers lie further outside the middle half than three times its width (Tukey's far-out fence): what an interrupt or another process did, not what
 * is measured. n > 0.
 */
struct hk_summary hk_summarise(double *v, size_t n);

#endif
