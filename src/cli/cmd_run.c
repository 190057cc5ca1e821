/* SPDX-License-Identifier: Apache-2.0 */
/* husk run: options into a struct monitor_options. The table below is the one place that knows them; help, man page and completion
 * follow it (tools/check-options compares). */
#include "base/units.h"
#include "cli/cli.h"
#include "cli/run_options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

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
	{ "pids", "N", required_argument, OPT_PIDS, "the most processes and threads at once; more gives EAGAIN" },
	{ "timeout", "TIME", required_argument, OPT_TIMEOUT,
	  "end the program after this wall-clock time (1.5, 200ms, 5m…), exit status 124" },
	{ "cpu-time", "TIME", required_argument, OPT_CPU_TIME,
	  "end the program when its processes have used so much CPU time together, exit status 124" },
	{ "cpus", "N", required_argument, OPT_CPUS, "run on so many processors, no more" },
	{ "files", "N", required_argument, OPT_FILES, "the most descriptors of a process; more gives EMFILE" },
	{ "fsize", "SIZE", required_argument, OPT_FSIZE,
	  "the largest file that may be written; more gives SIGXFSZ or EFBIG" },
	{ "net", "MODE", required_argument, OPT_NET,
	  "none (the default: only its own loopback), or host: the host's network" },
	{ "allow-connect", "CIDR[:PORT]", required_argument, OPT_ALLOW_CONNECT,
	  "with --net host, only what such lists name: where to connect to; repeatable" },
	{ "allow-listen", "ADDR[:PORT]", required_argument, OPT_ALLOW_LISTEN, "likewise, where to listen; repeatable" },
	{ "root", "DIR", required_argument, OPT_ROOT, "the program's root directory (the host's, read-only)" },
	{ "ro", "SRC[:DST]", required_argument, OPT_RO, "show this file or directory, read-only; repeatable" },
	{ "rw", "SRC[:DST]", required_argument, OPT_RW, "show it, to be written to; repeatable" },
	{ "tmpfs", "DST[:SIZE]", required_argument, OPT_TMPFS, "an empty directory of its own; repeatable" },
	{ "overlay", "DIR", optional_argument, OPT_OVERLAY,
	  "let it write below the root, into a layer that is kept in DIR or forgotten" },
	{ "read-only", NULL, no_argument, OPT_READ_ONLY, "with --root: nothing below it can be written" },
	{ "hostname", "NAME", required_argument, OPT_HOSTNAME, "the sandbox's host name (husk)" },
	{ "name", "NAME", required_argument, OPT_NAME, "what husk ps and husk stop call the sandbox (its number)" },
	{ "pidfile", "FILE", required_argument, OPT_PIDFILE, "write husk's process number there while it runs" },
	{ "detach", NULL, no_argument, OPT_DETACH,
	  "print the sandbox's id and end, once the program runs; it goes on, see husk ps, log, wait, stop" },
	{ "output", "FILE", required_argument, OPT_OUTPUT,
	  "with --detach: append the program's output and errors to FILE (/dev/null)" },
	{ "ready-when-listening", "PORT", required_argument, OPT_READY,
	  "with --detach: end only when somebody in the sandbox listens on this TCP port" },
	{ "user", "UID[:GID]", required_argument, OPT_USER, "who the program is (you; nobody if you are root)" },
	{ "deny", "LIST", required_argument, OPT_DENY,
	  "refuse these system calls or classes (mount,network); repeatable" },
	{ "allow-only", "LIST", required_argument, OPT_ALLOW_ONLY,
	  "refuse all but these and the ending of the process" },
	{ "deny-action", "WHAT", required_argument, OPT_DENY_ACTION,
	  "what a refusal is: errno (EPERM), enosys, kill, or log, which only tells" },
	{ "profile", "FILE", required_argument, OPT_PROFILE, "take such lists from a file; see the manual page" },
	{ "unconfined", NULL, no_argument, OPT_UNCONFINED,
	  "no sandbox: your own files, processes, network and rights" },
	{ "show-cage", NULL, no_argument, OPT_SHOW_CAGE, "print what confines the program, and why, and end" },
	{ "no-aslr", NULL, no_argument, OPT_NO_ASLR,
	  "put stack, heap, libraries and program at the same addresses each time" },
	{ "learn", "FILE", required_argument, OPT_LEARN,
	  "write the system calls that were made to FILE, for --profile; - is standard error" },
	{ "classic-numbers", NULL, no_argument, OPT_CLASSIC_NUMBERS,
	  "serve make_vcpu, get_ptree and mapspages, calls of courses, as 333, 449 and 450 too" },
	{ "no-patch", NULL, no_argument, OPT_NO_PATCH,
	  "leave the program's code alone: every system call leaves the virtual machine" },
	{ "patch-after", "N", required_argument, OPT_PATCH_AFTER,
	  "replace a SYSCALL instruction by a jump when it has left the virtual machine N times (4 or 16)" },
	{ "io", "ROAD", required_argument, OPT_IO,
	  "how reads, writes and the like are made: exit, server (a polling thread) or auto, as it pays" },
	{ "trace", "FILE", optional_argument, OPT_TRACE,
	  "print each system call like strace, on standard error or to FILE (%p in it: one file a process)" },
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
	{ "profile-cpu", "FILE", optional_argument, OPT_PROFILE_CPU,
	  "end with the functions that took CPU time; to FILE: the stacks, folded, for flame graphs" },
	{ "report", "FILE", required_argument, OPT_REPORT,
	  "if a process must be ended: why, registers, its last system calls, mappings, to FILE" },
	{ "help", NULL, no_argument, OPT_HELP, "this text" },
};

/* With less, programs would not start: what a monitor leaves to its successor at execve, and files of /proc, are files to the host. */
#define FSIZE_LEAST (4UL << 20)

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
	puts("\nThe program sees the host's files read-only, but for homes, /tmp, /run and devices: those are its own "
	     "and empty. It sees the\n"
	     "directory it is started in, no other process, and no network.\n"
	     "Exit status: the program's own; 124 ended by --timeout or --cpu-time, 125 husk itself failed, 126 "
	     "PROGRAM cannot be "
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

static const char *env_get(const struct env *e, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < e->n && e->v[i]; i++)
		if (!strncmp(e->v[i], name, n) && e->v[i][n] == '=')
			return e->v[i] + n + 1;
	return NULL;
}

static bool env_inherit(struct env *e)
{
	for (char **p = environ; *p; p++)
		if (!env_add(e, *p))
			return false;
	return true;
}

/* ---- options ---- */

static int set_trace_time(struct monitor_options *o, const char *value)
{
	static const char *const kinds[] = { "none", "absolute", "relative", "since-start", "spent" };

	for (size_t i = 0; i < HK_ARRAY_LEN(kinds); i++)
		if (!strcmp(value, kinds[i])) {
			o->trace_time = i ? o->trace_time | 1 << (i - 1) : 0; /* bits in the order of enum trace_time */
			o->trace = true;
			return 0;
		}
	return cli_bad("trace-time", value, "not one of absolute, relative, since-start, spent");
}

static int set_io(struct monitor_options *o, const char *value)
{
	static const char *const roads[] = {
		[MONITOR_IO_AUTO] = "auto", [MONITOR_IO_EXIT] = "exit", [MONITOR_IO_SERVER] = "server"
	};

	for (size_t i = 0; i < HK_ARRAY_LEN(roads); i++)
		if (!strcmp(value, roads[i])) {
			o->io = (enum monitor_io)i;
			return 0;
		}
	return cli_bad("io", value, "not one of exit, server, auto");
}

static int set_trace_format(struct monitor_options *o, const char *value)
{
	if (strcmp(value, "text") && strcmp(value, "json"))
		return cli_bad("trace-format", value, "not text or json");
	o->trace = true;
	o->trace_json = value[0] == 'j';
	return 0;
}

int cli_number(unsigned *to, const char *option, const char *value, unsigned least, unsigned most)
{
	char *end, want[60];
	unsigned long n = strtoul(value, &end, 10);

	snprintf(want, sizeof(want), "not a number from %u to %u", least, most);
	if (*end || end == value || n < least || n > most)
		return cli_bad(option, value, want);
	*to = (unsigned)n;
	return 0;
}

/* The first so many of those that husk may use. */
static int set_cpus(cpu_set_t *cpus, const char *value)
{
	unsigned most = 0, left = 0;
	int r;

	if (sched_getaffinity(0, sizeof(*cpus), cpus))
		return cli_bad("cpus", value, strerror(errno));
	most = (unsigned)CPU_COUNT(cpus);
	r = cli_number(&left, "cpus", value, 1, most);
	for (unsigned i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, cpus) && left)
			left--;
		else
			CPU_CLR(i, cpus);
	return r;
}

static int set_net(struct monitor_options *o, const char *value)
{
	if (strcmp(value, "none") && strcmp(value, "host"))
		return cli_bad("net", value, "not none or host");
	o->net.mode = value[0] == 'h' ? NET_HOST : NET_NONE;
	return 0;
}

static int allow(struct monitor_options *o, enum net_use use, const char *value)
{
	const char *option = use == NET_CONNECT ? "allow-connect" : "allow-listen";

	switch (net_policy_allow(&o->net, use, value)) {
	case 0:
		return 0;
	case -ENOSPC:
		return cli_bad(option, value, "one too many; use wider prefixes");
	default:
		return cli_bad(option, value,
			       "not an address such as 10.0.0.0/8:443, [fd00::/8]:80-90, 127.0.0.1 or :80");
	}
}

/* What is collected until the last option is seen. */
struct collected {
	struct env sets; /* --env */
	bool clear_env;
	bool net; /* --net was given */
	struct sandbox_args sandbox;
	struct service_args service;
};

/* One option; 0, or the exit status of a failure. The environment is collected apart, since --clear-env may come after --env. */
static int set_option(struct monitor_options *o, struct collected *c, int id, char *value)
{
	int r;

	switch (id) {
	case OPT_ENV:
		if (value[0] == '=' || !value[0])
			return cli_bad("env", value, "not of the form NAME=VALUE");
		return env_add(&c->sets, value) ? 0 : cli_fail(HUSK_EXIT_FAILURE, "out of memory");
	case OPT_CLEAR_ENV:
		c->clear_env = true;
		return 0;
	case OPT_CWD:
		o->cwd = value;
		return 0;
	case OPT_MEM:
		return hk_parse_size(value, &o->mem) || !o->mem ? cli_bad("mem", value, "not a size such as 512M or 2G")
								: 0;
	case OPT_PIDS:
		return cli_number(&o->pids, "pids", value, 1, 8192);
	case OPT_TIMEOUT:
		return hk_parse_duration(value, &o->timeout_ns) || !o->timeout_ns
			       ? cli_bad("timeout", value, "not a duration such as 1.5, 200ms or 5m")
			       : 0;
	case OPT_CPU_TIME:
		return hk_parse_duration(value, &o->limits.cpu_ns) || !o->limits.cpu_ns
			       ? cli_bad("cpu-time", value, "not a duration such as 1.5, 200ms or 5m")
			       : 0;
	case OPT_CPUS:
		return set_cpus(&o->limits.cpus, value);
	case OPT_FILES:
		return cli_number(&o->limits.files, "files", value, 1, 1 << 20);
	case OPT_FSIZE:
		return hk_parse_size(value, &o->limits.fsize) || !o->limits.fsize
			       ? cli_bad("fsize", value, "not a size such as 16M or 2G")
		       : o->limits.fsize < FSIZE_LEAST
			       ? cli_bad("fsize", value, "less than 4M: husk's own short-lived files count, too")
			       : 0;
	case OPT_NO_PATCH:
		o->patch = false;
		return 0;
	case OPT_PATCH_AFTER:
		return cli_number(&o->patch_after, "patch-after", value, 1, 1000000);
	case OPT_IO:
		return set_io(o, value);
	case OPT_NET:
		c->net = true;
		return set_net(o, value);
	case OPT_ALLOW_CONNECT:
		return allow(o, NET_CONNECT, value);
	case OPT_ALLOW_LISTEN:
		return allow(o, NET_LISTEN, value);
	case OPT_NO_ASLR:
		o->aslr = false;
		return 0;
	case OPT_LEARN:
		o->observe = true;
		o->trace_file = strcmp(value, "-") ? value : NULL;
		return 0;
	case OPT_CLASSIC_NUMBERS:
		o->classic_numbers = true;
		return 0;
	case OPT_STATS:
		o->stats = true;
		return 0;
	case OPT_PROFILE_CPU:
		o->profile_cpu = true;
		o->profile_file = value;
		return 0;
	case OPT_REPORT:
		o->report_file = value;
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
		return cli_number(&o->trace_string, "trace-string", value, 1, 65536);
	case OPT_TRACE_IP:
		o->trace = o->trace_rip = true;
		return 0;
	case OPT_TRACE_WHERE:
		o->trace = o->trace_where = true;
		return 0;
	default:
		r = service_option(&c->service, id, value);
		return r >= 0 ? r : sandbox_option(o, &c->sandbox, id, value);
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
static int parse(int argc, char **argv, struct monitor_options *o, struct collected *all, int *status)
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
		*status = set_option(o, all, c, optarg);
		if (*status)
			return -1;
	}
	if (optind >= argc && !all->sandbox.show) {
		*status = cli_fail(HUSK_EXIT_FAILURE, "no program given; try husk run -- ls");
		return -1;
	}
	if (o->observe && (o->trace || o->stats)) {
		*status = cli_fail(HUSK_EXIT_FAILURE, "--learn goes neither with --trace nor with --stats");
		return -1;
	}
	if (o->jail.unconfined && !all->net)
		o->net.mode = NET_HOST;
	if (o->net.mode != NET_HOST && (o->net.allow[NET_CONNECT].count || o->net.allow[NET_LISTEN].count)) {
		*status = cli_fail(HUSK_EXIT_FAILURE, "--allow-connect and --allow-listen need --net host");
		return -1;
	}
	o->jail.net_host = o->net.mode == NET_HOST;
	o->argv = optind < argc ? argv + optind : NULL;
	*status = sandbox_finish(o, &all->sandbox);
	return *status ? -1 : 0;
}

/* What --at counts must leave the virtual machine: nothing is patched then, though all is there for it. */
static void take_inspection(struct monitor_options *o, const struct inspect_options *ask, const char *svg)
{
	o->inspect = *ask;
	o->svg_file = svg;
	if (ask->when == INSPECT_CALL || ask->when == INSPECT_ADDRESS)
		o->patch_after = UINT_MAX;
}

int cmd_run(int argc, char **argv)
{
	return run_program(argc, argv, NULL, NULL);
}

int run_program(int argc, char **argv, const struct inspect_options *ask, const char *svg)
{
	struct monitor_options o = { .aslr = true, .patch = true };
	struct collected c = { 0 };
	struct env env = { 0 };
	struct hk_err err = { 0 };
	int status;
	bool ok;

	if (parse(argc, argv, &o, &c, &status))
		return status;
	if (c.sandbox.show)
		return monitor_show_cage(&o);
	status = service_finish(&o, &c.service);
	if (status)
		return status;
	ok = c.clear_env || env_inherit(&env);
	for (size_t i = 0; ok && i < c.sets.n; i++)
		ok = env_set(&env, c.sets.v[i]);
	/* Even an empty environment is an array. */
	if (!ok || (!env.v && !env_add(&env, NULL)))
		return cli_fail(HUSK_EXIT_FAILURE, "out of memory");
	if (ask)
		take_inspection(&o, ask, svg);
	o.envp = env.v;
	o.jail.path = env_get(&env, "PATH");
	if (service_detach(&o, &c.service, &status))
		return status;
	status = monitor_run(&o, &err);
	if (err.code)
		detach_failed(&c.service.detachment, status, err.text);
	free(env.v);
	free(c.sets.v);
	return err.code ? cli_fail(status, "%s", err.text) : status;
}
