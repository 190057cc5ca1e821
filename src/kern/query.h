/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question from outside to a running thread of the sandbox (husk inspect PID), and its answer, part by part, in the memory that all monitors share. One at a
 * time: who asks holds a lock on that file. Neither side relies on the other: what is read is copied and checked, and waiting has an end. Who asks then has the
 * thread come out of the guest: a SIGBUS queued with the value `nudge`, which no guest knows.
 */
#ifndef HK_KERN_QUERY_H
#define HK_KERN_QUERY_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define QUERY_PLACES 16
#define QUERY_PLACE  32
#define QUERY_PART   (64UL << 10)

enum query_state {
	QUERY_NONE,
	QUERY_ASKED, /* the question is written */
	QUERY_PARTS, /* a part of the answer is written, more will be */
	QUERY_LAST,  /* the last one */
	QUERY_TAKEN, /* it has been read */
};

/* What is asked: a survey, as text or JSON or a picture, or how places are translated. */
struct query_ask {
	uint32_t json, svg, places;
	char place[QUERY_PLACES][QUERY_PLACE];
};

struct query {
	uint64_t nudge; /* constant; not 0 */
	uint32_t state; /* enum query_state */
	int32_t tid;    /* who is asked, by the guest's number */
	struct query_ask ask;
	uint32_t len; /* of the part */
	char part[QUERY_PART];
};

/* Is there a question for this thread? */
static inline bool query_is_for(const struct query *q, pid_t tid)
{
	return __atomic_load_n(&q->state, __ATOMIC_ACQUIRE) == QUERY_ASKED &&
	       __atomic_load_n(&q->tid, __ATOMIC_RELAXED) == tid;
}

/* A copy of it, in bounds and terminated. */
void query_take(const struct query *q, struct query_ask *ask);
/* Answer it. Comes back when all was read, or when nobody has read on for some time. */
void query_answer(struct query *q, const char *data, size_t len);

#endif
