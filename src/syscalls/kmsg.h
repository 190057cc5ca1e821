/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev/kmsg: the sandbox's own log, a record a read (Linux: Documentation/ABI/testing/dev-kmsg). A descriptor of it is an empty memory file, whose position is
 * the number of the last record that was read: so it is the same for whoever has the descriptor. Known limits: fstat shows a plain file, poll always says ready.
 */
#ifndef HK_SYSCALLS_KMSG_H
#define HK_SYSCALLS_KMSG_H

#include "kern/path.h"
#include "kern/task.h"

/* Does this name stand for it? */
bool kmsg_is_path(const struct hk_path *p);
/* A new descriptor or -errno: flags are open(2)'s. */
int64_t kmsg_open(struct hk_task *t, uint64_t flags);

/* Is this descriptor one of it? Costs nothing while the process has none. */
bool kmsg_is_fd(const struct hk_task *t, uint64_t fd);
int64_t kmsg_read(struct hk_task *t, const uint64_t a[6]);
int64_t kmsg_write(struct hk_task *t, const uint64_t a[6]);
int64_t kmsg_lseek(struct hk_task *t, const uint64_t a[6]);

#endif
