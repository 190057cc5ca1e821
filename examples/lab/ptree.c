/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ptree [PID]: the tree of processes below PID (1), one line a process, as get_ptree() describes it: level,comm,pid,ppid,state,uid
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <husk/guest.h>

int main(int argc, char **argv)
{
	pid_t root = argc > 1 ? atoi(argv[1]) : 1;
	struct prinfo *processes = NULL;
	int room = 64, n;

	/* A full buffer may not have been large enough. */
	do {
		room *= 2;
		n = room;
		processes = reallocarray(processes, room, sizeof(*processes));
		if (!processes || get_ptree(processes, &n, root) != 0) {
			fprintf(stderr, "ptree: get_ptree of process %d: %s\n", root, strerror(errno));
			free(processes);
			return 1;
		}
	} while (n == room);

	for (int i = 0; i < n; i++) {
		const struct prinfo *p = &processes[i];

		printf("%d,%s,%d,%d,%ld,%u\n", p->level, p->comm, p->pid, p->parent_pid, p->state, p->uid);
	}
	free(processes);
	return 0;
}
