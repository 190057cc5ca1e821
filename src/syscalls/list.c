/* SPDX-License-Identifier: Apache-2.0 */
/* What the table says, three times. Its strings are ours and need no quoting in any of the formats. */
#include "syscalls/list.h"

#include "syscalls/table.h"

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

static unsigned count(unsigned *served)
{
	const struct hk_syscall_info *s;
	unsigned all = 0;

	*served = 0;
	for (; (s = hk_syscall_at(all)); all++)
		*served += !s->refused;
	return all;
}

/* name(argument, argument); returns its length. */
static int put_call(FILE *out, const struct hk_syscall_info *s)
{
	int n = fprintf(out, "%s(", s->name);

	for (unsigned i = 0; i < s->nargs; i++)
		n += fprintf(out, "%s%s", i ? ", " : "", s->arg[i].name);
	return n + fprintf(out, ")");
}

void list_text(FILE *out)
{
	const struct hk_syscall_info *s;
	unsigned served, all = count(&served);

	for (unsigned i = 0; (s = hk_syscall_at(i)); i++) {
		int n;

		fprintf(out, "%5u  %-8s ", s->nr, hk_class_name(s->class));
		n = put_call(out, s);
		fprintf(out, "%*s %s\n", n < 70 ? 70 - n : 0, "", s->refused ? s->refused : "served");
	}
	fprintf(out, "%u of %u system calls served\n", served, all);
}

static void markdown_rows(FILE *out, bool served)
{
	const struct hk_syscall_info *s;

	for (unsigned i = 0; (s = hk_syscall_at(i)); i++) {
		if (!s->refused != served)
			continue;
		fprintf(out, "| %u | `", s->nr);
		put_call(out, s);
		fprintf(out, "` | %s | %s |\n", hk_class_name(s->class), served ? road_name(s->road) : s->refused);
	}
}

void list_markdown(FILE *out)
{
	unsigned served, all = count(&served);

	fprintf(out,
		"<!-- Made by tools/gen-docs from src/syscalls/table.def: do not edit. -->\n# System calls\n\n"
		"Every number of Linux x86-64 that has a name: %u of %u are served. The rest answer ENOSYS, as on a "
		"kernel without them, and\n"
		"`--trace` says why. *Road* is the cheapest way by which a call may be served (docs/architecture.md): "
		"by the gate inside the\n"
		"guest, by any thread of the monitor, or only by the calling thread's own; today every call takes its "
		"own thread, by an exit.\n"
		"`husk syscalls --markdown` prints this page for the husk at hand.\n",
		served, all);
	fputs("\n## Served\n\n| number | call | class | road |\n|--:|---|---|---|\n", out);
	markdown_rows(out, true);
	fputs("\n## Answered with ENOSYS\n\n| number | call | class | why |\n|--:|---|---|---|\n", out);
	markdown_rows(out, false);
}

static void json_row(FILE *out, const struct hk_syscall_info *s)
{
	fprintf(out, "  {\"nr\": %u, \"name\": \"%s\", \"class\": \"%s\", \"args\": [", s->nr, s->name,
		hk_class_name(s->class));
	for (unsigned i = 0; i < s->nargs; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", s->arg[i].name);
	if (s->refused)
		fprintf(out, "], \"served\": false, \"why\": \"%s\"}", s->refused);
	else
		fprintf(out, "], \"served\": true, \"road\": \"%s\"}", road_name(s->road));
}

void list_json(FILE *out)
{
	const struct hk_syscall_info *s;
	unsigned served, all = count(&served);

	fprintf(out, "{\"served\": %u, \"all\": %u, \"calls\": [\n", served, all);
	for (unsigned i = 0; (s = hk_syscall_at(i)); i++) {
		fputs(i ? ",\n" : "", out);
		json_row(out, s);
	}
	fputs("\n]}\n", out);
}
