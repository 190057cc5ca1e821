/* SPDX-License-Identifier: Apache-2.0 */
/* husk inspect: what is inside a virtual machine, at a chosen point of a program's run. The options of husk run may stand before the program. */
#include "base/compiler.h"
#include "cli/cli.h"
#include "cli/run_options.h"
#include "inspect/inspect.h"
#include "service/ask.h"
#include "syscalls/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
	struct inspect_options ask;
	const char *svg;
	unsigned pid; /* of a process or thread that runs already; 0: none */
	bool has_point;
};

static int help(void)
{
	puts("usage: husk inspect [OPTIONS] [RUN-OPTIONS] [--] PROGRAM [ARGS…]\n"
	     "       husk inspect translate ADDRESS… [OPTIONS] [RUN-OPTIONS] -- PROGRAM [ARGS…]\n"
	     "       husk inspect [OPTIONS] PID\n"
	     "       husk inspect translate ADDRESS… [OPTIONS] --pid PID\n"
	     "Run PROGRAM up to a point and show its virtual machine: memory and slots, what is where, the page "
	     "tables, the\n"
	     "vCPUs with their registers. With translate: how each ADDRESS becomes one of the host's memory, step by "
	     "step.\n"
	     "The program does not run on. Its output goes to standard error, the answer to standard output.\n"
	     "With PID, a process or a thread of a sandbox of yours as husk ps shows it: what is there now. That runs "
	     "on.\n\n"
	     "  --at POINT   entry (the default: before its first instruction), exit, syscall:NAME[:N] (before the Nth "
	     "call),\n"
	     "               or an address at which it is to stop; +OFFSET counts from where its file is mapped\n"
	     "  --svg FILE   draw a picture, too\n"
	     "  --pid PID    the same as PID\n"
	     "  --json       one JSON object instead of the text\n"
	     "  --help       this text\n\n"
	     "An ADDRESS is a number, rip, rsp, entry, or the kind of a region: image, heap, stack, library, vdso, "
	     "vvar, stubs,\n"
	     "cpu, ring. RUN-OPTIONS are those of husk run, after the options above.");
	return 0;
}

static int bad_point(const char *value)
{
	return cli_fail(HUSK_EXIT_FAILURE, "--at %s: not entry, exit, syscall:NAME[:N], an address or +OFFSET", value);
}

/* NAME or NAME:N. */
static int take_call(struct inspect_options *o, const char *value, const char *text)
{
	const char *colon = strchr(text, ':');
	char name[32], *end;
	const struct hk_syscall_info *call;

	snprintf(name, sizeof(name), "%.*s", (int)(colon ? (size_t)(colon - text) : strlen(text)), text);
	call = hk_syscall_by_name(name);
	if (!call)
		return cli_fail(HUSK_EXIT_FAILURE, "--at %s: there is no system call %s; see husk syscalls", value,
				name);
	o->when = INSPECT_CALL;
	o->nr = call->nr;
	o->count = 1;
	if (!colon)
		return 0;
	errno = 0;
	o->count = (unsigned)strtoul(colon + 1, &end, 10);
	return errno || *end || end == colon + 1 || !o->count ? bad_point(value) : 0;
}

static int take_point(struct inspect_options *o, const char *value)
{
	char *end;

	if (!strcmp(value, "entry") || !strcmp(value, "exit")) {
		o->when = value[1] == 'n' ? INSPECT_ENTRY : INSPECT_EXIT;
		return 0;
	}
	if (!strncmp(value, "syscall:", 8))
		return take_call(o, value, value + 8);
	o->when = INSPECT_ADDRESS;
	o->relative = value[0] == '+';
	errno = 0;
	o->address = strtoul(value + o->relative, &end, 0);
	return errno || *end || end == value + o->relative || value[o->relative] == '-' ? bad_point(value) : 0;
}

/* One of this command's own options at argv[*i]; *i is moved behind it. 0, an exit status, or -1: it is none. */
static int take_option(struct request *q, char **argv, int *i)
{
	static const char *const names[] = { "--at", "--svg", "--pid" };
	const char *word = argv[*i], *value = NULL;

	if (!strcmp(word, "--json")) {
		q->ask.json = true;
		++*i;
		return 0;
	}
	for (size_t k = 0; k < HK_ARRAY_LEN(names); k++) {
		size_t n = strlen(names[k]);

		if (strncmp(word, names[k], n) || (word[n] && word[n] != '='))
			continue;
		value = word[n] ? word + n + 1 : argv[++*i];
		if (!value || !*value)
			return cli_fail(HUSK_EXIT_FAILURE, "%s needs a value; see husk inspect --help", names[k]);
		++*i;
		if (k == 2)
			return cli_number(&q->pid, "pid", value, 1, 1u << 22);
		q->has_point |= k == 0;
		if (k == 0)
			return take_point(&q->ask, value);
		q->svg = value;
		q->ask.svg = true;
		return 0;
	}
	return -1;
}

/* The addresses of translate. 0 or an exit status. */
static int take_places(struct inspect_options *o, char **argv, int *i)
{
	for (; argv[*i] && argv[*i][0] != '-'; ++*i) {
		if (o->places == INSPECT_PLACES || strlen(argv[*i]) >= INSPECT_PLACE)
			return cli_fail(HUSK_EXIT_FAILURE,
					"translate takes at most %d addresses, of at most %d characters",
					INSPECT_PLACES, INSPECT_PLACE - 1);
		strcpy(o->place[o->places++], argv[*i]);
	}
	return o->places ? 0 : cli_fail(HUSK_EXIT_FAILURE, "translate needs an address; see husk inspect --help");
}

/* ---- a process that runs already ---- */

static int ask(const struct request *q, bool svg, FILE *to)
{
	struct query_ask ask = { .json = q->ask.json, .svg = svg, .places = q->ask.places };
	struct hk_err err = { 0 };
	char *text = NULL;
	size_t size;
	/* Whole first: the thread waits until it has been read. */
	FILE *memory = open_memstream(&text, &size);
	int r;

	_Static_assert(sizeof(ask.place) == sizeof(q->ask.place), "the same places");
	memcpy(ask.place, q->ask.place, sizeof(ask.place));
	if (!memory)
		return cli_fail(HUSK_EXIT_FAILURE, "out of memory");
	r = ask_thread((pid_t)q->pid, &ask, memory, &err);
	if (fclose(memory) && r == 0)
		r = hk_err_set(&err, -ENOMEM, "out of memory");
	if (r == 0 && (fwrite(text, 1, size, to) != size || fflush(to)))
		r = hk_err_set(&err, -EIO, "cannot write what was answered");
	free(text);
	return r ? cli_fail(HUSK_EXIT_FAILURE, "%s", err.text) : 0;
}

static int inspect_running(const struct request *q)
{
	FILE *svg;
	int r;

	if (q->has_point)
		return cli_fail(HUSK_EXIT_FAILURE, "--at is for a program that is started, not for one that runs");
	r = ask(q, false, stdout);
	if (r || !q->svg)
		return r;
	svg = fopen(q->svg, "we");
	if (!svg)
		return cli_fail(HUSK_EXIT_FAILURE, "cannot open %s: %s", q->svg, strerror(errno));
	r = ask(q, true, svg);
	fclose(svg);
	return r;
}

/* A number alone is no program. */
static bool is_number(const char *word)
{
	return *word && word[strspn(word, "0123456789")] == '\0';
}

int cmd_inspect(int argc, char **argv)
{
	struct request q = { .ask = { .when = INSPECT_ENTRY } };
	int i = 1, r = 0;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return help();
	if (argc > 1 && !strcmp(argv[1], "translate")) {
		i = 2;
		r = take_places(&q.ask, argv, &i);
	}
	while (r == 0 && i < argc && argv[i][0] == '-' && strcmp(argv[i], "--"))
		r = take_option(&q, argv, &i);
	if (r > 0)
		return r;
	if (!q.pid && i == argc - 1 && is_number(argv[i])) {
		r = cli_number(&q.pid, "pid", argv[i++], 1, 1u << 22);
		if (r)
			return r;
	}
	if (q.pid && i < argc)
		return cli_fail(HUSK_EXIT_FAILURE, "either --pid or a program; see husk inspect --help");
	if (q.pid)
		return inspect_running(&q);
	/* What is left is husk run's to read, which finds its command's name before it. */
	argv[i - 1] = argv[0];
	return run_program(argc - i + 1, argv + i - 1, &q.ask, q.svg);
}
