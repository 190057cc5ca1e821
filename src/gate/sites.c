/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of patched sites, and room for their trampolines. */
#include "gate/internal.h"

#include <string.h>

static unsigned hash(uint64_t a)
{
	return (unsigned)((a * 0x9e3779b97f4a7c15UL) >> 52) & (GATE_INDEX - 1);
}

_Static_assert(GATE_INDEX == 1 << 12 && GATE_INDEX > 2 * GATE_SITES, "the hash fits the tables");

static uint64_t key(const struct gate *g, uint16_t i, bool tail)
{
	return tail ? g->site[i - 1].tail : g->site[i - 1].at;
}

static uint16_t *slot(struct gate *g, uint64_t k, bool tail)
{
	uint16_t *table = tail ? g->by_tail : g->by_at;
	unsigned i = hash(k);

	while (table[i] && key(g, table[i], tail) != k)
		i = (i + 1) & (GATE_INDEX - 1);
	return &table[i];
}

struct gate_site *gate_site_at(struct gate *g, uint64_t at)
{
	uint16_t i = *slot(g, at, false);

	return i ? &g->site[i - 1] : NULL;
}

struct gate_site *gate_site_of_tail(struct gate *g, uint64_t tail)
{
	uint16_t i = *slot(g, tail, true);

	return i ? &g->site[i - 1] : NULL;
}

struct gate_site *gate_site_of_tramp(struct gate *g, uint64_t rip)
{
	if (rip < g->low || rip >= g->high)
		return NULL;
	for (unsigned i = 0; i < g->sites_used; i++)
		if (rip - g->site[i].tramp < TRAMP_MOST && rip < g->site[i].tail + 7)
			return &g->site[i];
	return NULL;
}

struct gate_site *gate_site_new(struct gate *g, uint64_t at)
{
	uint16_t *p = slot(g, at, false);

	if (g->sites_used == GATE_SITES)
		return NULL;
	g->site[g->sites_used++] = (struct gate_site){ .at = at };
	*p = (uint16_t)g->sites_used;
	return &g->site[g->sites_used - 1];
}

void gate_site_tail(struct gate *g, struct gate_site *s, uint64_t tail)
{
	s->tail = tail;
	*slot(g, tail, true) = (uint16_t)(s - g->site + 1);
}

/* ---- room ---- */

#define UNIT 8

static bool bit(const struct gate_page *p, unsigned i)
{
	return p->used[i / 64] >> i % 64 & 1;
}

/* Take [at, at+size) of its page if it is free. */
static bool take(struct gate_page *p, uint64_t at, unsigned size)
{
	unsigned first = (unsigned)(at - p->at) / UNIT, last = (unsigned)(at + size - 1 - p->at) / UNIT;

	if (at < p->at || at + size > p->at + HK_PAGE_SIZE)
		return false;
	for (unsigned i = first; i <= last; i++)
		if (bit(p, i))
			return false;
	for (unsigned i = first; i <= last; i++)
		p->used[i / 64] |= 1UL << i % 64;
	return true;
}

static struct gate_page *page_new(struct gate *g, uint64_t near, uint64_t reach, uint64_t exact)
{
	uint64_t at = g->pages_used < GATE_PAGES ? mm_code_page(g->mm, near, reach, exact) : 0;
	struct gate_page *p;

	if (!at)
		return NULL;
	__atomic_store_n(&g->low, g->pages_used ? hk_min(g->low, at) : at, __ATOMIC_RELAXED);
	__atomic_store_n(&g->high, hk_max(g->high, at + HK_PAGE_SIZE), __ATOMIC_RELAXED);
	p = &g->page[g->pages_used++];
	*p = (struct gate_page){ .at = at };
	return p;
}

static struct gate_page *page_at(struct gate *g, uint64_t at)
{
	for (unsigned i = 0; i < g->pages_used; i++)
		if (g->page[i].at == at)
			return &g->page[i];
	return NULL;
}

#define REACH ((1UL << 31) - (1UL << 20))

uint64_t gate_room_near(struct gate *g, uint64_t near, unsigned size)
{
	struct gate_page *p;

	for (unsigned i = 0; i < g->pages_used; i++) {
		p = &g->page[i];
		if (!p->at || (p->at > near ? p->at - near : near - p->at) > REACH)
			continue;
		for (unsigned at = 0; at + size <= HK_PAGE_SIZE; at += UNIT)
			if (take(p, p->at + at, size))
				return p->at + at;
	}
	p = page_new(g, near, REACH, 0);
	return p && take(p, p->at, size) ? p->at : 0;
}

uint64_t gate_room_within(struct gate *g, uint64_t first, uint64_t last, unsigned size)
{
	for (uint64_t at = first; at <= last; at++) {
		uint64_t page = hk_align_down(at, HK_PAGE_SIZE);
		struct gate_page *p;

		if (at + size > page + HK_PAGE_SIZE)
			continue;
		p = page_at(g, page);
		if (!p)
			p = page_new(g, 0, 0, page);
		if (!p) {
			/* Taken: on to the next page. */
			at = page + HK_PAGE_SIZE - 1;
			continue;
		}
		if (take(p, at, size))
			return at;
	}
	return 0;
}
