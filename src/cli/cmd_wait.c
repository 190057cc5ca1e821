/* SPDX-License-Identifier: Apache-2.0 */
/* husk wait: until sandboxes end, and how they did. */
#include "cli/cli.h"
#include "monitor/monitor.h"
#include "service/registry.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int help(void)
{
	puts("usage: husk wait ID…\n"
	     "Wait until each of these sandboxes (see husk ps) has ended, and print its exit status, one a line.\n\n"
	     "  --help  this text\n\n"
	     "Exit status: 0; 125 if one was not there or its supervisor was killed.");
	return 0;
}

struct waiting {
	const char *id;
	int fd, file; /* -1: it was not there */
};

/* All are opened before the first is waited for: one that ends meanwhile has a status, too. */
static struct waiting *open_all(char **ids, int count, int *status)
{
	struct waiting *w = calloc((size_t)count, sizeof(*w));
	struct sandbox s;
	struct hk_err err;

	for (int i = 0; w && i < count; i++) {
		w[i] = (struct waiting){ ids[i], -1, -1 };
		w[i].fd = registry_await(ids[i], &s, &w[i].file, &err);
		if (w[i].fd < 0)
			*status = cli_fail(HUSK_EXIT_FAILURE, "%s", err.text);
	}
	return w;
}

static int await(const struct waiting *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	int r;

	while (poll(&p, 1, -1) != 1)
		;
	r = registry_status(w->file);
	if (r < 0)
		return cli_fail(HUSK_EXIT_FAILURE, "sandbox %s: its supervisor was killed, so that it left no status",
				w->id);
	printf("%d\n", r);
	return fflush(stdout) ? HUSK_EXIT_FAILURE : 0;
}

int cmd_wait(int argc, char **argv)
{
	struct waiting *w;
	int status = 0;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return help();
	if (argc < 2 || argv[1][0] == '-')
		return cli_fail(HUSK_EXIT_FAILURE, "no sandbox given; see husk wait --help");
	w = open_all(argv + 1, argc - 1, &status);
	if (!w)
		return cli_fail(HUSK_EXIT_FAILURE, "out of memory");
	for (int i = 0; i < argc - 1; i++)
		if (w[i].fd >= 0)
			status = await(&w[i]) ?: status;
	free(w);
	return status;
}
