/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a process and all its descendants. "Private" is what would be given back if it ended: Private_Clean + Private_Dirty of smaps. Of a
 * husk process, what lies below 64 TiB is the guest's and the rest the monitor's.
 */
#include "bench/bench.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define GUEST_END 0x400000000000ul /* 64 TiB */

static void add_smaps(pid_t pid, struct memory *m)
{
	char path[64], line[4352];
	unsigned long start = 0, end, kib;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	f = fopen(path, "re");
	if (!f)
		return; /* ended meanwhile */
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Private_%*[A-Za-z]: %lu kB", &kib) == 1) {
			m->private_all += (double)kib;
			m->private_monitor += start >= GUEST_END ? (double)kib : 0;
		} else if (sscanf(line, "Rss: %lu kB", &kib) == 1) {
			m->rss += (double)kib;
		} else if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
			continue;
		}
	}
	fclose(f);
}

static void add_peak(pid_t pid, struct memory *m)
{
	char path[64], line[256];
	unsigned long kib;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %lu kB", &kib) == 1)
			m->peak += (double)kib;
	fclose(f);
}

static pid_t parent_of(pid_t pid)
{
	char path[64], line[512], *after;
	pid_t parent = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fgets(line, sizeof(line), f) && (after = strrchr(line, ')')) && sscanf(after, ") %*c %d", &parent) != 1)
		parent = 0;
	fclose(f);
	return parent;
}

static bool descends(pid_t pid, pid_t root)
{
	while (pid > 1 && pid != root)
		pid = parent_of(pid);
	return pid == root;
}

int memory_of_tree(pid_t root, struct memory *m)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;

	*m = (struct memory){ 0 };
	if (!proc)
		return -errno;
	while ((d = readdir(proc))) {
		pid_t pid = (pid_t)strtol(d->d_name, NULL, 10);

		if (pid > 0 && descends(pid, root)) {
			add_smaps(pid, m);
			add_peak(pid, m);
		}
	}
	closedir(proc);
	return 0;
}
