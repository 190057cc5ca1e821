/* SPDX-License-Identifier: Apache-2.0 */
/* Print docs/SYSCALLS.md from table.def. Started by tools/gen-docs. */
#include "syscalls/table.h"

#include <stdio.h>
#include <string.h>

static const char *road_name(enum hk_road road)
{
	switch (road) {
	case HK_ROAD_SERVER:
		return "server";
	case HK_ROAD_GATE:
		return "gate";
	case HK_ROAD_OWN:
		break;
	}
	return "own thread";
}

/* `name(argument, argument)` */
static void call_text(const struct hk_syscall_info *s)
{
	printf("`%s(", s->name);
	for (unsigned i = 0; i < s->nargs; i++)
		printf("%s%s", i ? ", " : "", s->arg[i].name);
	printf(")`");
}

static void served(void)
{
	const struct hk_syscall_info *s;

	printf("\n## Served\n\n| number | call | class | road |\n|--:|---|---|---|\n");
	for (unsigned i = 0; (s = hk_syscall_at(i)); i++) {
		if (s->refused)
			continue;
		printf("| %u | ", s->nr);
		call_text(s);
		printf(" | %s | %s |\n", hk_class_name(s->class), road_name(s->road));
	}
}

static void refused(void)
{
	const struct hk_syscall_info *s;

	printf("\n## Answered with ENOSYS\n\n| number | call | class | why |\n|--:|---|---|---|\n");
	for (unsigned i = 0; (s = hk_syscall_at(i)); i++) {
		if (!s->refused)
			continue;
		printf("| %u | ", s->nr);
		call_text(s);
		printf(" | %s | %s |\n", hk_class_name(s->class), s->refused);
	}
}

int main(void)
{
	unsigned all = 0, yes = 0;
	const struct hk_syscall_info *s;

	for (; (s = hk_syscall_at(all)); all++)
		yes += !s->refused;
	printf("<!-- Made by tools/gen-docs from src/syscalls/table.def: do not edit. -->\n# System calls\n\n"
	       "Every number of Linux x86-64 that has a name: %u of %u are served. The rest answer ENOSYS, as on a "
	       "kernel without them, and\n"
	       "`--trace` says why. *Road* is the cheapest way by which a call may be served (docs/architecture.md): "
	       "by the gate inside the\n"
	       "guest, by any thread of the monitor, or only by the calling thread's own; today every call takes its "
	       "own thread, by an exit.\n"
	       "`husk syscalls` prints the same list for the husk at hand.\n",
	       yes, all);
	served();
	refused();
	return 0;
}
