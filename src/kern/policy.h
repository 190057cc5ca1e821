/* SPDX-License-Identifier: Apache-2.0 */
/* Which system calls a guest may make (--deny, --allow-only): what is decided before the program starts and asked at each call. */
#ifndef HK_KERN_POLICY_H
#define HK_KERN_POLICY_H

#include <stdbool.h>
#include <stdint.h>

enum call_action {
	CALL_ALLOW,
	CALL_ERRNO, /* EPERM */
	CALL_ENOSYS,
	CALL_LOG,  /* a line on standard error, once for each call of a process; the call is made */
	CALL_KILL, /* the process ends, as by SIGSYS */
};

#define CALL_POLICY_MAX 512 /* slots of the system-call table (syscalls/table.h) */

struct call_policy {
	bool on; /* some call is not simply allowed */
	uint8_t action[CALL_POLICY_MAX];
};

#endif
