/* SPDX-License-Identifier: Apache-2.0 */
/* The trace: from a call at enter and at leave to a line on the descriptor. Decoding is elsewhere; here are order, prefix, padding and output. */
#include "trace/trace.h"

#include "base/output.h"
#include "trace/decode.h"
#include "trace/filter.h"
#include "trace/json.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

/* strace's: results stand in this column if the call is short. */
#define RESULT_COLUMN 40
#define STRING_MAX    65536

/* A call between enter and leave. Kept for the next one when it is done. */
struct pending {
	struct pending *next;
	bool busy;
	struct hk_call call; /* a copy: the original may be gone if the call never comes back */
	struct dec dec;
	pid_t tid;
	uint64_t wall_ns, since_ns; /* time of day at enter; time since the call before */
	struct hk_strbuf before;    /* what was printed of the arguments at enter… */
	size_t before_end[6];       /* …and where each ends */
	bool omit[6];
	struct hk_strbuf args, aux, line, result;
	size_t arg_end[6];
};

struct trace {
	struct hk_trace_hook hook;
	struct trace_options opt;
	struct trace_filter filter;
	pthread_mutex_t lock; /* guards all, a pending's `busy` and last_ns */
	struct pending *all;
	uint64_t last_ns;
	uint64_t start_ns;
	bool many; /* lines say whose they are; set once, read without the lock */
};

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void put_line(struct trace *t, const char *p, size_t n)
{
	if (t->opt.kept_fd)
		fd_guard_hold(t->opt.guard);
	(void)hk_write_all(t->opt.kept_fd ? *t->opt.kept_fd : t->opt.fd, p, n);
	if (t->opt.kept_fd)
		fd_guard_release(t->opt.guard);
}

static struct pending *pending_take(struct trace *t, const struct hk_call *call)
{
	struct pending *p;

	pthread_mutex_lock(&t->lock);
	for (p = t->all; p && p->busy; p = p->next)
		;
	if (!p) {
		p = calloc(1, sizeof(*p));
		if (p) {
			p->before.max = p->args.max = p->aux.max = p->result.max = DEC_ARGS_MAX;
			p->line.max = DEC_LINE_MAX;
			p->next = t->all;
			t->all = p;
		}
	}
	if (p) {
		p->busy = true;
		p->call = *call;
		p->since_ns = t->last_ns ? call->began_ns - t->last_ns : 0;
		t->last_ns = call->began_ns;
	}
	pthread_mutex_unlock(&t->lock);
	return p;
}

static void pending_give_back(struct trace *t, struct pending *p)
{
	pthread_mutex_lock(&t->lock);
	p->busy = false;
	pthread_mutex_unlock(&t->lock);
}

static unsigned arg_count(const struct pending *p)
{
	return p->dec.info ? p->dec.info->nargs : 6;
}

/* Empty, but with memory, so that positions in it can be taken. */
static void restart(struct hk_strbuf *b)
{
	hk_strbuf_reset(b);
	hk_strbuf_puts(b, "");
}

/* What the arguments are before the call. */
static void decode_before(struct trace *t, struct pending *p)
{
	struct dec *d = &p->dec;

	memset(d, 0, sizeof(*d));
	d->call = &p->call;
	d->info = hk_syscall_info(p->call.nr);
	d->out = &p->before;
	d->aux = &p->aux;
	d->limit = t->opt.string;
	restart(&p->before);
	restart(&p->aux);
	for (unsigned i = 0; i < arg_count(p); i++) {
		d->omit = false;
		dec_arg(d, i);
		p->before_end[i] = p->before.len;
		p->omit[i] = d->omit;
	}
}

/* All arguments, each first as it was before and then as the call left it. `unfinished`: it has not come back. */
static void decode_after(struct pending *p, int64_t result, bool unfinished)
{
	struct dec *d = &p->dec;

	d->out = &p->args;
	d->leaving = true;
	d->result = result;
	restart(&p->args);
	for (unsigned i = 0; i < arg_count(p); i++) {
		size_t start = i ? p->before_end[i - 1] : 0;

		hk_strbuf_add(&p->args, p->before.data + start, p->before_end[i] - start);
		d->omit = p->omit[i];
		if (!unfinished && !d->omit)
			dec_arg(d, i);
		p->omit[i] = d->omit;
		p->arg_end[i] = p->args.len;
	}
	hk_strbuf_reset(&p->result);
	d->out = &p->result;
	if (unfinished)
		dec_puts(d, "?");
	else
		dec_result(d);
}

static void each_arg(struct pending *p, const char *between,
		     void (*fn)(struct hk_strbuf *line, const char *text, size_t len))
{
	bool first = true;

	for (unsigned i = 0; i < arg_count(p); i++) {
		size_t start = i ? p->arg_end[i - 1] : 0;

		if (p->omit[i])
			continue;
		if (!first)
			hk_strbuf_puts(&p->line, between);
		fn(&p->line, p->args.data + start, p->arg_end[i] - start);
		first = false;
	}
}

static void wall_clock(struct hk_strbuf *line, uint64_t ns)
{
	time_t sec = (time_t)(ns / 1000000000);
	struct tm tm;

	gmtime_r(&sec, &tm);
	hk_strbuf_printf(line, "%02d:%02d:%02d.%06lu ", tm.tm_hour, tm.tm_min, tm.tm_sec, ns % 1000000000 / 1000);
}

static void seconds(struct hk_strbuf *line, uint64_t ns)
{
	hk_strbuf_printf(line, "%6lu.%06lu ", ns / 1000000000, ns % 1000000000 / 1000);
}

/* As strace -f has it. */
static void whose(const struct trace *t, struct hk_strbuf *line, pid_t tid)
{
	if (__atomic_load_n(&t->many, __ATOMIC_RELAXED))
		hk_strbuf_printf(line, "[pid %5d] ", (int)tid);
}

static void text_line(struct trace *t, struct pending *p, const char *ending)
{
	const struct hk_call *call = &p->call;
	struct hk_strbuf *line = &p->line;
	size_t start;

	whose(t, line, p->tid);
	if (t->opt.time & TRACE_TIME_ABSOLUTE)
		wall_clock(line, p->wall_ns);
	if (t->opt.time & TRACE_TIME_RELATIVE)
		seconds(line, p->since_ns);
	if (t->opt.time & TRACE_TIME_SINCE_START)
		seconds(line, call->began_ns - t->start_ns);
	if (t->opt.show_rip)
		hk_strbuf_printf(line, "[%016lx] ", call->rip);
	start = line->len;
	if (p->dec.info)
		hk_strbuf_printf(line, "%s(", p->dec.info->name);
	else
		hk_strbuf_printf(line, "syscall_%#lx(", call->nr);
	each_arg(p, ", ", hk_strbuf_add);
	hk_strbuf_printf(line, "%s", ending);
	if (line->len - start < RESULT_COLUMN)
		hk_strbuf_printf(line, "%*s", (int)(RESULT_COLUMN - (line->len - start)), "");
	hk_strbuf_printf(line, "= %s", p->result.data ? p->result.data : "?");
	if (call->note)
		hk_strbuf_printf(line, " <husk: %s>", call->note);
	if (t->opt.show_where)
		hk_strbuf_printf(line, " <by %s>", call->served ? call->served : "exit");
}

static void json_line(struct pending *p, int64_t result, bool unfinished, uint64_t spent)
{
	const struct hk_call *call = &p->call;
	struct hk_strbuf *line = &p->line;
	const char *name = result < 0 && result > -4096 ? strerrorname_np((int)-result) : NULL;

	hk_strbuf_printf(line, "{\"t\":%lu.%06lu,\"tid\":%d,\"nr\":%lu,\"name\":\"%s\",\"args\":[",
			 p->wall_ns / 1000000000, p->wall_ns % 1000000000 / 1000, (int)p->tid, call->nr,
			 p->dec.info ? p->dec.info->name : "?");
	each_arg(p, ",", json_string);
	if (unfinished)
		hk_strbuf_puts(line, "],\"ret\":null");
	else
		hk_strbuf_printf(line, "],\"ret\":%ld", name ? -1 : result);
	if (name)
		hk_strbuf_printf(line, ",\"errno\":\"%s\"", name);
	if (!unfinished) {
		hk_strbuf_puts(line, ",\"result\":");
		json_string(line, p->result.data ? p->result.data : "", p->result.len);
		hk_strbuf_printf(line, ",\"us\":%.3f", (double)spent / 1000);
	}
	hk_strbuf_printf(line, ",\"rip\":\"0x%lx\",\"served\":\"%s\"", call->rip, call->served ? call->served : "exit");
	if (call->note) {
		hk_strbuf_puts(line, ",\"note\":");
		json_string(line, call->note, strlen(call->note));
	}
	hk_strbuf_puts(line, "}");
}

/* A line that grew too long, or for which there was no memory, says so instead of lying. */
static void emit(struct trace *t, struct pending *p)
{
	static const char lost[] = "{\"error\":\"a line too long was left out\"}\n";
	static const char lost_text[] = "<husk: a line too long was left out>\n";

	hk_strbuf_add(&p->line, "\n", 1);
	if (!p->line.cut && !p->args.cut && !p->before.cut)
		put_line(t, p->line.data, p->line.len);
	else if (t->opt.json)
		put_line(t, lost, sizeof(lost) - 1);
	else
		put_line(t, lost_text, sizeof(lost_text) - 1);
}

static void show(struct trace *t, struct pending *p, int64_t result, const char *unfinished)
{
	uint64_t spent = now(CLOCK_MONOTONIC) - p->call.began_ns;

	decode_after(p, result, unfinished);
	hk_strbuf_reset(&p->line);
	if (t->opt.json) {
		json_line(p, result, unfinished, spent);
	} else {
		text_line(t, p, unfinished ? unfinished : ") ");
		if (t->opt.time & TRACE_TIME_DURATION && !unfinished)
			hk_strbuf_printf(&p->line, " <%lu.%06lu>", spent / 1000000000, spent % 1000000000 / 1000);
	}
	emit(t, p);
}

static void trace_enter(void *ctx, struct hk_call *call)
{
	struct trace *t = ctx;
	struct pending *p;

	call->pending = NULL;
	if (!filter_shows(&t->filter, call->nr))
		return;
	call->began_ns = now(CLOCK_MONOTONIC);
	p = pending_take(t, call);
	if (!p)
		return;
	p->tid = gettid();
	p->wall_ns = t->opt.json || t->opt.time & TRACE_TIME_ABSOLUTE ? now(CLOCK_REALTIME) : 0;
	decode_before(t, p);
	p->call.began_ns = now(CLOCK_MONOTONIC); /* decoding is not the call's time */
	if (dec_noreturn(call)) {
		show(t, p, 0, ") ");
		pending_give_back(t, p);
	} else {
		call->pending = p;
	}
}

static void trace_leave(void *ctx, struct hk_call *call, int64_t result)
{
	struct trace *t = ctx;
	struct pending *p = call->pending;

	if (!p)
		return;
	call->pending = NULL;
	p->call.note = call->note;
	p->call.served = call->served;
	show(t, p, result, NULL);
	pending_give_back(t, p);
}

struct trace *trace_create(const struct trace_options *opt, struct hk_err *err)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (!t) {
		hk_err_set(err, -ENOMEM, "trace: no memory");
		return NULL;
	}
	t->opt = *opt;
	t->start_ns = now(CLOCK_MONOTONIC);
	t->opt.filter = NULL; /* not ours to keep */
	t->opt.string = opt->string ? (unsigned)hk_min(opt->string, STRING_MAX) : 32;
	if (filter_parse(&t->filter, opt->filter, err)) {
		free(t);
		return NULL;
	}
	pthread_mutex_init(&t->lock, NULL);
	t->hook = (struct hk_trace_hook){ .ctx = t, .enter = trace_enter, .leave = trace_leave };
	return t;
}

static void pending_free(struct pending *p)
{
	hk_strbuf_free(&p->before);
	hk_strbuf_free(&p->args);
	hk_strbuf_free(&p->aux);
	hk_strbuf_free(&p->line);
	hk_strbuf_free(&p->result);
	free(p);
}

void trace_free(struct trace *t)
{
	struct pending *p;

	if (!t)
		return;
	while ((p = t->all)) {
		t->all = p->next;
		if (p->busy)
			show(t, p, 0, " <unfinished ...>) ");
		pending_free(p);
	}
	pthread_mutex_destroy(&t->lock);
	free(t);
}

void trace_many(struct trace *t)
{
	if (t)
		__atomic_store_n(&t->many, true, __ATOMIC_RELAXED);
}

struct hk_trace_hook *trace_hook(struct trace *t)
{
	return &t->hook;
}

/* A line that is about no call. */
static void event(struct trace *t, const char *kind, const char *before, const char *text, const char *after)
{
	struct hk_strbuf b = { .max = DEC_LINE_MAX };
	uint64_t ns = now(CLOCK_REALTIME);

	if (t->opt.json) {
		hk_strbuf_printf(&b, "{\"t\":%lu.%06lu,\"tid\":%d,\"event\":\"%s\",\"text\":", ns / 1000000000,
				 ns % 1000000000 / 1000, (int)gettid(), kind);
		json_string(&b, text, strlen(text));
		hk_strbuf_puts(&b, "}\n");
	} else {
		whose(t, &b, gettid());
		if (t->opt.time & TRACE_TIME_ABSOLUTE)
			wall_clock(&b, ns);
		hk_strbuf_printf(&b, "%s%s%s\n", before, text, after);
	}
	if (b.data)
		put_line(t, b.data, b.len);
	hk_strbuf_free(&b);
}

void trace_signal(struct trace *t, const siginfo_t *si)
{
	struct hk_strbuf text = { .max = 4096 };
	struct dec d = { .out = &text, .limit = 32 };

	if (!t)
		return;
	dec_signal(&d, (uint32_t)si->si_signo);
	dec_puts(&d, " ");
	dec_siginfo_local(&d, si);
	event(t, "signal", "--- ", text.data ? text.data : "?", " ---");
	hk_strbuf_free(&text);
}

void trace_exited(struct trace *t, int code, int sig)
{
	const char *name = dec_signal_name((uint32_t)sig);
	char text[64];

	if (!t)
		return;
	if (name)
		snprintf(text, sizeof(text), "killed by SIG%s", name);
	else if (sig)
		snprintf(text, sizeof(text), "killed by signal %d", sig);
	else
		snprintf(text, sizeof(text), "exited with %d", code & 0xff);
	event(t, "end", "+++ ", text, " +++");
}

void trace_lock(struct trace *t)
{
	if (t)
		pthread_mutex_lock(&t->lock);
}

void trace_unlock(struct trace *t)
{
	if (t)
		pthread_mutex_unlock(&t->lock);
}

void trace_forked(struct trace *t, struct hk_call *call)
{
	if (!t)
		return;
	for (struct pending *p = t->all; p; p = p->next)
		p->busy = false;
	call->pending = NULL;
	pthread_mutex_unlock(&t->lock);
}

static void pair_enter(void *ctx, struct hk_call *call)
{
	struct trace_pair *pair = ctx;

	pair->first->enter(pair->first->ctx, call);
	pair->second->enter(pair->second->ctx, call);
}

static void pair_leave(void *ctx, struct hk_call *call, int64_t result)
{
	struct trace_pair *pair = ctx;

	pair->second->leave(pair->second->ctx, call, result);
	pair->first->leave(pair->first->ctx, call, result);
}

void trace_pair_init(struct trace_pair *pair, struct hk_trace_hook *first, struct hk_trace_hook *second)
{
	pair->hook = (struct hk_trace_hook){ .ctx = pair, .enter = pair_enter, .leave = pair_leave };
	pair->first = first;
	pair->second = second;
}
