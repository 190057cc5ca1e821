/* SPDX-License-Identifier: Apache-2.0 */
/* husk's command line: which command, --help and --version. */
#include "cli/cli.h"

#include "monitor/monitor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "run", cmd_run, "run a program in its own virtual machine" },
	{ "ps", cmd_ps, "list the sandboxes that run, with their processes and threads" },
	{ "log", cmd_log, "print the kernel's log of a sandbox" },
	{ "stop", cmd_stop, "end sandboxes: SIGTERM, and SIGKILL if that is not enough" },
	{ "kill", cmd_kill, "send a signal to the program of a sandbox" },
	{ "wait", cmd_wait, "wait until sandboxes end, and print their exit statuses" },
	{ "doctor", cmd_doctor, "say whether this host can run VMs, how fast, and what is missing" },
	{ "syscalls", cmd_syscalls, "list the system calls that this build serves" },
	{ "inspect", cmd_inspect, "show a program's virtual machine: memory, page tables, processor" },
	{ "boot", cmd_boot, "run a flat binary on the bare processor of a virtual machine" },
	{ "lab", cmd_lab, "measure what things cost, natively and in husk" },
};

int cli_fail(int status, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	/* One write, so that lines of several processes do not mix. */
	dprintf(STDERR_FILENO, "husk: %s\n", line);
	return status;
}

static const char version[] = "husk " HK_VERSION
#ifdef HK_CONFIG
			      " (" HK_CONFIG ")" /* not all system calls are in this build */
#endif
	;

static int help(void)
{
	puts("usage: husk COMMAND [OPTIONS…]\n"
	     "Run unmodified Linux programs, each in its own KVM virtual machine.\n");
	for (size_t i = 0; i < HK_ARRAY_LEN(commands); i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].help);
	puts("\n  --help     this text; `husk COMMAND --help` for a command\n"
	     "  --version  the version\n\n"
	     "example: husk run -- ls -l /\n"
	     "Exit status: the program's own; 124 ended by --timeout, 125 husk itself failed, 126 the program cannot "
	     "be\n"
	     "executed, 127 it was not found, 128+N it was ended by signal N.");
	return 0;
}

/* `husk lab work` makes no virtual machine; in one, it lies where guests do. */
static bool is_lab_work(int argc, char **argv)
{
	return argc > 2 && !strcmp(argv[1], "lab") && !strcmp(argv[2], "work");
}

int main(int argc, char **argv)
{
	struct hk_err err = { 0 };

	if (monitor_is_successor()) {
		int status;

		if (monitor_check_layout(argv, &err))
			return cli_fail(HUSK_EXIT_FAILURE, "%s", err.text);
		status = monitor_resume(&err);
		return err.code ? cli_fail(status, "%s", err.text) : status;
	}
	if (argc < 2)
		return cli_fail(HUSK_EXIT_FAILURE, "no command given; try `husk run -- PROGRAM`, or husk --help");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return help();
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return puts(version), 0;
	for (size_t i = 0; i < HK_ARRAY_LEN(commands); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		if (!is_lab_work(argc, argv) && monitor_check_layout(argv, &err))
			return cli_fail(HUSK_EXIT_FAILURE, "%s", err.text);
		return commands[i].run(argc - 1, argv + 1);
	}
	return cli_fail(HUSK_EXIT_FAILURE, "unknown command '%s'; see husk --help", argv[1]);
}

#ifdef __SANITIZE_ADDRESS__
/*
 * AddressSanitizer's search for leaks traces the process, which the monitor's cage (jail/rules.c) forbids; the unit tests and the fuzzers, which have
 * no cage, look for leaks.
 */
const char *__asan_default_options(void);

__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif
