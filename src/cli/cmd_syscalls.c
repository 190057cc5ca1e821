/* SPDX-License-Identifier: Apache-2.0 */
/* husk syscalls: what this build serves. */
#include "cli/cli.h"
#include "syscalls/list.h"

#include <stdio.h>
#include <string.h>

static int help(void)
{
	puts("usage: husk syscalls [OPTION]\n"
	     "       husk syscalls scan|observe … (see husk syscalls scan --help)\n"
	     "List the system calls that this build knows: number, class, name and arguments, and whether it serves "
	     "them "
	     "or why not.\n\n"
	     "  --markdown  as the page docs/SYSCALLS.md, with the road by which each call may be served\n"
	     "  --json      as one JSON object\n"
	     "  --help      this text");
	return 0;
}

int cmd_syscalls(int argc, char **argv)
{
	const char *option = argc > 1 ? argv[1] : "";

	if (!strcmp(option, "scan") || !strcmp(option, "observe"))
		return cmd_scan(argc - 1, argv + 1);
	if (argc > 2)
		return cli_fail(125, "husk syscalls takes one option; see husk syscalls --help");
	if (!strcmp(option, "--help") || !strcmp(option, "-h"))
		return help();
	if (!*option)
		list_text(stdout);
	else if (!strcmp(option, "--markdown"))
		list_markdown(stdout);
	else if (!strcmp(option, "--json"))
		list_json(stdout);
	else
		return cli_fail(125, "unknown option %s; see husk syscalls --help", option);
	return fflush(stdout) ? cli_fail(125, "cannot write the list") : 0;
}
