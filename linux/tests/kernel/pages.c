// SPDX-License-Identifier: GPL-2.0
/*
 * mapspages() against what the kernel says elsewhere (/proc/self/pagemap and /proc/kpagecount), and with every kind of page: huge ones of both sorts, of
 * files, in swap, under migration.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/swap.h>

#include "kernel.h"

#define HUGE (2UL << 20)

static char text[4 << 20];

static uint64_t entry_of(const char *path, unsigned long index)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (fd < 0 || pread(fd, &entry, 8, index * 8) != 8)
		die("%s", path);
	close(fd);
	return entry;
}

/* The character of a page as pagemap and kpagecount have it. */
static char expected_char(unsigned long address)
{
	uint64_t entry = entry_of("/proc/self/pagemap", address / PAGE), count;

	if (!(entry >> 63))
		return '.';
	count = entry_of("/proc/kpagecount", entry & ((1UL << 55) - 1));
	if (count == 0)
		return '.';
	/* Bit 61: a page of a file or of shared memory. */
	count += entry >> 61 & 1;
	return count < 10 ? '0' + count : 'x';
}

struct compared {
	int lines, pages, different;
};

/* Every page of every mapping, but for those that this changes itself (its stack and data) and those that nobody counts. */
static struct compared compare(bool print)
{
	struct compared result = { 0, 0, 0 };
	char *line, *rest = text;

	if (mapspages(0, 1UL << 47, text, sizeof(text)) < 0)
		die("mapspages");
	while ((line = strsep(&rest, "\n")) && *line) {
		char *chars = strsep(&rest, "\n");
		unsigned long start, end;

		if (!chars || sscanf(line, "%lx-%lx", &start, &end) != 2 || strlen(chars) != (end - start) / PAGE)
			die("not in lines: %s", line);
		result.lines++;
		if (strstr(line, "[stack]") || strstr(line, "[heap]") || strstr(line, "[v") ||
		    (start <= (unsigned long)text && (unsigned long)text < end))
			continue;
		for (unsigned long i = 0; i < (end - start) / PAGE; i++, result.pages++) {
			char expected = expected_char(start + i * PAGE);

			if (chars[i] == expected)
				continue;
			result.different++;
			if (print)
				printf("    page %lu of %s: %c, not %c\n", i, line, chars[i], expected);
		}
	}
	return result;
}

static void against_pagemap(void)
{
	struct compared result;

	compare(false); /* for the pages of the program that it needs itself */
	result = compare(true);
	CHECK(result.lines > 8);
	CHECK(result.pages > 100);
	CHECK(result.different == 0);
}

/* How many of the characters of [start, start + size) are `c`. */
static long count(const char *start, size_t size, char c)
{
	unsigned long from = (unsigned long)start;
	long found = 0, n = mapspages(from, from + size, text, sizeof(text));
	char *line, *rest = text;

	if (n < 0)
		return -errno;
	while ((line = strsep(&rest, "\n")) && *line && (line = strsep(&rest, "\n")))
		for (; *line; line++)
			found += *line == c;
	return found;
}

static char *aligned(size_t size)
{
	char *p = map(size + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);

	return (char *)(((unsigned long)p + HUGE - 1) & -HUGE);
}

static void transparent_huge(void)
{
	char *p = aligned(2 * HUGE);
	pid_t pid;

	if (madvise(p, 2 * HUGE, MADV_HUGEPAGE))
		die("MADV_HUGEPAGE");
	touch(p, 0, 1);
	CHECK(count(p, HUGE, '1') == 512);
	CHECK(count(p + 100 * PAGE, 300 * PAGE, '1') == 300);
	CHECK(count(p, 2 * HUGE, '.') == 512);
	if (child(NULL, &pid))
		for (;;)
			pause();
	CHECK(count(p, HUGE, '2') == 512);
	/* One page is copied; the others are mapped here by a page table of small pages, there by a huge entry. */
	touch(p, 5, 1);
	CHECK(count(p, HUGE, '2') == 511 && count(p + 5 * PAGE, PAGE, '1') == 1);
	end(pid);
	CHECK(count(p, HUGE, '1') == 512);
	/* A huge page that was only read is the huge zero page. */
	CHECK(((volatile char *)p)[HUGE] == 0 && count(p + HUGE, HUGE, '.') == 512);
	munmap(p, 2 * HUGE);
}

static void hugetlb(void)
{
	char *p, *shared;
	pid_t pid;

	write_to("/proc/sys/vm/nr_hugepages", "4");
	p = map(2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB);
	shared = map(2 * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB);
	CHECK(count(p, 2 * HUGE, '.') == 1024);
	touch(p, 512, 1);
	touch(shared, 0, 1);
	CHECK(count(p, HUGE, '.') == 512 && count(p + HUGE, HUGE, '1') == 512);
	CHECK(count(p + HUGE + 3 * PAGE, 4 * PAGE, '1') == 4);
	CHECK(count(shared, HUGE, '2') == 512 && count(shared + HUGE, HUGE, '.') == 512);
	if (child(NULL, &pid)) {
		touch(shared, 0, 1);
		for (;;)
			pause();
	}
	CHECK(count(p + HUGE, HUGE, '2') == 512);
	while (count(shared, HUGE, '3') != 512)
		usleep(10000);
	end(pid);
	CHECK(count(p + HUGE, HUGE, '1') == 512);
	munmap(p, 2 * HUGE);
	munmap(shared, 2 * HUGE);
	write_to("/proc/sys/vm/nr_hugepages", "0");
}

/* A header of swap space, as mkswap writes it: the ten characters, version 1, the last page. */
static void make_swap(const char *path, unsigned int pages)
{
	static char header[PAGE];
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	((unsigned int *)header)[256] = 1;
	((unsigned int *)header)[257] = pages - 1;
	memcpy(header + PAGE - 10, "SWAPSPACE2", 10);
	if (fd < 0 || write(fd, header, PAGE) != PAGE || fsync(fd))
		die("%s", path);
	close(fd);
}

static void swapped(void)
{
	char *p = map(64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);

	make_swap("/dev/ram0", 16384);
	if (swapon("/dev/ram0", 0))
		die("swapon");
	touch(p, 0, 64);
	CHECK(count(p, 64 * PAGE, '1') == 64);
	if (madvise(p + 16 * PAGE, 32 * PAGE, MADV_PAGEOUT))
		die("MADV_PAGEOUT");
	for (int i = 0; i < 100 && count(p + 16 * PAGE, 32 * PAGE, '.') != 32; i++)
		usleep(20000);
	CHECK(count(p + 16 * PAGE, 32 * PAGE, '.') == 32);
	CHECK(count(p, 64 * PAGE, '1') == 32);
	/* Back in memory, it may still have its place in swap: that is no use of it. */
	CHECK(((volatile char *)p)[20 * PAGE] == 1 && count(p + 20 * PAGE, PAGE, '1') == 1);
	if (swapoff("/dev/ram0"))
		die("swapoff");
	CHECK(count(p, 64 * PAGE, '1') == 64);
	munmap(p, 64 * PAGE);
}

static atomic_bool stop;

static void *compacts(void *arg)
{
	while (!stop)
		write_to("/proc/sys/vm/compact_memory", "1");
	return arg;
}

/* Pages that are moved all the time are in memory all the time. */
static void migrated(void)
{
	size_t pages = 4096;
	char *p = map(pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
	double start = seconds();
	long missing = 0, moved = 0;
	pthread_t thread;

	touch(p, 0, pages);
	if (pthread_create(&thread, NULL, compacts, NULL))
		die("pthread_create");
	/* On a busy machine it takes a while until the compaction has had its turn. */
	for (int round = 0; round < 10 || (moved == 0 && seconds() < start + 60); round++) {
		uint64_t before = entry_of("/proc/self/pagemap", (unsigned long)p / PAGE + 100);

		/* Holes for the compaction to fill. */
		for (size_t i = round % 4; i < pages; i += 4)
			madvise(p + i * PAGE, PAGE, MADV_DONTNEED);
		touch(p, 0, pages);
		missing += pages - count(p, pages * PAGE, '1');
		moved += before != entry_of("/proc/self/pagemap", (unsigned long)p / PAGE + 100);
	}
	stop = true;
	pthread_join(thread, NULL);
	CHECK(missing == 0);
	CHECK(moved > 0);
	munmap(p, pages * PAGE);
}

int main(void)
{
	against_pagemap();
	transparent_huge();
	hugetlb();
	swapped();
	migrated();
	return done("pages");
}
