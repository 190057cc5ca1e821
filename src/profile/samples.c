/* SPDX-License-Identifier: Apache-2.0 */
#include "profile/samples.h"

#include "mm/uaccess.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct profile *profile_create(void)
{
	struct profile *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->room = mmap(NULL, PROFILE_ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p->room == MAP_FAILED) {
		free(p);
		return NULL;
	}
	pthread_mutex_init(&p->lock, NULL);
	p->thin = 1;
	return p;
}

const struct sample *sample_next(const struct profile *p, size_t *at)
{
	const struct sample *s = (const struct sample *)(p->room + *at);

	if (*at >= p->used)
		return NULL;
	*at += s->size;
	return s;
}

/* Every second sample goes; those that stay stand for two. */
static void thin_out(struct profile *p)
{
	const struct sample *s;
	size_t from = 0, to = 0;

	for (unsigned i = 0; (s = sample_next(p, &from)); i++) {
		size_t size = s->size;
		struct sample *kept = (struct sample *)(p->room + to);

		if (i % 2)
			continue;
		memmove(kept, s, size);
		kept->weight *= 2;
		to += size;
	}
	p->used = to;
	p->thin *= 2;
}

static void put(struct profile *p, const struct hk_regs *r, uint64_t weight, const char *what)
{
	struct sample *s;

	if (PROFILE_ROOM - p->used < sizeof(*s) + SAMPLE_STACK)
		thin_out(p);
	s = (struct sample *)(p->room + p->used);
	s->weight = weight;
	s->what = what;
	s->regs = *r;
	s->stack_len = (uint32_t)copy_from_guest_partial(s + 1, GVA(r->rsp), SAMPLE_STACK) & ~7U;
	s->size = (uint32_t)sizeof(*s) + s->stack_len;
	p->used += s->size;
}

void profile_take(struct profile *p, const struct hk_regs *r, unsigned weight, const char *what)
{
	pthread_mutex_lock(&p->lock);
	if (++p->passed >= p->thin) {
		p->passed = 0;
		put(p, r, (uint64_t)weight * p->thin, what);
	}
	pthread_mutex_unlock(&p->lock);
}

void profile_lock(struct profile *p)
{
	if (p)
		pthread_mutex_lock(&p->lock);
}

void profile_unlock(struct profile *p)
{
	if (p)
		pthread_mutex_unlock(&p->lock);
}

void profile_forked(struct profile *p)
{
	if (!p)
		return;
	p->used = 0;
	p->thin = 1;
	p->passed = 0;
	pthread_mutex_unlock(&p->lock);
}
