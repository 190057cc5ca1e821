/* SPDX-License-Identifier: Apache-2.0 */
/* The table of results: for people, as JSON, and held against the targets. */
#include "bench/bench.h"

#include <errno.h>
#include <math.h>
#include <string.h>

struct row *table_row(struct table *t, const char *section, const char *name, const char *unit)
{
	struct row *r;

	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->rows[i].section, section) && !strcmp(t->rows[i].name, name))
			return &t->rows[i];
	if (t->n == sizeof(t->rows) / sizeof(t->rows[0]))
		return NULL;
	r = &t->rows[t->n++];
	snprintf(r->section, sizeof(r->section), "%s", section);
	snprintf(r->name, sizeof(r->name), "%s", name);
	snprintf(r->unit, sizeof(r->unit), "%s", unit);
	r->higher_is_better = strchr(unit, '/') != NULL; /* rates */
	for (int s = 0; s < SYSTEMS; s++)
		r->value[s] = NAN;
	return r;
}

void table_best(struct row *r, int system, double value)
{
	double *old = &r->value[system];

	if (isnan(*old) || (r->higher_is_better ? value > *old : value < *old))
		*old = value;
}

double row_ratio(const struct row *r, int system)
{
	double ratio = r->value[system] / r->value[NATIVE];

	return r->higher_is_better ? 1 / ratio : ratio;
}

static void number(double v, const char *unit)
{
	if (isnan(v))
		printf(" %12s", "-");
	else
		printf(" %12.*f", !strcmp(unit, "s") || !strcmp(unit, "ms") ? 3 : fabs(v) < 100 ? 1 : 0, v);
}

static void times(double v)
{
	if (isnan(v))
		printf(" %12s", "-");
	else
		printf(" %11.2fx", v);
}

void table_print(const struct bench *b)
{
	const char *section = "";

	printf("%-38s %-6s %12s %12s %12s %12s %12s\n", "", "", "native", "husk", b->systems[PEER].name, "husk:native",
	       "husk:peer");
	for (size_t i = 0; i < b->table.n; i++) {
		const struct row *r = &b->table.rows[i];

		if (strcmp(section, r->section))
			printf("%s\n", r->section);
		section = r->section;
		printf("  %-36s %-6s", r->name, r->unit);
		for (int s = 0; s < SYSTEMS; s++)
			number(r->value[s], r->unit);
		times(row_ratio(r, HUSK));
		times(row_ratio(r, HUSK) / row_ratio(r, PEER));
		putchar('\n');
	}
	printf("Ratios: above 1 husk is slower or larger, below 1 faster or smaller, whatever the unit.\n");
}

static const struct row *find(const struct table *t, const char *section, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->rows[i].section, section) && !strcmp(t->rows[i].name, name))
			return &t->rows[i];
	return NULL;
}

/* The geometric mean, or the worst, of husk's ratio over a section, to native or to the peer. */
static double section_ratio(const struct table *t, const char *section, bool to_peer, bool worst)
{
	double logs = 0, most = NAN;
	int n = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct row *r = &t->rows[i];
		double ratio = to_peer ? row_ratio(r, HUSK) / row_ratio(r, PEER) : row_ratio(r, HUSK);

		if (strcmp(r->section, section) || isnan(ratio))
			continue;
		logs += log(ratio);
		n++;
		most = fmax(most, ratio);
	}
	return worst ? most : n ? exp(logs / n) : NAN;
}

struct target {
	const char *text;
	double have, limit;
	bool at_least;
};

static int targets(const struct bench *b, struct target out[8])
{
	const struct row *start = find(&b->table, "start-up", "dynamic hello, median");
	const struct row *all = find(&b->table, PHASES, ALL), *caged = find(&b->table, PHASES, ALL_CAGED);
	const struct row *fork = find(&b->table, "processes", "fork, end and wait");
	const struct row *thread = find(&b->table, "threads", "make and join a thread");
	const struct row *private = find(&b->table, "memory at rest", "private, monitor's");
	int n = 0;

	out[n++] = (struct target){ "dynamic hello, ms", start ? start->value[HUSK] : NAN, 6, false };
	out[n++] = (struct target){ "times faster to start than the peer",
				    start ? start->value[PEER] / start->value[HUSK] : NAN, 20, true };
	out[n++] = (struct target){ "CPU-bound work, worst, of native",
				    1 / section_ratio(&b->table, "CPU-bound work", false, true), 0.97, true };
	out[n++] = (struct target){ "private memory of the monitor, KiB", private ? private->value[HUSK] : NAN, 4096,
				    false };
	out[n++] = (struct target){ "system calls, times faster than the peer, mean",
				    1 / section_ratio(&b->table, "system calls", true, false), 2, true };
	out[n++] = (struct target){ "more for a start in the sandbox, us",
				    all && caged ? caged->value[HUSK] - all->value[HUSK] : NAN, 1500, false };
	out[n++] = (struct target){ "fork, end and wait, us", fork ? fork->value[HUSK] : NAN, 4000, false };
	out[n++] = (struct target){ "make and join a thread, us", thread ? thread->value[HUSK] : NAN, 300, false };
	return n;
}

/* True if no target that could be measured was missed. */
bool targets_print(const struct bench *b)
{
	struct target t[8];
	int n = targets(b, t), missed = 0;

	for (int i = 0; i < n; i++) {
		bool unknown = isnan(t[i].have),
		     met = !unknown && (t[i].at_least ? t[i].have >= t[i].limit : t[i].have <= t[i].limit);

		if (!unknown)
			printf("target: %-48s %s %-7g %10.3f  %s\n", t[i].text, t[i].at_least ? "at least" : "at most ",
			       t[i].limit, t[i].have, met ? "met" : "MISSED");
		missed += !unknown && !met;
	}
	return !missed;
}

static void json_number(FILE *f, const char *name, double v)
{
	if (isnan(v) || isinf(v))
		fprintf(f, ", \"%s\": null", name);
	else
		fprintf(f, ", \"%s\": %.9g", name, v);
}

/* Names and units are our own words: nothing in them needs escaping. */
int table_json(const struct bench *b, const char *path)
{
	FILE *f = fopen(path, "we");
	struct target t[8];
	int n = targets(b, t);

	if (!f)
		return -errno;
	fprintf(f, "{\n  \"peer\": \"%s\",\n  \"runs\": %d,\n  \"rows\": [\n", b->systems[PEER].name, b->runs);
	for (size_t i = 0; i < b->table.n; i++) {
		const struct row *r = &b->table.rows[i];

		fprintf(f, "    {\"section\": \"%s\", \"name\": \"%s\", \"unit\": \"%s\"", r->section, r->name,
			r->unit);
		json_number(f, "native", r->value[NATIVE]);
		json_number(f, "husk", r->value[HUSK]);
		json_number(f, "peer", r->value[PEER]);
		fprintf(f, "}%s\n", i + 1 < b->table.n ? "," : "");
	}
	fprintf(f, "  ],\n  \"targets\": [\n");
	for (int i = 0; i < n; i++) {
		fprintf(f, "    {\"text\": \"%s\", \"at_least\": %s", t[i].text, t[i].at_least ? "true" : "false");
		json_number(f, "limit", t[i].limit);
		json_number(f, "have", t[i].have);
		fprintf(f, "}%s\n", i + 1 < n ? "," : "");
	}
	fprintf(f, "  ]\n}\n");
	return fclose(f) ? -errno : 0;
}
