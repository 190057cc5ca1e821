/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The measured program: does one kind of work, times it from inside and prints `name <tab> unit <tab> value` lines. The same binary runs natively,
 * in husk and in the peer.
 *
 *   work calls DIR | cpu | pages | stream DIR | threads | processes | requests | idle
 */
#include "bench/work.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MIB (1024.0 * 1024)

double work_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void work_report(const char *name, const char *unit, double value)
{
	printf("%s\t%s\t%.9g\n", name, unit, value);
	fflush(stdout);
}

void work_best(const char *name, void (*fn)(void), int times)
{
	double best = 1e9;

	fn();
	for (int i = 0; i < 5; i++) {
		double start = work_now(), each;

		fn();
		each = (work_now() - start) / times;
		if (each < best)
			best = each;
	}
	work_report(name, "us", best * 1e6);
}

void work_die(const char *what)
{
	perror(what);
	exit(1);
}

/* First touch of fresh memory, a write to each page, on pages of the given advice. */
static void touch(const char *name, int advice)
{
	const size_t size = 64 << 20, page = 4096;
	double best = 1e9;

	for (int round = 0; round < 3; round++) {
		char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			work_die("mmap");
		(void)madvise(p, size, advice);
		double start = work_now();
		for (size_t i = 0; i < size; i += page)
			((volatile char *)p)[i] = 1;
		double each = (work_now() - start) / (double)(size / page);
		if (each < best)
			best = each;
		munmap(p, size);
	}
	work_report(name, "ns", best * 1e9);
}

static int work_pages(const char *unused)
{
	(void)unused;
	touch("touch a page of 4 KiB", MADV_NOHUGEPAGE);
	touch("touch 4 KiB of a huge page", MADV_HUGEPAGE);
	return 0;
}

typedef ssize_t transfer(int fd, char *buf, size_t len);

static ssize_t do_read(int fd, char *buf, size_t len)
{
	return read(fd, buf, len);
}

static ssize_t do_write(int fd, char *buf, size_t len)
{
	return write(fd, buf, len);
}

/* Cached transfers of the whole file, best of three. */
static void stream(const char *dir, const char *name, int flags, size_t block, transfer *fn)
{
	const size_t size = 64 << 20;
	char path[4096], *buf = malloc(block);
	double best = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, flags == O_RDONLY ? "data" : "written");
	if (!buf)
		work_die("malloc");
	memset(buf, 7, block);
	for (int round = 0; round < 3; round++) {
		int fd = open(path, flags, 0600);
		size_t done = 0;

		if (fd < 0)
			work_die(path);
		double start = work_now();
		while (done < size) {
			ssize_t n = fn(fd, buf, block);
			if (n <= 0)
				work_die(path);
			done += (size_t)n;
		}
		double rate = (double)size / MIB / (work_now() - start);
		if (rate > best)
			best = rate;
		close(fd);
	}
	work_report(name, "MiB/s", best);
	free(buf);
}

static int work_stream(const char *dir)
{
	stream(dir, "read by 4 KiB", O_RDONLY, 4 << 10, do_read);
	stream(dir, "read by 64 KiB", O_RDONLY, 64 << 10, do_read);
	stream(dir, "read by 1 MiB", O_RDONLY, 1 << 20, do_read);
	stream(dir, "write by 4 KiB", O_WRONLY | O_CREAT, 4 << 10, do_write);
	stream(dir, "write by 64 KiB", O_WRONLY | O_CREAT, 64 << 10, do_write);
	stream(dir, "write by 1 MiB", O_WRONLY | O_CREAT, 1 << 20, do_write);
	return 0;
}

/* Started, and waiting for its standard input to end: the memory of a program at rest can be looked at. */
static int work_idle(const char *unused)
{
	char c;

	(void)unused;
	puts("ready");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	return 0;
}

static const struct {
	const char *name;
	int (*fn)(const char *arg);
} kinds[] = {
	{ "calls", work_calls },         { "cpu", work_cpu },           { "pages", work_pages },
	{ "stream", work_stream },       { "idle", work_idle },         { "threads", work_threads },
	{ "processes", work_processes }, { "requests", work_requests },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(argv[1], kinds[i].name))
			return kinds[i].fn(argc > 2 ? argv[2] : ".");
	fprintf(stderr, "usage: work calls DIR | cpu | pages | stream DIR | threads | processes | requests | idle\n");
	return 2;
}
