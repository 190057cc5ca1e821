/* SPDX-License-Identifier: Apache-2.0 */
#include "service/ready.h"

#include "service/registry.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LISTENS 0x0a /* TCP_LISTEN */
#define LOOK_MS 10

static bool listens_in(pid_t pid, const char *table, unsigned port)
{
	char path[64], line[512];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)pid, table);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		unsigned at, state;

		if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x", &at, &state) == 2)
			found = at == port && state == LISTENS;
	}
	if (f)
		fclose(f);
	return found;
}

bool ready_listens(pid_t pid, unsigned port)
{
	return listens_in(pid, "tcp", port) || listens_in(pid, "tcp6", port);
}

/* Process 1 of the sandbox, on the host; 0: it is not there. */
static pid_t init_of(const char *id)
{
	struct sandbox *list;
	struct hk_err err;
	int count = registry_list(&list, &err);
	pid_t pid = 0;

	for (int i = 0; i < count; i++)
		if (!strcmp(list[i].id, id))
			pid = list[i].init;
	if (count >= 0)
		free(list);
	return pid;
}

int ready_await(const char *id, unsigned port, struct hk_err *err)
{
	int file = -1;
	HK_CLOSE int fd = registry_await(id, &file, err);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	pid_t init = fd < 0 ? 0 : init_of(id);
	int r = 0;

	if (fd < 0)
		return fd;
	/* Asked first and found after: the number is still the sandbox's. */
	while (!ready_listens(init, port) && (r = poll(&p, 1, LOOK_MS)) <= 0)
		;
	if (r > 0)
		r = hk_err_set(err, -ECANCELED, "the sandbox ended with status %d before it listened on port %u",
			       registry_status(file), port);
	else
		r = 0;
	close(file);
	return r;
}
