/* SPDX-License-Identifier: Apache-2.0 */
/* husk ps: the caller's sandboxes that run, with the guest's processes and threads. */
#include "cli/cli.h"
#include "monitor/monitor.h"
#include "service/registry.h"
#include "service/shared.h"
#include "service/tasks.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int help(void)
{
	puts("usage: husk ps [OPTION]\n"
	     "List your sandboxes that run now: for each its id (--name, else husk's process number), then the "
	     "program's "
	     "threads: number of\n"
	     "process and thread on the host and as the program knows them, state, CPU time, resident memory of the "
	     "process, number of\n"
	     "its vCPU and how often that has left the guest, * if make_vcpu has marked it, name. A thread without a "
	     "vCPU is a helper of the host's.\n\n"
	     "  --json  as one JSON array\n"
	     "  --help  this text");
	return 0;
}

/* What only husk knows of a thread; there may be nothing. */
static void show_vcpu(const struct family_slot *slot)
{
	if (slot)
		printf(" %5u %10lu%c", slot->vcpu, (unsigned long)slot->exits, slot->marks & FAMILY_MARKED ? '*' : ' ');
	else
		printf(" %5s %10s ", "-", "-");
}

static void show_text(const struct sandbox *s, const struct family *f, const struct sandbox_task *t, int n)
{
	printf("%s  husk %d  %s\n", s->id, s->supervisor, s->command);
	if (n)
		printf("  %8s %8s %8s %8s %s %10s %10s %5s %10s   %s\n", "PID", "TID", "IN-PID", "IN-TID", "S", "CPU s",
		       "MEM KiB", "VCPU", "EXITS", "NAME");
	for (int i = 0; i < n; i++) {
		printf("  %8d %8d %8d %8d %c %10.2f %10lu", t[i].pid, t[i].tid, t[i].inside_pid, t[i].inside_tid,
		       t[i].state, (double)t[i].cpu_ms / 1e3, (unsigned long)t[i].resident / 1024);
		show_vcpu(f ? family_slot_of(f, t[i].inside_tid) : NULL);
		printf("  %s\n", t[i].name);
	}
}

/* Control characters are gone already; bytes that are no ASCII come from a command line or a thread's name and need not be UTF-8. */
static void json_text(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if ((unsigned char)*s >= 0x80)
			putchar('?');
		else if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else
			putchar(*s);
	}
	putchar('"');
}

static void show_json(const struct sandbox *s, const struct family *f, const struct sandbox_task *t, int n)
{
	fputs("{\"id\":", stdout);
	json_text(s->id);
	printf(",\"supervisor\":%d,\"init\":%d,\"command\":", s->supervisor, s->init);
	json_text(s->command);
	fputs(",\"threads\":[", stdout);
	for (int i = 0; i < n; i++) {
		const struct family_slot *slot = f ? family_slot_of(f, t[i].inside_tid) : NULL;

		printf("%s{\"pid\":%d,\"tid\":%d,\"inside_pid\":%d,\"inside_tid\":%d,\"state\":\"%c\",\"cpu_ms\":%lu,"
		       "\"resident\":%lu,",
		       i ? "," : "", t[i].pid, t[i].tid, t[i].inside_pid, t[i].inside_tid, t[i].state,
		       (unsigned long)t[i].cpu_ms, (unsigned long)t[i].resident);
		if (slot)
			printf("\"vcpu\":%u,\"exits\":%lu,\"marked\":%s,\"name\":", slot->vcpu,
			       (unsigned long)slot->exits, slot->marks & FAMILY_MARKED ? "true" : "false");
		else
			fputs("\"vcpu\":null,\"exits\":null,\"marked\":false,\"name\":", stdout);
		json_text(t[i].name);
		putchar('}');
	}
	fputs("]}", stdout);
}

static int show_one(const struct sandbox *s, bool json)
{
	struct sandbox_task *t = NULL;
	int n = tasks_below(s->init, &t);
	HK_CLOSE int fd = n > 0 ? shared_open(s->supervisor, O_RDONLY) : -1;
	struct family *f = fd >= 0 ? shared_copy(fd) : NULL;

	if (n >= 0)
		(json ? show_json : show_text)(s, f, t, n);
	free(f);
	free(t);
	return n < 0 ? n : 0;
}

static int show_all(const struct sandbox *list, int count, bool json)
{
	if (json)
		putchar('[');
	for (int i = 0; i < count; i++) {
		int r;

		if (json && i)
			putchar(',');
		r = show_one(&list[i], json);
		if (r)
			return cli_fail(HUSK_EXIT_FAILURE, "cannot read /proc: %s", strerror(-r));
	}
	if (json)
		puts("]");
	return fflush(stdout) ? cli_fail(HUSK_EXIT_FAILURE, "cannot write the list") : 0;
}

int cmd_ps(int argc, char **argv)
{
	const char *option = argc > 1 ? argv[1] : "";
	struct sandbox *list;
	struct hk_err err;
	int count, status;

	if (!strcmp(option, "--help") || !strcmp(option, "-h"))
		return help();
	if (argc > 2 || (*option && strcmp(option, "--json")))
		return cli_fail(HUSK_EXIT_FAILURE, "unknown option %s; see husk ps --help", argv[argc - 1]);
	count = registry_list(&list, &err);
	if (count < 0)
		return cli_fail(HUSK_EXIT_FAILURE, "%s", err.text);
	status = show_all(list, count, *option);
	free(list);
	return status;
}
