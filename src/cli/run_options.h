/* SPDX-License-Identifier: Apache-2.0 */
/* What cmd_run.c and its helpers share: the options' numbers, and those options that describe the sandbox. */
#ifndef HK_CLI_RUN_OPTIONS_H
#define HK_CLI_RUN_OPTIONS_H

#include "monitor/monitor.h"
#include "service/detach.h"
#include "service/registry.h"

enum option_id {
	OPT_HELP = 256,
	OPT_ENV,
	OPT_CLEAR_ENV,
	OPT_CWD,
	OPT_MEM,
	OPT_PIDS,
	OPT_TIMEOUT,
	OPT_CPU_TIME,
	OPT_CPUS,
	OPT_FILES,
	OPT_FSIZE,
	OPT_NET,
	OPT_ALLOW_CONNECT,
	OPT_ALLOW_LISTEN,
	OPT_NO_ASLR,
	OPT_NO_PATCH,
	OPT_PATCH_AFTER,
	OPT_IO,
	OPT_LEARN,
	OPT_CLASSIC_NUMBERS,
	OPT_STATS,
	OPT_PROFILE_CPU,
	OPT_REPORT,
	OPT_TRACE,
	OPT_TRACE_FORMAT,
	OPT_TRACE_FILTER,
	OPT_TRACE_IP,
	OPT_TRACE_WHERE,
	OPT_TRACE_TIME,
	OPT_TRACE_STRING,
	OPT_ROOT,
	OPT_RO,
	OPT_RW,
	OPT_TMPFS,
	OPT_OVERLAY,
	OPT_READ_ONLY,
	OPT_HOSTNAME,
	OPT_USER,
	OPT_UNCONFINED,
	OPT_SHOW_CAGE,
	OPT_DENY,
	OPT_ALLOW_ONLY,
	OPT_DENY_ACTION,
	OPT_PROFILE,
	OPT_NAME,
	OPT_PIDFILE,
	OPT_DETACH,
	OPT_OUTPUT,
	OPT_READY,
};

#define SANDBOX_MOUNTS_MAX 48

/* The sandbox as the options build it. */
struct sandbox_args {
	struct jail_mount mount[SANDBOX_MOUNTS_MAX];
	size_t count;
	char *deny, *allow_only; /* comma-separated; owned */
	int deny_action;         /* enum call_action; 0: none was given */
	bool show;               /* --show-cage: print and end */
};

/* --name, --pidfile, --detach and what goes with it. */
struct service_args {
	struct registration registration;
	bool detach;
	const char *output; /* --output; NULL: none */
	unsigned port;      /* --ready-when-listening; 0: none */
	struct detachment detachment;
	struct jail_watch watch;
};

/* husk run; with `ask`, up to where it says, to look into the machine there and draw it in `svg` (NULL: not). Returns the exit status. */
int run_program(int argc, char **argv, const struct inspect_options *ask, const char *svg);

/* "--option value: want" on standard error. Returns the exit status of a failure. */
int cli_bad(const char *option, const char *value, const char *want);

/* A whole number in [least, most] into *to. 0, or the exit status of a failure. */
int cli_number(unsigned *to, const char *option, const char *value, unsigned least, unsigned most);

/* An option of struct service_args: 0, or the exit status of a failure; -1 if id is none. */
int service_option(struct service_args *c, int id, char *value);
/* After the last option: have the supervisor enter the sandbox in the list of those that run. c must live as long. 0, or the exit status of a failure. */
int service_finish(struct monitor_options *o, struct service_args *c);
/* --detach. 0: this process goes on, as the sandbox's supervisor or without --detach; 1: it has been seen to, *status is what to exit with. */
int service_detach(struct monitor_options *o, struct service_args *c, int *status);

/* An option of the sandbox: 0, or the exit status of a failure; -1 if id is none. Strings stay where they are or live for ever. */
int sandbox_option(struct monitor_options *o, struct sandbox_args *s, int id, char *value);
/* The same for those about system calls. */
int policy_option(struct sandbox_args *s, int id, char *value);
int policy_finish(struct monitor_options *o, struct sandbox_args *s);
/* After the last option: put what was collected into o. 0, or the exit status of a failure. */
int sandbox_finish(struct monitor_options *o, struct sandbox_args *s);

#endif
