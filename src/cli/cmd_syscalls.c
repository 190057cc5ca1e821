/* SPDX-License-Identifier: Apache-2.0 */
/* husk syscalls: what table.def says, as a list. */
#include "base/compiler.h"
#include "cli/cli.h"
#include "syscalls/table.h"

#include <stdio.h>
#include <string.h>

static void print_text(const struct hk_syscall_info *s)
{
	char call[160];
	int n = snprintf(call, sizeof(call), "%s(", s->name);

	for (unsigned i = 0; i < s->nargs; i++)
		n += snprintf(call + n, sizeof(call) - (size_t)n, "%s%s", i ? ", " : "", s->arg[i].name);
	snprintf(call + n, sizeof(call) - (size_t)n, ")");
	printf("%3u  %-8s %-70s %s\n", s->nr, hk_class_name(s->class), call, s->refused ? s->refused : "served");
}

int cmd_syscalls(int argc, char **argv)
{
	const struct hk_syscall_info *s;
	unsigned served = 0, all = 0;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		puts("usage: husk syscalls\n"
		     "List every Linux system call: number, class, name and arguments, and whether this build serves "
		     "it or why not.");
		return 0;
	}
	if (argc > 1)
		return cli_fail(125, "unknown option %s; see husk syscalls --help", argv[1]);
	for (; (s = hk_syscall_at(all)); all++) {
		print_text(s);
		served += !s->refused;
	}
	printf("%u of %u system calls served\n", served, all);
	return 0;
}
