/* SPDX-License-Identifier: Apache-2.0 */
/* What a person is told when the guest is killed by a fault. */
#ifndef HK_CRASH_REPORT_H
#define HK_CRASH_REPORT_H

#include "crash/access.h"

#define REPORT_NO_VECTOR (-1)

struct report {
	const char *program;       /* its path, as the user knows it */
	struct access_fault fault; /* signo, code, addr; op.how == 0 = not known, looked up in the instruction */
	int vector;                /* the processor's exception, or REPORT_NO_VECTOR */
	struct access_cpu cpu;     /* the registers at the fault; code is fetched here */
	struct mm *mm;
};

/*
 * Write the report to fd: a first line that says all by itself, then indented lines: where and what instruction, the mapping behind the address,
 * registers, code bytes, call stack. Trusts nothing that it finds in guest memory; takes at most some seconds; SIGPIPE is not raised.
 * The program must not be running.
 */
void report_fault(int fd, struct report *r);

#endif
