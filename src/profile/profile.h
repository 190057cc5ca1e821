/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --profile-cpu: what the guest's threads were doing, at moments that are spread evenly over their CPU time. Samples (registers and the top of the stack) are
 * kept in memory of a fixed size; when it is full, every second one goes and from then on every second one is kept. At the process's end a child process makes
 * names and stacks of them, since what it reads may be hostile.
 */
#ifndef HK_PROFILE_PROFILE_H
#define HK_PROFILE_PROFILE_H

#include "base/compiler.h"
#include "kern/cpu.h"
#include "mm/mm.h"

#define PROFILE_PERIOD_NS 4000000UL /* of a thread's CPU time */
#define PROFILE_ROOM      (32UL << 20)

struct profile;

/* NULL: no memory. */
struct profile *profile_create(void);

/* One more: `weight` periods in which a thread with these registers was in its own code, or (what not NULL; lives for ever) in that. Thread-safe. */
void profile_take(struct profile *p, const struct hk_regs *r, unsigned weight, const char *what);

/* Around a fork. In the child: none of its parent's samples are its own. */
void profile_lock(struct profile *p);
void profile_unlock(struct profile *p);
void profile_forked(struct profile *p);

/*
 * Append the samples so far to the file `fd`, one line a stack ("comm;outermost;…;innermost count"), and forget them. With top_fd >= 0 write there what all
 * lines of the file come to. Takes as long as that takes (at most about a minute). comm: the process's name.
 */
void profile_write(struct profile *p, struct mm *mm, const char *comm, int fd, int top_fd);

#endif
