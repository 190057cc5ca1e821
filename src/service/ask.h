/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a thread of a running sandbox what its virtual machine looks like (kern/query.h), from outside. The answer is a guest's monitor's: it may be anything. */
#ifndef HK_SERVICE_ASK_H
#define HK_SERVICE_ASK_H

#include "base/err.h"
#include "kern/query.h"

#include <stdio.h>

/* Ask the thread with this number on the host, a process's first thread by the process's; the answer goes to `to`, without control characters. 0 or -errno. */
HK_MUST_CHECK int ask_thread(pid_t tid, const struct query_ask *ask, FILE *to, struct hk_err *err);

#endif
