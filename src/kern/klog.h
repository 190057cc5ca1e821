/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's log of a sandbox: what husk tells its programs, in memory that all their monitors share. Any of them may write at any time and be killed in the
 * middle: a record is whole when its number is the one that its place should have, and what never becomes so is passed over. syslog(2).
 */
#ifndef HK_KERN_KLOG_H
#define HK_KERN_KLOG_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KLOG_RECORDS 2048 /* the last ones; power of two */
#define KLOG_TEXT    108

struct klog_record {
	uint64_t number;    /* from 1 on; 0: being written */
	uint64_t us;        /* CLOCK_MONOTONIC */
	uint16_t len, prio; /* prio: facility * 8 + level, as in syslog(3) */
	char text[KLOG_TEXT];
};

struct klog {
	uint64_t last;    /* number of the last record begun */
	uint64_t read;    /* the last that syslog's READ took */
	uint64_t cleared; /* the last that CLEAR hides from READ_ALL */
	uint32_t news;    /* a futex: changes with each record */
	uint32_t pad;
	struct klog_record record[KLOG_RECORDS];
};

/* Add a line of the kernel's, or one of a program's with its priority, which may hold any bytes; what is too long is cut. */
void klog_write(struct klog *l, const char *fmt, ...) HK_PRINTF(2, 3);
void klog_say(struct klog *l, unsigned prio, const char *text, size_t len);
/* The first record after number `after` that is there still, into *out. Its number, 0 if there is none. */
uint64_t klog_next(struct klog *l, uint64_t after, struct klog_record *out);

#endif
