/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Robust mutexes of a thread that ends. The host kernel would mark them when the host thread ends, but that is later than the guest's thread is said to
 * have ended, and the memory may be another's by then. get_robust_list(2), and the kernel's Documentation/locking/robust-futex-ABI.
 */
#ifndef HK_KERN_ROBUST_H
#define HK_KERN_ROBUST_H

struct hk_task;

/* Mark what the task holds as its dead owner's and wake who waits for it. On the task's own thread, whose list is then nobody's. */
void robust_end(struct hk_task *t);

#endif
