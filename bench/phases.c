/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the start of a program in husk consists of: the times that `husk run --stats` gives of itself, the time a husk that starts no VM takes, and
 * what is left of the whole, which is giving back the VM and its memory. Medians, so they need not add up to the microsecond.
 */
#include "bench/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct phase {
	char name[48];
	double *us;
	int n;
};

struct phases {
	struct phase list[16];
	int n;
};

static void add(struct phases *p, const char *name, double us, int runs)
{
	struct phase *at = p->list;

	while (at < p->list + p->n && strcmp(at->name, name) != 0)
		at++;
	if (at == p->list + p->n) {
		if (p->n == (int)(sizeof(p->list) / sizeof(p->list[0])) ||
		    !(at->us = calloc((size_t)runs, sizeof(double))))
			return;
		snprintf(at->name, sizeof(at->name), "%s", name);
		p->n++;
	}
	if (at->n < runs)
		at->us[at->n++] = us;
}

/* The lines `N us  NAME` below the heading "time". */
static void take_stats(struct phases *p, char *text, int runs)
{
	char *save = NULL, *at = strstr(text, "\ntime\n");
	double us;
	int name;

	if (!at)
		return;
	for (char *line = strtok_r(at + strlen("\ntime\n"), "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		name = 0;
		if (sscanf(line, " %lf us %n", &us, &name) != 1 || !name)
			return;
		add(p, line + name, us, runs);
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(struct phase *p)
{
	qsort(p->us, (size_t)p->n, sizeof(double), by_value);
	return p->us[(p->n - 1) / 2];
}

static void report(struct bench *b, const char *name, double us)
{
	struct row *r = table_row(&b->table, PHASES, name, "us");

	if (r)
		r->value[HUSK] = us;
}

void do_phases(struct bench *b)
{
	struct system *husk = &b->systems[HUSK];
	struct system stats = { .name = "husk run --stats",
				.prefix = { "sh", "-c", "exec \"$0\" \"$@\" 2>&1 >/dev/null", husk->prefix[0], "run",
					    "--unconfined", "--stats", "--" } };
	struct system caged = { .name = "husk run in the sandbox", .prefix = { husk->prefix[0], "run", "--" } };
	struct system bare = { .name = "husk --version", .prefix = { husk->prefix[0] } };
	char path[4096], out[16384];
	const char *hello[] = { path, NULL }, *version[] = { "--version", NULL };
	struct phases inside = { 0 }, outside = { 0 };
	double left;

	snprintf(path, sizeof(path), "%s/hello", b->bin);
	for (int i = 0; i < b->runs && !husk->failed && !stats.failed && !bare.failed; i++) {
		add(&outside, "start and end of a husk without VM", run_time(&bare, version) * 1e6, b->runs);
		add(&outside, ALL, run_time(husk, hello) * 1e6, b->runs);
		add(&outside, ALL_CAGED, run_time(&caged, hello) * 1e6, b->runs);
		if (!run_output(&stats, hello, out, sizeof(out)))
			take_stats(&inside, out, b->runs);
	}
	husk->failed |= stats.failed | bare.failed | !inside.n;
	if (!inside.n)
		return;
	left = median(&outside.list[1]) - median(&outside.list[0]);
	report(b, outside.list[0].name, median(&outside.list[0]));
	for (int i = 0; i < inside.n; i++) {
		report(b, inside.list[i].name, median(&inside.list[i]));
		left -= median(&inside.list[i]);
		free(inside.list[i].us);
	}
	report(b, "the rest: giving it all back", left);
	for (int i = 1; i < outside.n; i++)
		report(b, outside.list[i].name, median(&outside.list[i]));
	for (int i = 0; i < outside.n; i++)
		free(outside.list[i].us);
}
