/* SPDX-License-Identifier: Apache-2.0 */
/* husk lab timing: what things cost a program natively and in husk, measured by the same code in one run. */
#ifndef HK_LAB_LAB_H
#define HK_LAB_LAB_H

#include "base/err.h"

#include <stdbool.h>

struct lab_options {
	bool json;
	unsigned rounds; /* how often native and husk take turns; 0: the default */
};

/* Measure and print; takes some seconds. 0, or -errno with the reason in err. The caller's process has one thread and runs no guest. */
HK_MUST_CHECK int lab_timing(const struct lab_options *o, struct hk_err *err);

/* The measuring itself, which timing has done natively and in a guest: what can be measured on `road` (basic, gate, server or exit), a line of samples each
 * on standard output, in ticks of the time-stamp counter. The exit status. */
int lab_work(const char *road);

#endif
