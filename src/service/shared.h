/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the monitors of a running sandbox share (kern/family.h), read from outside: the supervisor holds it open, and nothing of a guest. Monitors may
 * write anything into it at any time, also one that a guest has broken into: look at copies, believe no number, print no text as it is.
 */
#ifndef HK_SERVICE_SHARED_H
#define HK_SERVICE_SHARED_H

#include "kern/family.h"

/* The memory file of a supervisor's sandbox, opened so (O_RDONLY, O_RDWR), or -errno. Who asks must be its user or root. */
HK_MUST_CHECK int shared_open(pid_t supervisor, int how);

/* A copy of all of it as it is now, the caller's to free. NULL: errno tells. */
struct family *shared_copy(int fd);

/* As much of it as the log needs, into *copy. 0 or -errno. */
HK_MUST_CHECK int shared_copy_log(int fd, struct klog *copy);

#endif
