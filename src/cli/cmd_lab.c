/* SPDX-License-Identifier: Apache-2.0 */
/* husk lab: what a course on operating systems measures. */
#include "cli/cli.h"
#include "lab/lab.h"
#include "monitor/monitor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MOST 100

static int help(void)
{
	puts("usage: husk lab timing [--rounds N] [--json]\n"
	     "Measure what things cost a program natively and in husk, in turns: reading clocks, a system call on each "
	     "road, an\n"
	     "exit, a page fault, fork, making a virtual machine. Mean, deviation, percentiles, cycles. Takes some "
	     "seconds.\n\n"
	     "  --rounds N  take turns N times (3)\n"
	     "  --json      one JSON object instead of the table\n"
	     "  --help      this text\n\n"
	     "husk lab work basic|gate|server|exit is what it runs natively and in husk: the samples, in ticks.");
	return 0;
}

static int timing(int argc, char **argv)
{
	struct lab_options o = { 0 };
	struct hk_err err = { 0 };

	for (int i = 2; i < argc; i++) {
		const char *value = !strncmp(argv[i], "--rounds=", 9) ? argv[i] + 9 : NULL;

		if (!strcmp(argv[i], "--json")) {
			o.json = true;
			continue;
		}
		if (!strcmp(argv[i], "--rounds") && i + 1 < argc)
			value = argv[++i];
		o.rounds = value ? (unsigned)strtoul(value, NULL, 10) : 0;
		if (!value)
			return cli_fail(HUSK_EXIT_FAILURE, "unknown or ill-used option %s; see husk lab --help",
					argv[i]);
		if (!o.rounds || o.rounds > ROUNDS_MOST)
			return cli_fail(HUSK_EXIT_FAILURE, "--rounds %s: not a number from 1 to %d", value,
					ROUNDS_MOST);
	}
	return lab_timing(&o, &err) ? cli_fail(HUSK_EXIT_FAILURE, "%s", err.text) : 0;
}

int cmd_lab(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return help();
	if (!strcmp(what, "timing"))
		return timing(argc, argv);
	if (!strcmp(what, "work") && argc == 3)
		return lab_work(argv[2]);
	return cli_fail(HUSK_EXIT_FAILURE, "husk lab does timing; see husk lab --help");
}
