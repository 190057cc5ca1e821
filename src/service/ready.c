/* SPDX-License-Identifier: Apache-2.0 */
#include "service/ready.h"

#include "service/registry.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

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

int ready_await(const char *id, unsigned port, struct hk_err *err)
{
	struct sandbox s;
	int file, r = 0;
	HK_CLOSE int fd = registry_await(id, &s, &file, err);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		return fd;
	while (!ready_listens(s.init, port) && (r = poll(&p, 1, LOOK_MS)) <= 0)
		;
	if (r > 0)
		r = hk_err_set(err, -ECANCELED, "the sandbox ended with status %d before it listened on port %u",
			       registry_status(file), port);
	else
		r = 0;
	close(file);
	return r;
}
