/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions on the monitor's own logic. Always compiled in; a guest must not be able to reach one. */
#ifndef HK_BASE_BUG_H
#define HK_BASE_BUG_H

#include "base/compiler.h"

/* Print the place and the condition on standard error and abort. Thread-safe. */
HK_NORETURN void hk_bug(const char *file, int line, const char *what);

#define HK_BUG(what) hk_bug(__FILE__, __LINE__, what)
#define HK_BUG_ON(x)                                                                                                   \
	do {                                                                                                           \
		if (__builtin_expect(!!(x), 0))                                                                        \
			hk_bug(__FILE__, __LINE__, #x);                                                                \
	} while (0)

#endif
