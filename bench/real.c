/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real work: programs that people run, each natively, in husk and in the peer in turns; the best of a few runs. In husk once more with --stats, for the exits of
 * 1,000 system calls.
 */
#include "bench/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTION "real programs"
#define RUNS    3

static const struct work {
	const char *name;
	const char *needs; /* a program that must be there */
	const char *argv[8];
} works[] = {
	{ "sqlite3, 100,000 rows", "sqlite3", { "sqlite3", "-init", "speed.sql", "speed.db", ".quit", NULL } },
	{ "tar of /usr/include", "tar", { "tar", "cf", "include.tar", "-C", "/usr", "include", NULL } },
	{ "grep -r in /usr/include", "grep", { "grep", "-rc", "struct timespec", "/usr/include", NULL } },
	{ "python3, start and end", "python3", { "/usr/bin/python3", "-c", "pass", NULL } },
	{ "python3, 2,000 files", "python3", { "/usr/bin/python3", "files.py", NULL } },
	{ "git status, 5,000 files", "git", { "git", "-c", "safe.directory=*", "-C", "repo", "status", "-s", NULL } },
	{ "gcc -O2 -c", "gcc", { "gcc", "-O2", "-c", "unit.c", "-o", "unit.o", NULL } },
	{ "requests over a socket pair", NULL, { "work", "requests", NULL } },
};

static int make_inputs(const struct bench *b)
{
	char command[8400];

	snprintf(command, sizeof(command), "cd '%s' && sh '%s/inputs.sh' >/dev/null 2>&1", b->dir, b->bin);
	return system(command);
}

/* The line `name` of a --stats group: the number before it. */
static double stat_line(const char *out, const char *name)
{
	const char *at = strstr(out, name), *line = at;

	while (line && line > out && line[-1] != '\n')
		line--;
	return line ? strtod(line, NULL) : 0;
}

/* Exits of 1,000 system calls, whoever answered them. */
static double exits_per_thousand(const char *out)
{
	double exits = stat_line(out, " system calls\n"), served = stat_line(out, " calls answered\n");
	double calls =
		exits - stat_line(out, " answers too late\n") + served + stat_line(out, " calls answered in the guest");

	return calls > 0 ? 1000.0 * exits / calls : NAN;
}

static void count_exits(struct bench *b, const struct work *w, const char *const *argv)
{
	static char out[1 << 16];
	struct system stats = { .name = "husk run --stats",
				.prefix = { "sh", "-c", "exec \"$0\" \"$@\" 2>&1 >/dev/null",
					    b->systems[HUSK].prefix[0], "run", "--unconfined", "--stats", "--" } };
	char name[64];
	struct row *r;

	if (run_output(&stats, argv, out, sizeof(out)))
		return;
	snprintf(name, sizeof(name), "%.27s: exits", w->name);
	r = table_row(&b->table, SECTION, name, "/1000");
	if (r)
		r->value[HUSK] = exits_per_thousand(out);
	if (getenv("BENCH_STATS")) /* where each exit comes from */
		fprintf(stderr, "---- %s\n%s", w->name, out);
}

static bool is_there(const char *program)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", program);
	return !program || !system(command);
}

/* True if husk could not run it. */
static bool measure(struct bench *b, const struct work *w)
{
	bool husk_failed = false;
	struct row *r = table_row(&b->table, SECTION, w->name, "ms");
	const char *argv[8];
	char own[4096];

	memcpy(argv, w->argv, sizeof(argv));
	if (!w->needs) {
		snprintf(own, sizeof(own), "%s/%s", b->bin, argv[0]);
		argv[0] = own;
	}
	for (int i = 0; i < RUNS && r; i++)
		for (int s = 0; s < SYSTEMS; s++) {
			if (!b->systems[s].use || b->systems[s].failed)
				continue;
			if (!strcmp(w->argv[0], "sqlite3"))
				unlink("speed.db");
			table_best(r, s, run_time(&b->systems[s], argv) * 1e3);
			husk_failed |= s == HUSK && b->systems[s].failed;
			b->systems[s].failed = false; /* in this one only */
		}
	unlink("speed.db");
	if (b->systems[HUSK].use)
		count_exits(b, w, argv);
	return husk_failed;
}

void do_real(struct bench *b)
{
	static char husk[4096], bin[4096];
	char before[4096];
	bool failed = false;

	/* The programs run in the working directory. */
	if (b->systems[HUSK].use && realpath(b->systems[HUSK].prefix[0], husk))
		b->systems[HUSK].prefix[0] = husk;
	if (realpath(b->bin, bin))
		b->bin = bin;
	if (make_inputs(b) || !getcwd(before, sizeof(before)) || chdir(b->dir)) {
		fprintf(stderr, "bench: cannot make the inputs of the real programs\n");
		return;
	}
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++)
		if (!works[i].needs || is_there(works[i].needs))
			failed |= measure(b, &works[i]);
	b->systems[HUSK].failed |= failed;
	if (chdir(before))
		fprintf(stderr, "bench: cannot go back to %s\n", before);
}
