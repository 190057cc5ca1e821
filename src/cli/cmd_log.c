/* SPDX-License-Identifier: Apache-2.0 */
/* husk log: the kernel's log of a running sandbox, which is husk's own (kern/klog.h), from outside. */
#include "cli/cli.h"
#include "monitor/monitor.h"
#include "service/registry.h"
#include "service/shared.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 100 /* how often it is looked for news */

static int help(void)
{
	puts("usage: husk log [-f] ID\n"
	     "Print the kernel's log of this sandbox (see husk ps), as dmesg prints it inside: what make_vcpu "
	     "has logged.\n"
	     "Times are seconds of CLOCK_MONOTONIC.\n\n"
	     "  --follow, -f  go on until the sandbox ends\n"
	     "  --help        this text");
	return 0;
}

/* It must not reach a terminal as it is: see shared.h. */
static void print(const struct klog_record *r)
{
	printf("[%5lu.%06lu] ", (unsigned long)(r->us / 1000000), (unsigned long)(r->us % 1000000));
	for (uint32_t i = 0; i < r->len; i++)
		putchar(isprint((unsigned char)r->text[i]) ? r->text[i] : '?');
	putchar('\n');
}

/* What came after record *at. 0 or -errno. */
static int print_news(int fd, struct klog *log, uint64_t *at)
{
	struct klog_record record;
	int r = shared_copy_log(fd, log);

	for (uint64_t n = *at; r == 0 && (n = klog_next(log, n, &record)); *at = n)
		print(&record);
	return fflush(stdout) ? -EIO : r;
}

static int show(const char *id, bool follow)
{
	struct sandbox s;
	struct hk_err err;
	HK_CLOSE int pidfd = registry_open(id, &s, &err);
	HK_CLOSE int fd = pidfd < 0 ? -1 : shared_open(s.supervisor, O_RDONLY);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	struct klog *log = malloc(sizeof(*log));
	uint64_t at = 0;
	bool over = false;
	int r;

	if (pidfd < 0 || !log) {
		free(log);
		return cli_fail(HUSK_EXIT_FAILURE, "%s", pidfd < 0 ? err.text : "out of memory");
	}
	r = fd < 0 ? fd : print_news(fd, log, &at);
	while (r == 0 && follow && !over) {
		over = poll(&p, 1, LOOK_MS) == 1;
		r = print_news(fd, log, &at);
	}
	free(log);
	return r ? cli_fail(HUSK_EXIT_FAILURE, "cannot read the log of %s: %s", id, strerror(-r)) : 0;
}

int cmd_log(int argc, char **argv)
{
	bool follow = argc > 1 && (!strcmp(argv[1], "-f") || !strcmp(argv[1], "--follow"));
	char *const *id = argv + 1 + follow;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return help();
	if (!*id || id[1] || **id == '-')
		return cli_fail(HUSK_EXIT_FAILURE, "log takes one sandbox's id; see husk log --help and husk ps");
	return show(*id, follow);
}
