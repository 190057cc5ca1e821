/* SPDX-License-Identifier: Apache-2.0 */
/* The system-call filter as data: rules.c says what is allowed and why, filter.c makes a program of it. */
#ifndef HK_JAIL_RULES_H
#define HK_JAIL_RULES_H

#include "base/compiler.h"

#include <linux/filter.h>
#include <stdbool.h>

enum rule_kind {
	RULE_DENY,
	RULE_ALLOW,
	RULE_CHECK, /* if all tests hold */
};

enum test_kind {
	TEST_END,
	TEST_NO_BITS, /* none of the bits of mask is set */
	TEST_EQUAL,   /* it is mask */
	TEST_ONE_OF,  /* it is in list */
	TEST_UNLESS,  /* with no bit of mask set, the tests that follow do not matter */
};

/* A look at the low 32 bits of an argument, which is all that the kernel uses of these. */
struct rule_test {
	enum test_kind kind;
	unsigned arg;
	uint32_t mask;
	const uint32_t *list;
	size_t count;
};

#define RULE_TESTS 3

struct rule {
	unsigned nr;
	enum rule_kind kind;
	int error; /* what a call that may not be gives; 0: the process is killed */
	const char *why;
	struct rule_test test[RULE_TESTS];
};

/* The rules of the monitor's own, which count before `rule_served`. */
const struct rule *rules_own(size_t *count);
/* Is this number served to guests, so that the host's call of the same number is needed? Its name in *name (NULL: none in this build). */
bool rule_served(unsigned nr, const char **name);
/* ioctl requests that the guest may make, by ioctl_list.def, and what its other calls need. */
const uint32_t *rules_ioctls(size_t *count);

#define FILTER_MAX   1536 /* instructions */
#define FILTER_CALLS 512  /* numbers that are looked at */

struct filter {
	unsigned short len;
	struct sock_filter insn[FILTER_MAX];
};

/* Make the program: rules.c's rules and the ioctl requests. 0 or -E2BIG. */
HK_MUST_CHECK int filter_build(struct filter *f, const uint32_t *ioctls, size_t ioctl_count);

#endif
