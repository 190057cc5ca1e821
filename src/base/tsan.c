/* SPDX-License-Identifier: Apache-2.0 */
/* What ThreadSanitizer is to know of the monitor (make MODE=tsan); nothing in other builds. Not in its environment: a successor by execve has a clean one. */
#include "base/compiler.h"

#ifdef HK_TSAN
const char *__tsan_default_options(void);

/* Looking up names starts a program, which a monitor cannot; and it ends without waiting for its threads. */
const char *__tsan_default_options(void)
{
	return "symbolize=0 die_after_fork=0 history_size=4 report_thread_leaks=0 exitcode=66";
}
#endif
