/* SPDX-License-Identifier: Apache-2.0 */
/* Counts and times of system calls. The hook is cheap: two clock readings and a few atomic additions a call. */
#include "trace/stats.h"

#include "base/hostcall.h"
#include "base/output.h"
#include "base/strbuf.h"
#include "syscalls/table.h"
#include "trace/json.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

/* One for each number, the last for those that have no row. */
#define COUNTERS HK_SYSCALL_SLOTS /* the slot of no call counts all without a row */

struct counter {
	_Atomic uint64_t calls, errors, total_ns, max_ns;
	_Atomic uint64_t served;    /* without an exit */
	_Atomic uint64_t below_max; /* UINT64_MAX - the least time, so that all begins at zero */
};

struct stats {
	struct hk_trace_hook hook;
	struct counter *by_slot; /* COUNTERS of them */
};

/* A counter as it was at one moment. */
struct line {
	const char *name;
	uint64_t calls, exits, errors, total_ns, min_ns, max_ns;
};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static struct counter *counter_of(struct stats *s, uint64_t nr)
{
	unsigned slot = hk_syscall_slot(nr);

	return &s->by_slot[hk_syscall_at_slot(slot) ? slot : HK_SLOT_NONE];
}

/* A call that does not come back is counted too. */
static void stats_enter(void *ctx, struct hk_call *call)
{
	atomic_fetch_add_explicit(&counter_of(ctx, call->nr)->calls, 1, memory_order_relaxed);
	call->began_ns = now();
}

static void raise_to(_Atomic uint64_t *v, uint64_t to)
{
	uint64_t old = atomic_load_explicit(v, memory_order_relaxed);

	while (to > old && !atomic_compare_exchange_weak(v, &old, to))
		;
}

static void stats_leave(void *ctx, struct hk_call *call, int64_t result)
{
	struct counter *c = counter_of(ctx, call->nr);
	uint64_t ns = now() - call->began_ns;

	if (result == -HK_WOULD_WAIT || result == -HK_ERESTARTNOINTR) {
		atomic_fetch_sub_explicit(&c->calls, 1, memory_order_relaxed);
		return;
	}
	if (call->served)
		atomic_fetch_add_explicit(&c->served, 1, memory_order_relaxed);
	if (result < 0 && result > -4096)
		atomic_fetch_add_explicit(&c->errors, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&c->total_ns, ns, memory_order_relaxed);
	raise_to(&c->max_ns, ns);
	raise_to(&c->below_max, UINT64_MAX - ns);
}

struct stats *stats_create(void *shared, size_t size)
{
	struct stats *s = size >= COUNTERS * sizeof(struct counter) ? calloc(1, sizeof(*s)) : NULL;

	if (!s)
		return NULL;
	s->by_slot = shared;
	s->hook = (struct hk_trace_hook){ .ctx = s, .enter = stats_enter, .leave = stats_leave };
	return s;
}

void stats_free(struct stats *s)
{
	free(s);
}

struct hk_trace_hook *stats_hook(struct stats *s)
{
	return &s->hook;
}

static unsigned collect(struct stats *s, struct line lines[COUNTERS], struct line *total)
{
	unsigned n = 0;

	*total = (struct line){ .name = "total" };
	for (unsigned i = 0; i < COUNTERS; i++) {
		struct counter *c = &s->by_slot[i];
		struct line *l = &lines[n];
		const struct hk_syscall_info *info = hk_syscall_at_slot(i);

		if (!c->calls)
			continue;
		*l = (struct line){
			info ? info->name : "(unknown)", c->calls, c->calls - c->served, c->errors, c->total_ns,
			UINT64_MAX - c->below_max,       c->max_ns
		};
		if (!c->below_max) /* never came back */
			l->min_ns = 0;
		total->calls += l->calls;
		total->exits += l->exits;
		total->errors += l->errors;
		total->total_ns += l->total_ns;
		n++;
	}
	return n;
}

/* By time, then by count, then by name. */
static int compare(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->total_ns != y->total_ns)
		return x->total_ns < y->total_ns ? 1 : -1;
	if (x->calls != y->calls)
		return x->calls < y->calls ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void errors_column(struct hk_strbuf *b, uint64_t errors)
{
	if (errors)
		hk_strbuf_printf(b, "%9lu ", errors);
	else
		hk_strbuf_printf(b, "%9s ", "");
}

static void text_table(struct hk_strbuf *b, const struct line *lines, unsigned n, const struct line *total)
{
	static const char rule[] =
		"------ ----------- ----------- --------- --------- --------- --------- --------- ----------------\n";

	hk_strbuf_printf(
		b, "%% time     seconds  usecs/call       min       max     calls     exits    errors syscall\n%s",
		rule);
	for (unsigned i = 0; i < n; i++) {
		const struct line *l = &lines[i];
		double share = total->total_ns ? 100.0 * (double)l->total_ns / (double)total->total_ns : 0;

		hk_strbuf_printf(b, "%6.2f %11.6f %11.1f %9.1f %9.1f %9lu %9lu ", share, (double)l->total_ns / 1e9,
				 (double)l->total_ns / 1e3 / (double)l->calls, (double)l->min_ns / 1e3,
				 (double)l->max_ns / 1e3, l->calls, l->exits);
		errors_column(b, l->errors);
		hk_strbuf_printf(b, "%s\n", l->name);
	}
	hk_strbuf_printf(b, "%s%6.2f %11.6f %11.1f %9s %9s %9lu %9lu ", rule, 100.0, (double)total->total_ns / 1e9,
			 total->calls ? (double)total->total_ns / 1e3 / (double)total->calls : 0, "", "", total->calls,
			 total->exits);
	errors_column(b, total->errors);
	hk_strbuf_puts(b, "total\n");
}

static void text_rows(struct hk_strbuf *b, const struct stats_row *rows, size_t count)
{
	const char *group = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!group || strcmp(group, rows[i].group) != 0)
			hk_strbuf_printf(b, "\n%s\n", rows[i].group);
		group = rows[i].group;
		hk_strbuf_printf(b, "%18lu %s%s%s\n", rows[i].value, rows[i].unit ? rows[i].unit : "",
				 rows[i].unit ? "  " : "", rows[i].name);
	}
}

static void json_table(struct hk_strbuf *b, const struct line *lines, unsigned n)
{
	hk_strbuf_puts(b, "{\"syscalls\":[");
	for (unsigned i = 0; i < n; i++)
		hk_strbuf_printf(
			b,
			"%s{\"name\":\"%s\",\"calls\":%lu,\"exits\":%lu,\"errors\":%lu,\"total_ns\":%lu,\"min_ns\":%lu,"
			"\"max_ns\":%lu}",
			i ? "," : "", lines[i].name, lines[i].calls, lines[i].exits, lines[i].errors, lines[i].total_ns,
			lines[i].min_ns, lines[i].max_ns);
	hk_strbuf_puts(b, "]");
}

/* "exits":{"io":3,…},"memory":{…}: rows of a group must stand together, or the group comes twice. */
static void json_rows(struct hk_strbuf *b, const struct stats_row *rows, size_t count)
{
	const char *group = NULL;

	for (size_t i = 0; i < count; i++) {
		bool same = group && !strcmp(group, rows[i].group);

		hk_strbuf_puts(b, group && !same ? "}," : ",");
		if (!same) {
			json_string(b, rows[i].group, strlen(rows[i].group));
			hk_strbuf_puts(b, ":{");
		}
		group = rows[i].group;
		json_string(b, rows[i].name, strlen(rows[i].name));
		hk_strbuf_printf(b, ":%lu", rows[i].value);
	}
	hk_strbuf_puts(b, group ? "}}\n" : "}\n");
}

int stats_print(struct stats *s, int fd, bool json, const struct stats_row *rows, size_t count)
{
	struct hk_strbuf b = { 0 };
	struct line *lines = calloc(COUNTERS, sizeof(*lines));
	struct line total;
	unsigned n;
	int r = -ENOMEM;

	if (lines) {
		n = collect(s, lines, &total);
		qsort(lines, n, sizeof(*lines), compare);
		if (json) {
			json_table(&b, lines, n);
			json_rows(&b, rows, count);
		} else {
			text_table(&b, lines, n, &total);
			text_rows(&b, rows, count);
		}
		if (!b.cut)
			r = hk_write_all(fd, b.data, b.len);
	}
	free(lines);
	hk_strbuf_free(&b);
	return r;
}

int stats_print_profile(const struct stats *s, int fd)
{
	struct hk_strbuf b = { 0 };
	int r;

	hk_strbuf_puts(&b, "# husk run --learn\n*=n\n");
	for (unsigned slot = 0; slot < COUNTERS; slot++) {
		const struct hk_syscall_info *info = hk_syscall_at_slot(slot);

		if (info && s->by_slot[slot].calls)
			hk_strbuf_printf(&b, "%s=y\n", info->name);
	}
	r = b.cut ? -ENOMEM : hk_write_all(fd, b.data, b.len);
	hk_strbuf_free(&b);
	return r;
}
