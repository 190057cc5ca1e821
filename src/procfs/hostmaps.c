/* SPDX-License-Identifier: Apache-2.0 */
#include "procfs/hostmaps.h"

#include "mm/gva.h"
#include "procfs/internal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define PAGEMAP_MAX    (1UL << 30) /* a block is counted page by page up to this size, shared out by length above */
#define PAGEMAP_IN_RAM (1ULL << 63)

int hostmaps_field(const struct hostmaps *h, const char *name)
{
	for (unsigned i = 0; i < h->fields; i++)
		if (strcmp(h->field[i].name, name) == 0)
			return (int)i;
	return -1;
}

static struct hostmaps_block *new_block(struct hostmaps *h)
{
	if (h->count == h->cap) {
		unsigned cap = h->cap ? 2 * h->cap : 128;
		struct hostmaps_block *p = realloc(h->block, cap * sizeof(*p));

		if (!p)
			return NULL;
		h->block = p;
		h->cap = cap;
	}
	return memset(&h->block[h->count++], 0, sizeof(h->block[0]));
}

/* "start-end perms offset major:minor inode   name" into *b; false if the line is none. */
static bool parse_header(char *line, struct hostmaps_block *b)
{
	char perms[5];
	int n = 0;

	*b = (struct hostmaps_block){ .name = "", .vmflags = "" };
	if (sscanf(line, "%lx-%lx %4s %lx %x:%x %lu%n", &b->start, &b->end, perms, &b->offset, &b->major, &b->minor,
		   &b->ino, &n) < 7)
		return false;
	b->shared = perms[3] == 's';
	b->name = line + n + strspn(line + n, " ");
	return b->start < b->end;
}

/* "Name:    value[ kB]" as field number i of b; the first block's lines define the fields. */
static void parse_field(struct hostmaps *h, char *line, unsigned i, struct hostmaps_block *b)
{
	char *colon = strchr(line, ':'), *rest, *unit;

	if (!colon || i >= HOSTMAPS_FIELDS)
		return;
	*colon = '\0';
	rest = colon + 1 + strspn(colon + 1, " ");
	if (i == h->fields)
		h->field[h->fields++] = (struct hostmaps_field){
			.name = line,
			.kb = strstr(rest, " kB") != NULL,
			.flags = !isdigit((unsigned char)*rest),
			.padded = rest + strcspn(rest, " ") == line + 24,
		};
	if (strcmp(h->field[i].name, line) != 0)
		return;
	if (h->field[i].flags)
		b->vmflags = rest;
	else
		b->v[i] = strtoull(rest, &unit, 10);
}

/* What lies above the guest's range is only counted. */
static void drop_if_ours(struct hostmaps *h)
{
	struct hostmaps_block *b = h->count ? &h->block[h->count - 1] : NULL;
	int rss = hostmaps_field(h, "Rss");

	if (!b || b->start < HK_GUEST_MAX)
		return;
	h->other_rss += rss >= 0 ? b->v[rss] << 10 : 0;
	h->count--;
}

int hostmaps_parse(struct hostmaps *h)
{
	char *line = h->text.data, *next;
	unsigned field = 0;

	for (; line && *line; line = next) {
		struct hostmaps_block head;

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (isupper((unsigned char)*line)) {
			if (h->count)
				parse_field(h, line, field++, &h->block[h->count - 1]);
		} else if (parse_header(line, &head)) {
			struct hostmaps_block *b;

			drop_if_ours(h);
			b = new_block(h);
			if (!b)
				return -ENOMEM;
			*b = head;
			field = 0;
		}
	}
	drop_if_ours(h);
	return 0;
}

int hostmaps_read(struct hostmaps *h, const char *path)
{
	int r;

	*h = (struct hostmaps){ .text.max = PROC_TEXT_MAX, .pagemap = -1 };
	r = proc_host_read(path, &h->text);
	return r ? r : hostmaps_parse(h);
}

void hostmaps_free(struct hostmaps *h)
{
	hk_strbuf_free(&h->text);
	free(h->block);
	h->block = NULL;
	h->count = h->cap = 0;
	if (h->pagemap >= 0)
		close(h->pagemap);
	h->pagemap = -1;
}

const struct hostmaps_block *hostmaps_find(const struct hostmaps *h, uint64_t a)
{
	unsigned lo = 0, hi = h->count;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (h->block[mid].end > a)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo < h->count ? &h->block[lo] : NULL;
}

const struct hostmaps_block *hostmaps_next(const struct hostmaps *h, const struct hostmaps_block *b)
{
	return b + 1 < h->block + h->count ? b + 1 : NULL;
}

/* Pages of [start, end) in memory or, where they cannot or need not be counted, all of them. */
static uint64_t weigh(struct hostmaps *h, const struct hostmaps_block *b, uint64_t start, uint64_t end)
{
	uint64_t entry[512], pages = 0;
	int rss = hostmaps_field(h, "Rss");

	if (h->pagemap == -1)
		h->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (h->pagemap < 0)
		h->pagemap = -2;
	if (h->pagemap < 0 || b->end - b->start > PAGEMAP_MAX || rss < 0 || b->v[rss] == 0)
		return (end - start) / HK_PAGE_SIZE;
	while (start < end) {
		size_t n = hk_min((end - start) / HK_PAGE_SIZE, HK_ARRAY_LEN(entry));
		ssize_t got = pread(h->pagemap, entry, n * 8, (off_t)(start / HK_PAGE_SIZE * 8));

		if (got < 8)
			break;
		for (ssize_t i = 0; i < got / 8; i++)
			pages += (entry[i] & PAGEMAP_IN_RAM) != 0;
		start += (uint64_t)(got / 8) * HK_PAGE_SIZE;
	}
	return pages;
}

/* Make h->weight say how b is shared out below start. */
static void weigh_block(struct hostmaps *h, const struct hostmaps_block *b, uint64_t start)
{
	if (h->weight.block != b || start < h->weight.at) {
		h->weight.block = b;
		h->weight.at = b->start;
		h->weight.before = 0;
		h->weight.whole = weigh(h, b, b->start, b->end);
	}
	h->weight.before += weigh(h, b, h->weight.at, start);
	h->weight.at = start;
}

/* part/whole of v, the rounding such that neighbouring parts add up: share(0..b) - share(0..a). */
static uint64_t share(uint64_t v, uint64_t before, uint64_t part, uint64_t whole)
{
	return whole ? v * (before + part) / whole - v * before / whole : 0;
}

void hostmaps_add_share(struct hostmaps *h, const struct hostmaps_block *b, uint64_t start, uint64_t end,
			uint64_t sum[HOSTMAPS_FIELDS])
{
	uint64_t before = 0, part = 1, whole = 1;

	start = hk_max(start, b->start);
	end = hk_min(end, b->end);
	if (start >= end)
		return;
	if (start > b->start || end < b->end) {
		weigh_block(h, b, start);
		before = h->weight.before;
		part = weigh(h, b, start, end);
		whole = h->weight.whole;
		h->weight.before += part;
		h->weight.at = end;
	}
	for (unsigned i = 0; i < h->fields; i++)
		sum[i] += share(b->v[i], before, part, whole);
}
