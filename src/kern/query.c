/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/query.h"

#include <string.h>
#include <time.h>

#define LOOK_NS  500000 /* whoever asks only writes to the file: there is nothing to wait on */
#define PATIENCE 4000   /* looks */

void query_take(const struct query *q, struct query_ask *ask)
{
	memcpy(ask, &q->ask, sizeof(*ask));
	ask->places = (uint32_t)hk_min(ask->places, QUERY_PLACES);
	for (unsigned i = 0; i < QUERY_PLACES; i++)
		ask->place[i][QUERY_PLACE - 1] = '\0';
}

/* What becomes of the state that we set: QUERY_TAKEN, itself if nobody reads on, or what somebody else asks. */
static uint32_t wait_taken(const struct query *q, uint32_t set)
{
	const struct timespec look = { .tv_nsec = LOOK_NS };
	uint32_t state = set;

	for (int i = 0; i < PATIENCE && state == set; i++) {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &look, NULL);
		state = __atomic_load_n(&q->state, __ATOMIC_ACQUIRE);
	}
	return state;
}

void query_answer(struct query *q, const char *data, size_t len)
{
	uint32_t set = QUERY_PARTS, state = QUERY_TAKEN;

	while (state == QUERY_TAKEN && set != QUERY_LAST) {
		size_t n = hk_min(len, QUERY_PART);

		if (n)
			memcpy(q->part, data, n);
		data += n;
		len -= n;
		set = len ? QUERY_PARTS : QUERY_LAST;
		__atomic_store_n(&q->len, (uint32_t)n, __ATOMIC_RELAXED);
		__atomic_store_n(&q->state, set, __ATOMIC_RELEASE);
		state = wait_taken(q, set);
	}
	/* Unless there is another question by now: who asked us is gone. */
	if (state == QUERY_TAKEN || state == set)
		(void)__atomic_compare_exchange_n(&q->state, &state, QUERY_NONE, false, __ATOMIC_ACQ_REL,
						  __ATOMIC_RELAXED);
}
