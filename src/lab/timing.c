/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Native and husk in turns: each round runs the measuring code (work.c) as an ordinary process, then as a guest on each road; what concerns the VM itself comes
 * from vmm/probe.c. Every part runs in a process of its own, since a process runs one guest, and says its samples through a pipe.
 */
#include "lab/lab.h"

#include "base/summary.h"
#include "monitor/monitor.h"
#include "vmm/probe.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <x86intrin.h>

#define ROUNDS     3
#define ROWS       24
#define CALIBRATE  100000000 /* ns */
#define PROBED_VMS 20

enum where { NATIVE, HUSK, WHERES };

static const char *const where_names[] = { "native", "husk" };

/* All samples of one thing, in nanoseconds. */
struct series {
	char name[48];
	double *v[WHERES];
	size_t n[WHERES], cap[WHERES];
};

struct timing {
	double ghz; /* ticks of the time-stamp counter in a nanosecond */
	double cpuid_mhz;
	const char *cpuid_leaf;
	struct series row[ROWS];
	unsigned rows;
};

/* ---- the time-stamp counter ---- */

static uint64_t raw_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* What CPUID says, if it does: crystal clock times ratio, or the processor's base frequency, which is the same on most. */
static void ask_cpuid(struct timing *t)
{
	unsigned a, b, c, d;

	if (__get_cpuid(0x15, &a, &b, &c, &d) && a && b && c) {
		t->cpuid_mhz = (double)c / 1e6 * b / a;
		t->cpuid_leaf = "15h";
	} else if (__get_cpuid(0x16, &a, &b, &c, &d) && a & 0xffff) {
		t->cpuid_mhz = a & 0xffff;
		t->cpuid_leaf = "16h";
	}
}

static void calibrate(struct timing *t)
{
	const struct timespec wait = { .tv_nsec = CALIBRATE };
	uint64_t ns = raw_ns(), ticks = __rdtsc();

	while (nanosleep(&wait, NULL) && errno == EINTR)
		;
	ticks = __rdtsc() - ticks;
	t->ghz = (double)ticks / (double)(raw_ns() - ns);
	ask_cpuid(t);
}

/* ---- samples ---- */

static struct series *series_named(struct timing *t, const char *name)
{
	for (unsigned i = 0; i < t->rows; i++)
		if (!strcmp(t->row[i].name, name))
			return &t->row[i];
	if (t->rows == ROWS)
		return NULL;
	snprintf(t->row[t->rows].name, sizeof(t->row[0].name), "%s", name);
	return &t->row[t->rows++];
}

static int add_sample(struct series *s, enum where w, double ns)
{
	if (s->n[w] == s->cap[w]) {
		size_t cap = s->cap[w] ? 2 * s->cap[w] : 1024;
		double *v = realloc(s->v[w], cap * sizeof(*v));

		if (!v)
			return -ENOMEM;
		s->v[w] = v;
		s->cap[w] = cap;
	}
	s->v[w][s->n[w]++] = ns;
	return 0;
}

/* "name <tab> value <tab> value …" in ticks. */
static int take_line(struct timing *t, enum where w, char *line)
{
	char *save, *word = strtok_r(line, "\t\n", &save);
	struct series *s = word ? series_named(t, word) : NULL;
	int r = 0;

	if (!s)
		return -EPROTO;
	while (r == 0 && (word = strtok_r(NULL, "\t\n", &save)))
		r = add_sample(s, w, strtod(word, NULL) / t->ghz);
	return r;
}

/* ---- the parts ---- */

struct part {
	enum where where;
	const char *road; /* of work.c; NULL: the probe */
	const char *husk; /* its own path */
};

static void put_series(void *ctx, const char *name, const double *us, size_t n)
{
	const struct timing *t = ctx;

	printf("%s", name);
	for (size_t i = 0; i < n; i++)
		printf("\t%.1f", us[i] * 1000 * t->ghz);
	putchar('\n');
}

static int run_probe(struct timing *t, struct hk_err *err)
{
	const struct probe_sink sink = { .ctx = t, .series = put_series, .vms = PROBED_VMS };
	struct probe p;
	int r = probe_host(&p, &sink, err);

	return r ? HUSK_EXIT_FAILURE : fflush(stdout) ? 1 : 0;
}

static int run_guest(const struct part *p, struct hk_err *err)
{
	char *argv[] = { (char *)(uintptr_t)p->husk, (char[]){ "lab" }, (char[]){ "work" }, (char *)(uintptr_t)p->road,
			 NULL };
	char *envp[] = { NULL };
	struct monitor_options o = { .argv = argv, .envp = envp, .aslr = true, .patch = true };

	o.jail.program = p->husk;
	if (!strcmp(p->road, "server"))
		o.io = MONITOR_IO_SERVER;
	if (!strcmp(p->road, "exit")) {
		o.patch = false;
		o.io = MONITOR_IO_EXIT;
	}
	return monitor_run(&o, err);
}

/* In a process of its own, whose standard output is the pipe. Its exit status. */
static int run_part(struct timing *t, const struct part *p, struct hk_err *err)
{
	if (!p->road)
		return run_probe(t, err);
	return p->where == NATIVE ? lab_work(p->road) : run_guest(p, err);
}

static HK_NORETURN void child(struct timing *t, const struct part *p, const int fds[2])
{
	struct hk_err err = { 0 };
	int status = 1;

	if (dup2(fds[1], STDOUT_FILENO) >= 0) {
		close(fds[0]);
		close(fds[1]);
		status = run_part(t, p, &err);
	}
	if (err.code)
		dprintf(STDERR_FILENO, "husk: %s\n", err.text);
	_exit(status);
}

/* Have one part run, and take its samples. */
static int take_part(struct timing *t, const struct part *p, struct hk_err *err)
{
	char *line = NULL;
	size_t cap = 0;
	int fds[2], status, r = 0;
	FILE *f;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return hk_err_set(err, -errno, "cannot make a pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0)
		child(t, p, fds);
	close(fds[1]);
	f = fdopen(fds[0], "r");
	if (pid < 0 || !f)
		return hk_err_set(err, -errno, "cannot start a process: %s", strerror(errno));
	while (r == 0 && getline(&line, &cap, f) > 0)
		r = take_line(t, p->where, line);
	free(line);
	fclose(f);
	if (waitpid(pid, &status, 0) != pid || status || r)
		return hk_err_set(err, r ? r : -EIO, "measuring '%s' (%s) failed",
				  p->road ? p->road : "the virtual machine", where_names[p->where]);
	return 0;
}

static int take_all(struct timing *t, unsigned rounds, const char *husk, struct hk_err *err)
{
	static const char *const roads[] = { "basic", "gate", "server", "exit" };
	int r = 0;

	for (unsigned k = 0; r == 0 && k < rounds; k++)
		for (size_t i = 0; r == 0 && i < HK_ARRAY_LEN(roads); i++)
			for (int w = NATIVE; r == 0 && w < WHERES; w++)
				r = take_part(t, &(struct part){ (enum where)w, roads[i], husk }, err);
	return r ? r : take_part(t, &(struct part){ HUSK, NULL, husk }, err);
}

/* ---- the table ---- */

static void put_row(const struct timing *t, struct series *s, enum where w, double native)
{
	struct hk_summary m = hk_summarise(s->v[w], s->n[w]);

	printf("%-26s %-6s %7zu %5zu %10.1f %9.1f %10.1f %10.1f %10.1f %11.1f %11.0f",
	       w == NATIVE || !s->n[NATIVE] ? s->name : "", where_names[w], m.n, m.outliers, m.mean, m.deviation, m.p50,
	       m.p90, m.p99, m.max, m.p50 * t->ghz);
	if (w == HUSK && native > 0)
		printf(" %8.2f", m.p50 / native);
	putchar('\n');
}

static void put_text(struct timing *t)
{
	printf("time-stamp counter: %.3f MHz, measured against CLOCK_MONOTONIC_RAW", t->ghz * 1000);
	if (t->cpuid_leaf)
		printf("; CPUID %s says %.3f MHz", t->cpuid_leaf, t->cpuid_mhz);
	puts("\nns; mean and deviation without outliers (further out than 3 times the middle half's width); cycles of "
	     "the median\n");
	printf("%-26s %-6s %7s %5s %10s %9s %10s %10s %10s %11s %11s %8s\n", "what", "where", "samples", "out", "mean",
	       "±", "p50", "p90", "p99", "max", "cycles", "× native");
	for (unsigned i = 0; i < t->rows; i++) {
		struct series *s = &t->row[i];
		double native = 0;

		for (int w = NATIVE; w < WHERES; w++) {
			if (!s->n[w])
				continue;
			put_row(t, s, (enum where)w, native);
			native = s->v[w][s->n[w] / 2]; /* sorted by now */
		}
	}
}

static void put_json(struct timing *t)
{
	bool more = false;

	printf("{\"tsc_mhz\":%.3f,", t->ghz * 1000);
	if (t->cpuid_leaf)
		printf("\"cpuid_mhz\":%.3f,", t->cpuid_mhz);
	printf("\"rows\":[");
	for (unsigned i = 0; i < t->rows; i++)
		for (int w = NATIVE; w < WHERES; w++) {
			struct series *s = &t->row[i];
			struct hk_summary m;

			if (!s->n[w])
				continue;
			m = hk_summarise(s->v[w], s->n[w]);
			printf("%s\n{\"what\":\"%s\",\"where\":\"%s\",\"samples\":%zu,\"outliers\":%zu,\"mean_ns\":%."
			       "2f,\"deviation_ns\":%.2f,"
			       "\"min_ns\":%.2f,\"p50_ns\":%.2f,\"p90_ns\":%.2f,\"p99_ns\":%.2f,\"max_ns\":%.2f,"
			       "\"cycles\":%.0f}",
			       more ? "," : "", s->name, where_names[w], m.n, m.outliers, m.mean, m.deviation, m.min,
			       m.p50, m.p90, m.p99, m.max, m.p50 * t->ghz);
			more = true;
		}
	puts("\n]}");
}

int lab_timing(const struct lab_options *o, struct hk_err *err)
{
	struct timing *t = calloc(1, sizeof(*t));
	char husk[4096];
	ssize_t n = readlink("/proc/self/exe", husk, sizeof(husk) - 1);
	int r;

	if (!t || n < 0)
		return hk_err_set(err, -errno, "cannot begin: %s", strerror(errno));
	husk[n] = '\0';
	calibrate(t);
	r = take_all(t, o->rounds ? o->rounds : ROUNDS, husk, err);
	if (r == 0)
		(o->json ? put_json : put_text)(t);
	for (unsigned i = 0; i < t->rows; i++)
		for (int w = NATIVE; w < WHERES; w++)
			free(t->row[i].v[w]);
	free(t);
	return r;
}
