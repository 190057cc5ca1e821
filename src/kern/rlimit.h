/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resource limits as the guest sees them. The host keeps and enforces them, but for those on memory (RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK): on the
 * host they would bind the monitor, so they are kept in struct hk_process and enforced by mm/. Of RLIMIT_FSIZE the host has the soft limit only, since what the
 * monitor itself writes goes beyond it (base/output.h).
 */
#ifndef HK_KERN_RLIMIT_H
#define HK_KERN_RLIMIT_H

#include "kern/task.h"

/* 0, or -EINVAL for an unknown resource. */
HK_MUST_CHECK int rlimit_get(struct hk_process *p, unsigned resource, struct rlimit64 *out);
/* Checked as Linux does: -EINVAL (unknown, or soft above hard), -EPERM (hard limit raised without CAP_SYS_RESOURCE). Moves the monitor's descriptors out
 * of the way of a new RLIMIT_NOFILE. */
HK_MUST_CHECK int rlimit_set(struct hk_process *p, unsigned resource, const struct rlimit64 *lim);
/* Tell base/output.h the process's limit on files: at its start, and when a child of vfork, in the same memory, may have told its own. */
void rlimit_tell_output(struct hk_process *p);
/* May this process raise hard limits? Any thread. */
bool rlimit_may_raise(void);
/* Does the host alone keep and enforce this one? */
bool rlimit_is_hosts(unsigned resource);

#endif
