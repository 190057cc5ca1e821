/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The benchmark driver: one table of native, husk and a peer, measured in turns in one run, so that what disturbs the machine disturbs all three.
 * Start-up is timed from outside, everything else by the measured program itself (work.c).
 */
#include "bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void startup_rows(struct bench *b, const char *name, int system, double *seconds, int n)
{
	static const struct {
		const char *name;
		int percent;
	} at[] = { { "median", 50 }, { "min", 0 }, { "p90", 90 } };
	char full[48];

	qsort(seconds, (size_t)n, sizeof(*seconds), by_value);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		snprintf(full, sizeof(full), "%s, %s", name, at[i].name);
		struct row *r = table_row(&b->table, "start-up", full, "ms");
		if (r)
			r->value[system] = seconds[(n - 1) * at[i].percent / 100] * 1e3;
	}
}

static void startup(struct bench *b, const char *file, const char *name)
{
	char path[4096];
	const char *argv[] = { path, NULL };
	double *took[SYSTEMS];

	snprintf(path, sizeof(path), "%s/%s", b->bin, file);
	for (int s = 0; s < SYSTEMS; s++) {
		took[s] = calloc((size_t)b->runs, sizeof(double));
		if (!took[s])
			exit(1);
	}
	for (int i = -2; i < b->runs; i++) /* two to warm up */
		for (int s = 0; s < SYSTEMS; s++) {
			double t = b->systems[s].use && !b->systems[s].failed ? run_time(&b->systems[s], argv) : NAN;
			if (i >= 0)
				took[s][i] = t;
		}
	for (int s = 0; s < SYSTEMS; s++) {
		if (b->systems[s].use && !b->systems[s].failed)
			startup_rows(b, name, s, took[s], b->runs);
		free(took[s]);
	}
}

static void do_startup(struct bench *b)
{
	startup(b, "hello", "dynamic hello");
	startup(b, "hello-static", "static hello");
}

/* Take in the `name <tab> unit <tab> value` lines of the measured program. */
static void take(struct bench *b, const char *section, int system, char *lines)
{
	char *save = NULL;

	for (char *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *unit = strchr(line, '\t'), *value = unit ? strchr(unit + 1, '\t') : NULL;
		struct row *r;

		if (!value)
			continue;
		*unit++ = 0;
		*value++ = 0;
		r = table_row(&b->table, section, line, unit);
		if (r)
			table_best(r, system, strtod(value, NULL));
	}
}

static void inside(struct bench *b, const char *section, const char *kind, int rounds)
{
	char path[4096], out[8192];
	const char *argv[] = { path, kind, b->dir, NULL };

	snprintf(path, sizeof(path), "%s/work", b->bin);
	for (int i = 0; i < rounds; i++)
		for (int s = 0; s < SYSTEMS; s++)
			if (b->systems[s].use && !run_output(&b->systems[s], argv, out, sizeof(out)))
				take(b, section, s, out);
}

static void do_calls(struct bench *b)
{
	inside(b, "system calls", "calls", 2);
}

static void do_cpu(struct bench *b)
{
	inside(b, "CPU-bound work", "cpu", 5);
}

static void do_pages(struct bench *b)
{
	inside(b, "new memory", "pages", 2);
}

static void do_threads(struct bench *b)
{
	inside(b, "threads", "threads", 2);
}

static void do_processes(struct bench *b)
{
	inside(b, "processes", "processes", 2);
}

static void do_stream(struct bench *b)
{
	inside(b, "files, 64 MiB, cached", "stream", 2);
}

/* Look at a program that has started and waits. */
static int idle_memory(const struct bench *b, const struct system *s, struct memory *m)
{
	char path[4096], ready[16];
	const char *argv[] = { path, "idle", NULL };
	struct child c;
	struct pollfd p;
	int r, status;

	snprintf(path, sizeof(path), "%s/work", b->bin);
	r = run_spawn(s, argv, true, &c);
	if (r < 0)
		return r;
	p = (struct pollfd){ .fd = c.out, .events = POLLIN };
	r = poll(&p, 1, 20000) == 1 && read(c.out, ready, sizeof(ready)) > 0 ? 0 : -EIO;
	if (!r)
		r = memory_of_tree(c.pid, m);
	status = run_wait(&c);
	return r ? r : status;
}

static void do_memory(struct bench *b)
{
	for (int s = 0; s < SYSTEMS; s++) {
		struct memory m;
		struct row *r;

		if (!b->systems[s].use)
			continue;
		if (idle_memory(b, &b->systems[s], &m)) {
			run_failed(&b->systems[s], (const char *[]){ "work", "idle", NULL }, 1);
			continue;
		}
		if ((r = table_row(&b->table, "memory at rest", "peak resident", "KiB")))
			r->value[s] = m.peak;
		if ((r = table_row(&b->table, "memory at rest", "resident", "KiB")))
			r->value[s] = m.rss;
		if ((r = table_row(&b->table, "memory at rest", "private", "KiB")))
			r->value[s] = m.private_all;
		if ((r = table_row(&b->table, "memory at rest", "private, monitor's", "KiB")) && s == HUSK)
			r->value[s] = m.private_monitor;
	}
}

static const struct section {
	const char *name;
	void (*fn)(struct bench *b);
} sections[] = {
	{ "startup", do_startup },     { "phases", do_phases }, { "calls", do_calls },   { "cpu", do_cpu },
	{ "pages", do_pages },         { "stream", do_stream }, { "memory", do_memory }, { "threads", do_threads },
	{ "processes", do_processes }, { "real", do_real },
};

static int make_data(struct bench *b)
{
	static char block[1 << 20];
	char path[128];
	int fd;

	snprintf(b->dir, sizeof(b->dir), "/var/tmp/husk-bench.XXXXXX");
	if (!mkdtemp(b->dir))
		return -errno;
	snprintf(path, sizeof(path), "%s/data", b->dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	memset(block, 'd', sizeof(block));
	for (int i = 0; i < 64; i++)
		if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block)) {
			close(fd);
			return -ENOSPC;
		}
	return close(fd) ? -errno : 0;
}

static void remove_data(const struct bench *b)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", b->dir);
	if (system(command))
		fprintf(stderr, "bench: %s is left behind\n", b->dir);
}

static void say_where(const struct bench *b)
{
	struct utsname u;
	double load = 0;

	uname(&u);
	getloadavg(&load, 1);
	printf("Linux %s, %ld processors, load %.2f; start-up: %d runs of each, in turns; the rest: the best of "
	       "several.\n",
	       u.release, sysconf(_SC_NPROCESSORS_ONLN), load, b->runs);
	if (load > 0.7)
		printf("The machine is busy: take these figures for a sketch.\n");
	fflush(stdout);
}

static bool on_path(const char *program)
{
	char command[256];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", program);
	return !system(command);
}

static const char usage[] = "usage: bench --bin DIR --husk FILE [--no-peer] [--runs N] [--only SECTION] [--json FILE]\n"
			    "sections: startup phases calls cpu pages stream memory threads processes real\n";

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "bin", 1, NULL, 'b' },
		{ "husk", 1, NULL, 'h' },
		{ "no-peer", 0, NULL, 'p' },
		{ "runs", 1, NULL, 'r' },
		{ "only", 1, NULL, 'o' },
		{ "json", 1, NULL, 'j' },
		{ 0 },
	};
	static struct bench b = {
		.systems = {
			{ .name = "native", .use = true },
			{ .name = "husk", .prefix = { "husk", "run", "--unconfined", "--" }, .use = true },
			{ .name = "runsc ptrace", .prefix = { "runsc", "--network=none", "--platform=ptrace", "--rootless=false", "do" } },
		},
		.runs = 50,
	};
	const char *only = NULL, *json = NULL;
	int opt, r;
	bool met;

	b.systems[PEER].use = on_path("runsc");
	if (geteuid())
		b.systems[PEER].prefix[3] = "--rootless";
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (opt) {
		case 'b':
			b.bin = optarg;
			break;
		case 'h':
			b.systems[HUSK].prefix[0] = optarg;
			break;
		case 'p':
			b.systems[PEER].use = false;
			break;
		case 'r':
			b.runs = atoi(optarg);
			break;
		case 'o':
			only = optarg;
			break;
		case 'j':
			json = optarg;
			break;
		default:
			fputs(usage, stderr);
			return 2;
		}
	if (!b.bin || b.runs < 1 || optind != argc) {
		fputs(usage, stderr);
		return 2;
	}
	r = make_data(&b);
	if (r < 0) {
		fprintf(stderr, "bench: cannot prepare %s: %s\n", b.dir, strerror(-r));
		return 1;
	}
	say_where(&b);
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (!only || !strcmp(only, sections[i].name))
			sections[i].fn(&b);
	remove_data(&b);
	table_print(&b);
	met = targets_print(&b);
	if (json && (r = table_json(&b, json)) < 0)
		fprintf(stderr, "bench: cannot write %s: %s\n", json, strerror(-r));
	return b.systems[HUSK].failed || r < 0 ? 1 : met ? 0 : 3;
}
