/* SPDX-License-Identifier: Apache-2.0 */
/* Building a policy of system calls from names and classes, and asking it. */
#ifndef HK_SYSCALLS_POLICY_H
#define HK_SYSCALLS_POLICY_H

#include "base/compiler.h"
#include "kern/policy.h"

struct hk_task;

/* These calls and classes ("mount,network") get the action. 0; -EINVAL with *word, the length of *len, being no call and no class. */
HK_MUST_CHECK int policy_deny(struct call_policy *p, const char *list, enum call_action action, const char **word,
			      size_t *len);
/* All others get it, but what a process needs to end. Before any policy_deny. */
HK_MUST_CHECK int policy_allow_only(struct call_policy *p, const char *list, enum call_action action, const char **word,
				    size_t *len);

/* May t make this call, a row of the table? 0 or what the call returns. */
int64_t policy_check(struct hk_task *t, unsigned nr);

#endif
