/* SPDX-License-Identifier: Apache-2.0 */
/* Private to syscalls/. */
#ifndef HK_SYSCALLS_OPENEXEC_H
#define HK_SYSCALLS_OPENEXEC_H

#include "kern/task.h"

/* An O_PATH descriptor, close-on-exec, of the file that execve's name leads to, by the rules of open. */
int64_t open_for_exec(struct hk_task *t, uint64_t dirfd, uint64_t name, bool nofollow);

#endif
