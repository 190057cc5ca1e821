/* SPDX-License-Identifier: Apache-2.0 */
/* The prototypes of all handlers, from table.def and own.def: `int64_t sys_<name>(struct hk_task *t, const uint64_t a[6])`, 0 or more, or -errno. */
#ifndef HK_SYSCALLS_HANDLERS_H
#define HK_SYSCALLS_HANDLERS_H

#include "kern/task.h"

#define SYS(nr, name, ...) int64_t sys_##name(struct hk_task *t, const uint64_t a[6]);
#define NOSYS(...)
#include "syscalls/own.def"
#include "syscalls/table.def"
#undef SYS
#undef NOSYS

#endif
