/* SPDX-License-Identifier: Apache-2.0 */
/* The top list: what all lines of a folded profile come to. The file may hold anything. */
#include "profile/samples.h"

#include "base/strbuf.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MOST (256UL << 20)
#define ROWS      30

struct function {
	char *name;
	uint64_t self, total;
	uint64_t line; /* the last one that counted it: a function that calls itself counts once */
};

struct top {
	void *entries; /* a tree, tsearch(3) */
	struct function **sorted;
	size_t count;
	uint64_t samples, line;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct function *)a)->name, ((const struct function *)b)->name);
}

static struct function *find(struct top *t, char *name)
{
	const struct function key = { .name = name };
	void *at = tfind(&key, &t->entries, compare);
	struct function *e = at ? *(struct function **)at : calloc(1, sizeof(*e));

	if (at || !e)
		return e;
	e->name = name;
	if (!tsearch(e, &t->entries, compare))
		return NULL;
	t->count++;
	return e;
}

/* "comm;outermost;…;innermost count" */
static void take(struct top *t, char *line)
{
	char *number = strrchr(line, ' '), *frame, *rest;
	struct function *e = NULL;
	uint64_t n = number ? strtoul(number + 1, NULL, 10) : 0;

	if (!n)
		return;
	*number = '\0';
	t->line++;
	t->samples += n;
	strtok_r(line, ";", &rest); /* the process */
	while ((frame = strtok_r(NULL, ";", &rest))) {
		e = find(t, frame);
		if (!e)
			return;
		if (e->line != t->line)
			e->total += n;
		e->line = t->line;
	}
	if (e)
		e->self += n;
}

static void collect(const void *node, VISIT which, void *ctx)
{
	struct top *t = ctx;

	if (which == postorder || which == leaf)
		t->sorted[t->count++] = *(struct function *const *)node;
}

static int by_self(const void *a, const void *b)
{
	const struct function *x = *(struct function *const *)a, *y = *(struct function *const *)b;

	if (x->self != y->self)
		return x->self < y->self ? 1 : -1;
	if (x->total != y->total)
		return x->total < y->total ? 1 : -1;
	return strcmp(x->name, y->name);
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void print(struct top *t, int fd)
{
	struct hk_strbuf b = { 0 };

	hk_strbuf_printf(&b, "CPU profile: %.3f s in %lu samples of %.1f ms\n",
			 (double)t->samples * PROFILE_PERIOD_NS / 1e9, t->samples, PROFILE_PERIOD_NS / 1e6);
	if (t->count)
		hk_strbuf_puts(&b, "  self  total  function\n");
	for (size_t i = 0; i < t->count && i < ROWS; i++)
		hk_strbuf_printf(&b, "%5.1f%% %5.1f%%  %s\n", percent(t->sorted[i]->self, t->samples),
				 percent(t->sorted[i]->total, t->samples), t->sorted[i]->name);
	if (t->count > ROWS)
		hk_strbuf_printf(&b, "               and %zu more\n", t->count - ROWS);
	if (!b.cut)
		(void)!write(fd, b.data, b.len);
	hk_strbuf_free(&b);
}

static char *read_all(int fd)
{
	size_t len = (size_t)hk_min((uint64_t)lseek(fd, 0, SEEK_END), FILE_MOST), got = 0;
	char *text = malloc(len + 1);
	ssize_t n = 1;

	if (!text)
		return NULL;
	while (got < len && (n = pread(fd, text + got, len - got, (off_t)got)) > 0)
		got += (size_t)n;
	text[got] = '\0';
	return text;
}

void top_print(int fd, int top_fd)
{
	struct top t = { 0 };
	char *text = read_all(fd), *rest, *line;

	if (!text)
		return;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		take(&t, line);
	t.sorted = calloc(t.count + 1, sizeof(*t.sorted));
	if (!t.sorted)
		return;
	t.count = 0;
	twalk_r(t.entries, collect, &t);
	qsort(t.sorted, t.count, sizeof(*t.sorted), by_self);
	print(&t, top_fd);
}
