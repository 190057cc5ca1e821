/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of profile/ share: the memory that holds the samples. */
#ifndef HK_PROFILE_SAMPLES_H
#define HK_PROFILE_SAMPLES_H

#include "profile/profile.h"

#include <pthread.h>

#define SAMPLE_STACK 8192UL

/* Header of a sample; its piece of the stack lies behind it. */
struct sample {
	uint32_t size; /* of it all, a multiple of 8 */
	uint32_t stack_len;
	uint64_t weight;
	const char *what;
	struct hk_regs regs;
};

struct profile {
	pthread_mutex_t lock; /* guards the rest */
	uint8_t *room;        /* PROFILE_ROOM bytes */
	size_t used;
	unsigned thin;   /* one sample in so many is kept */
	unsigned passed; /* since the last one that was */
};

/* The sample at *at, which moves on; NULL: no more. */
const struct sample *sample_next(const struct profile *p, size_t *at);

/* In the child: read all lines of fd and print the top list on top_fd. */
void top_print(int fd, int top_fd);

#endif
