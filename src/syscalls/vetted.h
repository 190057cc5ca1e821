/* SPDX-License-Identifier: Apache-2.0 */
/* Opening without a moment in which another thread could use what is not for the guest. Private to syscalls/. */
#ifndef HK_SYSCALLS_VETTED_H
#define HK_SYSCALLS_VETTED_H

#include "kern/path.h"

#include <linux/openat2.h>

/* openat2 by the host. If the guest has several threads, what comes is what the guest may have: procfs has been asked. The descriptor or -errno. */
int64_t open_vetted(struct hk_task *t, const struct hk_path *p, const struct open_how *how);

#endif
