/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bug.h"

#include <stdio.h>

HK_NORETURN void hk_bug(const char *file, int line, const char *what)
{
	dprintf(STDERR_FILENO, "husk: internal error at %s:%d: %s; please report it with the command line\n", file,
		line, what);
	abort();
}
