/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests use that run on a Linux kernel alone, as root. */
#ifndef KERNEL_H
#define KERNEL_H

#include <dirent.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "lab.h"

#define MODULE       "/lib/modules/get_ptree.ko"
#define MODULE_DUMMY "/lib/modules/get_ptree_dummy.ko"

static inline int module_load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), result;

	if (fd < 0)
		die("%s", path);
	result = syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	return result;
}

static inline int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK);
}

static inline void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die("%s", path);
	close(fd);
}

/* KiB of a line of /proc/meminfo. */
static inline long meminfo(const char *name)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[200];
	long kib = -1;

	if (!file)
		die("/proc/meminfo");
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			kib = strtol(line + strlen(name) + 1, NULL, 10);
	fclose(file);
	if (kib < 0)
		die("no %s in /proc/meminfo", name);
	return kib;
}

/* Objects in use of a slab cache. */
static inline long slab(const char *name)
{
	FILE *file = fopen("/proc/slabinfo", "r");
	char line[300], cache[100];
	long used = -1, n;

	if (!file)
		die("/proc/slabinfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%99s %ld", cache, &n) == 2 && strcmp(cache, name) == 0)
			used = n;
	fclose(file);
	if (used < 0)
		die("no %s in /proc/slabinfo", name);
	return used;
}

struct usage {
	long free; /* KiB of pages that nobody uses, those in the processors' own lists among them */
	long slab; /* KiB of slabs that cannot be had back */
	long tasks, mappings;
};

/* KiB of free pages that MemFree does not have, since a processor holds them. */
static inline long held(void)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	char line[200];
	long pages = 0, n;

	if (!file)
		die("/proc/zoneinfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " count: %ld", &n) == 1)
			pages += n;
	fclose(file);
	return pages * 4;
}

/* Gives back the slabs without an object, and what KASAN keeps after it was freed. */
static inline void shrink_slabs(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[300];

	if (!dir)
		die("/sys/kernel/slab");
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", entry->d_name);
		if (entry->d_name[0] != '.')
			write_to(path, "1");
	}
	closedir(dir);
}

/* What is in use when everything that frees itself later (RCU, workers, caches) has done so. */
static inline struct usage usage(void)
{
	for (int i = 0; i < 3; i++) {
		write_to("/proc/sys/vm/drop_caches", "3");
		shrink_slabs();
		usleep(300000);
	}
	return (struct usage){ meminfo("MemFree") + held(), meminfo("SUnreclaim"), slab("task_struct"),
			       slab("vm_area_struct") };
}

/*
 * The same after a second round as after the first, but for what the kernel keeps for each processor: a leak in every call would be megabytes.
 */
static inline bool same_usage(struct usage before)
{
	struct usage now = usage();
	bool same = now.free > before.free - 3000 && now.slab < before.slab + 1500 && now.tasks < before.tasks + 100 &&
		    now.mappings < before.mappings + 1000;

	if (!same)
		printf("    free %ld -> %ld KiB, slab %ld -> %ld KiB, tasks %ld -> %ld, mappings %ld -> %ld\n",
		       before.free, now.free, before.slab, now.slab, before.tasks, now.tasks, before.mappings,
		       now.mappings);
	return same;
}

/* Pages at which whoever touches them waits until they are opened. */
struct gate {
	int fd;
	char *pages;
	size_t size;
};

static inline void gate_make(struct gate *gate, int pages)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	gate->size = pages * PAGE;
	gate->pages = map(gate->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
	gate->fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	range.range.start = (unsigned long)gate->pages;
	range.range.len = gate->size;
	if (gate->fd < 0 || ioctl(gate->fd, UFFDIO_API, &api) || ioctl(gate->fd, UFFDIO_REGISTER, &range))
		die("userfaultfd");
}

/* Returns when somebody waits. */
static inline void gate_await(const struct gate *gate)
{
	struct pollfd poll_for = { .fd = gate->fd, .events = POLLIN };
	struct uffd_msg message;

	if (poll(&poll_for, 1, 60000) != 1 || read(gate->fd, &message, sizeof(message)) != sizeof(message))
		die("nobody came to the gate");
}

static inline void gate_open(const struct gate *gate)
{
	struct uffdio_zeropage zero = { .range = { (unsigned long)gate->pages, gate->size } };

	if (ioctl(gate->fd, UFFDIO_ZEROPAGE, &zero))
		die("UFFDIO_ZEROPAGE");
}

static inline void gate_drop(const struct gate *gate)
{
	close(gate->fd);
	munmap(gate->pages, gate->size);
}

static inline double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

#endif
