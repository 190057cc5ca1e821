/* SPDX-License-Identifier: Apache-2.0 */
/* husk run: options into a struct monitor_options. The table below is the one place that knows them; help, man page and completion
 * follow it (tools/check-options compares). */
#include "base/units.h"
#include "cli/cli.h"
#include "monitor/monitor.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum option_id {
	OPT_HELP = 256,
	OPT_ENV,
	OPT_CLEAR_ENV,
	OPT_CWD,
	OPT_MEM,
	OPT_TIMEOUT,
	OPT_NO_ASLR,
	OPT_SYSCALLS,
	OPT_CLASSIC_NUMBERS,
	OPT_STATS,
	OPT_TRACE,
	OPT_TRACE_FORMAT,
	OPT_TRACE_FILTER,
	OPT_TRACE_IP,
	OPT_TRACE_WHERE,
	OPT_TRACE_TIME,
	OPT_TRACE_STRING,
};

static const struct {
	const char *name, *arg;
	int has_arg;
	enum option_id id;
	const char *help;
} options[] = {
	{ "env", "K=V", required_argument, OPT_ENV,
	  "set a variable in the program's environment (K alone: take it out); repeatable" },
	{ "clear-env", NULL, no_argument, OPT_CLEAR_ENV, "start from an empty environment" },
	{ "cwd", "DIR", required_argument, OPT_CWD, "run in this directory" },
	{ "mem", "SIZE", required_argument, OPT_MEM,
	  "the most memory the program may have (512M, 2G…); more gives it ENOMEM" },
	{ "timeout", "TIME", required_argument, OPT_TIMEOUT,
	  "end the program after this wall-clock time (1.5, 200ms, 5m…), exit status 124" },
	{ "no-aslr", NULL, no_argument, OPT_NO_ASLR,
	  "put stack, heap, libraries and program at the same addresses each time" },
	{ "syscalls", "FILE", required_argument, OPT_SYSCALLS,
	  "serve only the system calls that this profile allows (husk syscalls writes one)" },
	{ "classic-numbers", NULL, no_argument, OPT_CLASSIC_NUMBERS,
	  "serve make_vcpu, get_ptree and mapspages as 333, 449 and 450 too" },
	{ "trace", "FILE", optional_argument, OPT_TRACE,
	  "print each system call like strace, on standard error or to FILE" },
	{ "trace-filter", "LIST", required_argument, OPT_TRACE_FILTER,
	  "only these calls or classes (file,write,!mmap); implies --trace" },
	{ "trace-format", "FORMAT", required_argument, OPT_TRACE_FORMAT,
	  "text or json (one object a line); -f for short" },
	{ "trace-time", "KIND", required_argument, OPT_TRACE_TIME,
	  "with each line: absolute, relative, since-start or spent" },
	{ "trace-ip", NULL, no_argument, OPT_TRACE_IP, "with each line: the instruction pointer" },
	{ "trace-where", NULL, no_argument, OPT_TRACE_WHERE, "with each line: where the call was served" },
	{ "trace-string", "N", required_argument, OPT_TRACE_STRING, "cut strings after N characters (32)" },
	{ "stats", NULL, no_argument, OPT_STATS, "end with a table: calls, errors, time, exits, page tables, memory" },
	{ "help", NULL, no_argument, OPT_HELP, "this text" },
};

struct env {
	char **v;
	size_t n, cap;
};

static int help(void)
{
	puts("usage: husk run [OPTIONS] [--] PROGRAM [ARGS…]\n"
	     "Run PROGRAM, a Linux x86-64 program or a script, in its own virtual machine.\n");
	for (size_t i = 0; i < HK_ARRAY_LEN(options); i++) {
		char left[40];

		snprintf(left, sizeof(left),
			 options[i].has_arg == optional_argument ? "--%s[=%s]"
			 : options[i].arg                        ? "--%s %s"
								 : "--%s",
			 options[i].name, options[i].arg);
		printf("  %-22s %s\n", left, options[i].help);
	}
	puts("\nWithout --root and the like (not yet there) the program sees the host's files with your own rights.\n"
	     "Exit status: the program's own; 124 ended by --timeout, 125 husk itself failed, 126 PROGRAM cannot be "
	     "executed,\n"
	     "127 it was not found, 128+N it was ended by signal N.");
	return 0;
}

/* ---- the environment ---- */

static bool env_add(struct env *e, char *kv)
{
	if (e->n + 1 >= e->cap) {
		size_t cap = e->cap ? e->cap * 2 : 64;
		char **v = realloc(e->v, cap * sizeof(*v));

		if (!v)
			return false;
		e->v = v;
		e->cap = cap;
	}
	e->v[e->n++] = kv;
	e->v[e->n] = NULL;
	return true;
}

/* Set K=V, or take K out. */
static bool env_set(struct env *e, char *kv)
{
	size_t key = strcspn(kv, "=");

	for (size_t i = 0; i < e->n; i++) {
		if (strncmp(e->v[i], kv, key) || e->v[i][key] != '=')
			continue;
		if (kv[key]) {
			e->v[i] = kv;
		} else {
			e->v[i] = e->v[--e->n];
			e->v[e->n] = NULL;
		}
		return true;
	}
	return !kv[key] || env_add(e, kv);
}

static bool env_inherit(struct env *e)
{
	for (char **p = environ; *p; p++)
		if (!env_add(e, *p))
			return false;
	return true;
}

/* ---- options ---- */

static int bad(const char *option, const char *value, const char *want)
{
	return cli_fail(HUSK_EXIT_FAILURE, "--%s %s: %s", option, value, want);
}

static int set_trace_time(struct monitor_options *o, const char *value)
{
	static const char *const kinds[] = { "none", "absolute", "relative", "since-start", "spent" };

	for (size_t i = 0; i < HK_ARRAY_LEN(kinds); i++)
		if (!strcmp(value, kinds[i])) {
			o->trace_time = i ? o->trace_time | 1 << (i - 1) : 0; /* bits in the order of enum trace_time */
			o->trace = true;
			return 0;
		}
	return bad("trace-time", value, "not one of absolute, relative, since-start, spent");
}

static int set_trace_format(struct monitor_options *o, const char *value)
{
	if (strcmp(value, "text") && strcmp(value, "json"))
		return bad("trace-format", value, "not text or json");
	o->trace = true;
	o->trace_json = value[0] == 'j';
	return 0;
}

static int set_trace_string(struct monitor_options *o, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (*end || end == value || n < 1 || n > 65536)
		return bad("trace-string", value, "not a number from 1 to 65536");
	o->trace_string = (unsigned)n;
	return 0;
}

/* One option; 0, or the exit status of a failure. The environment is collected apart, since --clear-env may come after --env. */
static int set_option(struct monitor_options *o, struct env *sets, bool *clear, int id, char *value)
{
	switch (id) {
	case OPT_ENV:
		if (value[0] == '=' || !value[0])
			return bad("env", value, "not of the form NAME=VALUE");
		return env_add(sets, value) ? 0 : cli_fail(HUSK_EXIT_FAILURE, "out of memory");
	case OPT_CLEAR_ENV:
		*clear = true;
		return 0;
	case OPT_CWD:
		o->cwd = value;
		return 0;
	case OPT_MEM:
		return hk_parse_size(value, &o->mem) || !o->mem ? bad("mem", value, "not a size such as 512M or 2G")
								: 0;
	case OPT_TIMEOUT:
		return hk_parse_duration(value, &o->timeout_ns) || !o->timeout_ns
			       ? bad("timeout", value, "not a duration such as 1.5, 200ms or 5m")
			       : 0;
	case OPT_NO_ASLR:
		o->aslr = false;
		return 0;
	case OPT_SYSCALLS:
		o->profile = value;
		return 0;
	case OPT_CLASSIC_NUMBERS:
		o->classic_numbers = true;
		return 0;
	case OPT_STATS:
		o->stats = true;
		return 0;
	case OPT_TRACE:
		o->trace = true;
		o->trace_file = value;
		return 0;
	case OPT_TRACE_FILTER:
		o->trace = true;
		o->trace_filter = value;
		return 0;
	case 'f':
	case OPT_TRACE_FORMAT:
		return set_trace_format(o, value);
	case OPT_TRACE_TIME:
		return set_trace_time(o, value);
	case OPT_TRACE_STRING:
		return set_trace_string(o, value);
	case OPT_TRACE_IP:
		o->trace = o->trace_rip = true;
		return 0;
	case OPT_TRACE_WHERE:
		o->trace = o->trace_where = true;
		return 0;
	default:
		return 0;
	}
}

static int unknown(char **argv, int c)
{
	const char *word = argv[optind - 1];

	if (c == ':')
		return cli_fail(HUSK_EXIT_FAILURE, "%s needs a value; see husk run --help", word);
	if (optopt && optopt < 256)
		return cli_fail(HUSK_EXIT_FAILURE, "unknown option -%c; see husk run --help", optopt);
	return cli_fail(HUSK_EXIT_FAILURE, "unknown or ill-used option %s; see husk run --help", word);
}

/* Parse up to the program's name. 0, or -1 with *status for an end here and now. */
static int parse(int argc, char **argv, struct monitor_options *o, struct env *sets, bool *clear, int *status)
{
	struct option longs[HK_ARRAY_LEN(options) + 1] = { 0 };
	int c;

	for (size_t i = 0; i < HK_ARRAY_LEN(options); i++)
		longs[i] = (struct option){ options[i].name, options[i].has_arg, NULL, (int)options[i].id };
	opterr = 0;
	/* '+': stop at the program's name, its options are its own. */
	while ((c = getopt_long(argc, argv, "+:f:h", longs, NULL)) != -1) {
		if (c == '?' || c == ':') {
			*status = unknown(argv, c);
			return -1;
		}
		if (c == OPT_HELP || c == 'h') {
			*status = help();
			return -1;
		}
		*status = set_option(o, sets, clear, c, optarg);
		if (*status)
			return -1;
	}
	if (optind >= argc) {
		*status = cli_fail(HUSK_EXIT_FAILURE, "no program given; try husk run -- ls");
		return -1;
	}
	o->argv = argv + optind;
	return 0;
}

int cmd_run(int argc, char **argv)
{
	struct monitor_options o = { .aslr = true };
	struct env sets = { 0 }, env = { 0 };
	struct hk_err err = { 0 };
	bool clear = false, ok;
	int status;

	if (parse(argc, argv, &o, &sets, &clear, &status))
		return status;
	ok = clear || env_inherit(&env);
	for (size_t i = 0; ok && i < sets.n; i++)
		ok = env_set(&env, sets.v[i]);
	/* Even an empty environment is an array. */
	if (!ok || (!env.v && !env_add(&env, NULL)))
		return cli_fail(HUSK_EXIT_FAILURE, "out of memory");
	o.envp = env.v;
	status = monitor_run(&o, &err);
	free(env.v);
	free(sets.v);
	return err.code ? cli_fail(status, "%s", err.text) : status;
}
