/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's log of a sandbox: what husk tells its programs, in memory that all their monitors share. Any of them may write at any time and be killed in the
 * middle: a record is whole when its number is the one that its place should have, and what never becomes so is passed over. syslog(2).
 */
#ifndef HK_KERN_KLOG_H
#define HK_KERN_KLOG_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#define KLOG_RECORDS 2048 /* the last ones; power of two */
#define KLOG_TEXT    108

struct klog_record {
	uint64_t number; /* from 1 on; 0: being written */
	uint64_t us;     /* CLOCK_MONOTONIC */
	uint32_t len;
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

/* Add a line; what is too long is cut. */
void klog_write(struct klog *l, const char *fmt, ...) HK_PRINTF(2, 3);
/* The first record after number `after` that is there still, into *out. Its number, 0 if there is none. */
uint64_t klog_next(struct klog *l, uint64_t after, struct klog_record *out);

#endif
