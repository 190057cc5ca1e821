// SPDX-License-Identifier: GPL-2.0
/* mapspages(): the courses' nine checks, the form of the text, what does not fit, and errors. */
#include <fcntl.h>
#include <signal.h>

#include "lab.h"

static char text[1 << 20];

/* The characters of [start, start + pages), or what went wrong. */
static const char *pages_of(void *start, size_t pages)
{
	unsigned long from = (unsigned long)start;
	long n = mapspages(from, from + pages * PAGE, text, sizeof(text));
	char *line;

	if (n < 0)
		return strerror(errno);
	if (n != (long)strlen(text) || n < 2 || text[n - 1] != '\n')
		return "not lines of the length returned";
	text[n - 1] = 0;
	line = strchr(text, '\n');
	return line ? line + 1 : "only one line";
}

static bool shows(void *start, size_t pages, const char *expected)
{
	const char *got = pages_of(start, pages);

	if (strcmp(got, expected) == 0)
		return true;
	printf("    %s, not %s\n", got, expected);
	return false;
}

static char *ten(int kind)
{
	return map(10 * PAGE, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS);
}

static void classic_touched(void)
{
	char *untouched = ten(MAP_PRIVATE), *all = ten(MAP_PRIVATE), *odd = ten(MAP_PRIVATE), *shared = ten(MAP_SHARED);

	CHECK(shows(untouched, 10, ".........."));
	touch(all, 0, 10);
	CHECK(shows(all, 10, "1111111111"));
	for (int i = 1; i < 10; i += 2)
		touch(odd, i, 1);
	CHECK(shows(odd, 10, ".1.1.1.1.1"));
	touch(shared, 0, 5);
	CHECK(shows(shared, 10, "22222....."));
}

static void classic_fork(void)
{
	char *p = ten(MAP_PRIVATE);
	pid_t pid;

	touch(p, 6, 4);
	if (child(NULL, &pid))
		for (;;)
			pause();
	touch(p, 0, 4);
	CHECK(shows(p, 10, "1111..2222"));
	end(pid);
	CHECK(shows(p, 10, "1111..1111"));
}

/* A page that is touched before the last n of ten forks is in n + 1 page tables. */
static void classic_pattern(void)
{
	static const char pattern[] = "123413..x";
	char *p = ten(MAP_PRIVATE);
	pid_t pids[10];

	for (int left = 10; left >= 0; left--) {
		for (int i = 0; pattern[i]; i++)
			if (pattern[i] == 'x' ? left == 10 : pattern[i] - '1' == left)
				touch(p, i, 1);
		if (left && child(NULL, &pids[left - 1]))
			for (;;)
				pause();
	}
	CHECK(shows(p, 9, pattern));
	for (int i = 0; i < 10; i++)
		end(pids[i]);
	CHECK(shows(p, 9, "111111..1"));
}

static void classic_long(void)
{
	char *p = map(2000 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS), dots[2001];

	memset(dots, '.', 2000);
	dots[2000] = 0;
	CHECK(shows(p, 2000, dots));
	munmap(p, 2000 * PAGE);
}

/* The bounds of the mapping that holds an address. */
static void mapping_of(const void *address, unsigned long *start, unsigned long *end)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long a = (unsigned long)address;
	char line[5000];

	if (!maps)
		die("/proc/self/maps");
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", start, end) == 2 && *start <= a && a < *end) {
			fclose(maps);
			return;
		}
	}
	die("no mapping at %p", address);
}

static void classic_stack(void)
{
	unsigned long sp = (unsigned long)__builtin_frame_address(0) & -PAGE, start, end;
	const char *got;

	mapping_of((void *)sp, &start, &end);
	/* Between the frames and the arguments, which are placed at random, a page may be left out. */
	for (unsigned long p = sp; p < end; p += PAGE)
		*(volatile char *)p = *(volatile char *)p;
	got = pages_of((void *)sp, (end - sp) / PAGE);
	CHECK(strlen(got) == (end - sp) / PAGE);
	CHECK(got[0] == '1');
	CHECK(strspn(got, "1") == strlen(got));
	CHECK(strstr(text, "[stack]") != NULL);
}

/* Of 16 TiB the line that tells its bounds fits, the 4 Gi characters do not. */
static void classic_huge(void)
{
	size_t size = 16UL << 40;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	long n;

	if (p == MAP_FAILED)
		die("mmap of 16 TiB");
	touch(p, 7, 1);
	n = mapspages((unsigned long)p, (unsigned long)p + size, text, sizeof(text));
	CHECK(n > 0 && n < 200);
	CHECK(strchr(text, '\n') == text + n - 1);
	CHECK(text[n] == 0);
	CHECK(shows(p, 10, ".......1.."));
	CHECK(shows(p + size - 10 * PAGE, 10, ".........."));
	munmap(p, size);
}

/* Whatever the room: whole lines, their number of bytes, a NUL, and nothing behind. */
static void what_fits(void)
{
	char *p = map(30 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS), whole[4096], part[4096];
	unsigned long from = (unsigned long)p, to = from + 30 * PAGE;
	bool lines = true, nul = true, bounds = true, longest = true;
	long n;

	mprotect(p + 10 * PAGE, 10 * PAGE, PROT_READ);
	n = mapspages(from, to, whole, sizeof(whole));
	CHECK(n > 0 && n < 4000);
	for (long size = 1; size <= n + 2; size++) {
		memset(part, '#', sizeof(part));
		long m = mapspages(from, to, part, size);
		const char *more = m >= 0 && m < n ? strchr(whole + m, '\n') + 1 : NULL;

		lines &= m >= 0 && m < size && memcmp(part, whole, m) == 0 && (m == 0 || part[m - 1] == '\n');
		nul &= part[m] == 0;
		bounds &= part[size] == '#';
		longest &= !more || more - whole >= size;
	}
	CHECK(lines);
	CHECK(nul);
	CHECK(bounds);
	CHECK(longest);
	munmap(p, 30 * PAGE);
}

/* Lines are those of /proc/self/maps; characters are those of the range alone, pages cut by it included. */
static void form(void)
{
	char *p = map(20 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS), expected[300];
	unsigned long at = (unsigned long)p, start, end;

	munmap(p + 18 * PAGE, 2 * PAGE);
	munmap(p, 2 * PAGE);
	mprotect(p + 10 * PAGE, 2 * PAGE, PROT_NONE);
	touch(p, 4, 2);
	mapping_of(p + 4 * PAGE, &start, &end);
	snprintf(expected, sizeof(expected), "%lx-%lx rw-p 00000000 00:00 0 \n1", start, end);
	CHECK(mapspages(at + 4 * PAGE + 5, at + 5 * PAGE, text, sizeof(text)) > 0);
	CHECK(strncmp(text, expected, strlen(expected)) == 0);
	CHECK(strcmp(strchr(text, '\n'), "\n1\n") == 0);
	CHECK(mapspages(at + 4 * PAGE + 5, at + 5 * PAGE + 1, text, sizeof(text)) > 0);
	CHECK(strcmp(strchr(text, '\n'), "\n11\n") == 0);
	CHECK(mapspages(at + 12 * PAGE - 1, at + 12 * PAGE + 1, text, sizeof(text)) > 0);
	CHECK(strstr(text, " ---p 00000000 00:00 0 \n.\n") != NULL);
	CHECK(strstr(text, " rw-p 00000000 00:00 0 \n.\n") != NULL);
	CHECK(mapspages(at, at + 2 * PAGE, text, sizeof(text)) == 0 && text[0] == 0);
	CHECK(mapspages(at + 4 * PAGE, at + 4 * PAGE, text, sizeof(text)) == 0 && text[0] == 0);
}

/* A private page that was only read is the zero page; a page of a file is in the page cache, and stays there when it is not mapped. */
static void kinds(void)
{
	char *p = ten(MAP_PRIVATE), *file;
	int fd = memfd_create("lab", 0), sum = 0;

	for (int i = 0; i < 10; i++)
		sum += ((volatile char *)p)[i * PAGE];
	CHECK(sum == 0 && shows(p, 10, ".........."));
	if (fd < 0 || ftruncate(fd, 10 * PAGE))
		die("memfd_create");
	file = mmap(NULL, 10 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	p = mmap(NULL, 10 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (file == MAP_FAILED || p == MAP_FAILED)
		die("mmap of a file");
	touch(file, 0, 5);
	CHECK(shows(file, 10, "22222....."));
	CHECK(shows(p, 10, ".........."));
	touch(p, 0, 2);
	CHECK(shows(p, 2, "11"));
	CHECK(shows(file, 5, "22222"));
	close(fd);
}

static void errors(void)
{
	char *p = ten(MAP_PRIVATE), *read_only = map(PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS);
	unsigned long at = (unsigned long)p, to = at + 10 * PAGE;
	char *edge = map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS) + PAGE - 20;

	munmap(edge + 20, PAGE);
	FAILS(mapspages(to, at, text, sizeof(text)), EINVAL);
	FAILS(mapspages(at, to, text, 0), EINVAL);
	FAILS(mapspages(to, at, NULL, sizeof(text)), EINVAL);
	FAILS(mapspages(at, to, NULL, sizeof(text)), EFAULT);
	FAILS(mapspages(at, to, read_only, PAGE), EFAULT);
	FAILS(mapspages(at, to, edge, PAGE), EFAULT);
	FAILS(mapspages(at, at, read_only, 1), EFAULT);
	FAILS(mapspages(at, to, (char *)-PAGE, PAGE), EFAULT);
	CHECK(mapspages(at, to, edge, 20) == 0 && edge[0] == 0);
	CHECK(mapspages(-2UL * PAGE, -1UL, text, sizeof(text)) == 0);
}

int main(void)
{
	classic_touched();
	classic_fork();
	classic_pattern();
	classic_long();
	classic_stack();
	classic_huge();
	what_fits();
	form();
	kinds();
	errors();
	return done("mapspages");
}
