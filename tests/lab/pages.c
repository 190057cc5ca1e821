/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The courses' checks of mapspages, one a name: `pages CASE…`, or all without a name. Each prints the characters of the mapping that it made. Runs in husk
 * and on a Linux with the patches of linux/ (see husk/guest.h for the numbers).
 * covers: mapspages
 */
#include <husk/guest.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define PAGE 4096UL

static char text[1 << 20];

static char *map(unsigned long pages, int flags)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	/* One mapping of its own, and small pages only, so that what is touched is what is counted. */
	madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
	return p;
}

static void touch(char *p, unsigned long first, unsigned long last)
{
	for (unsigned long i = first; i <= last; i++)
		p[i * PAGE] = 1;
}

/* The line of characters for the range: the second line of the answer. */
static void show(const char *name, const char *p, unsigned long pages)
{
	long n = mapspages((unsigned long)p, (unsigned long)p + pages * PAGE, text, sizeof(text));
	char *line = n > 0 ? strchr(text, '\n') : NULL;

	if (n < 0 || !line) {
		printf("%s: %s\n", name, n < 0 ? strerror(errno) : "no lines");
		return;
	}
	printf("%s: %.*s\n", name, (int)strcspn(line + 1, "\n"), line + 1);
	fflush(stdout);
}

static void untouched(void)
{
	show("untouched", map(10, MAP_PRIVATE), 10);
}

static void touched(void)
{
	char *p = map(10, MAP_PRIVATE);

	touch(p, 0, 9);
	show("touched", p, 10);
}

static void odd(void)
{
	char *p = map(10, MAP_PRIVATE);

	for (int i = 1; i < 10; i += 2)
		p[(unsigned long)i * PAGE] = 1;
	show("odd", p, 10);
}

static void shared(void)
{
	char *p = map(10, MAP_SHARED);

	touch(p, 0, 4);
	show("shared", p, 10);
}

/* Only read: the zero page stands there, which is no page of the program's. */
static void zero(void)
{
	const volatile char *p = map(10, MAP_PRIVATE);

	for (unsigned long i = 0; i < 5; i++)
		(void)p[i * PAGE];
	show("zero", (const char *)p, 10);
}

static void many(void)
{
	const char *p = map(2000, MAP_PRIVATE);
	long n = mapspages((unsigned long)p, (unsigned long)p + 2000 * PAGE, text, sizeof(text));
	const char *line = strchr(text, '\n');

	printf("many: %lu of 2000 dots, %ld bytes, %s\n", strspn(line + 1, "."), n - (line + 1 - text),
	       text[n] == '\0' && strlen(text) == (size_t)n ? "ended" : "not ended");
}

static void stack(void)
{
	unsigned long here = (unsigned long)__builtin_frame_address(0);
	long n = mapspages(here, here + PAGE, text, sizeof(text));
	const char *line = n > 0 ? strchr(text, '\n') : NULL;

	printf("stack: %s, %c\n", line && !strncmp(line - 7, "[stack]", 7) ? "[stack]" : "another name",
	       line ? line[1] : '?');
}

static void file(void)
{
	/* The program itself, which is in the page cache and in this page table. */
	extern const char __executable_start[];
	long n =
		mapspages((unsigned long)__executable_start, (unsigned long)__executable_start + 1, text, sizeof(text));
	const char *line = n > 0 ? strchr(text, '\n') : NULL;

	printf("file: %s\n", line && line[1] >= '2' ? "2 or more" : "not in the page cache");
}

/* A range that begins within a page and ends within another; two mappings; what lies beside them is not shown. */
static void edges(void)
{
	char *p = map(8, MAP_PRIVATE);
	int lines = 0;
	long n;

	touch(p, 0, 7);
	mprotect(p + 4 * PAGE, 4 * PAGE, PROT_READ);
	n = mapspages((unsigned long)p + PAGE + 1, (unsigned long)p + 6 * PAGE + 1, text, sizeof(text));
	for (const char *c = text; n > 0 && (c = strchr(c, '\n')); c++)
		lines++;
	printf("edges: %d lines, %s, ", lines, strstr(text, "rw-p") ? "rw-p" : "?");
	printf("%s\n", strstr(text, "\n111\n") ? "111 and 111" : text);
}

static void errors(void)
{
	char *p = map(4, MAP_PRIVATE);
	unsigned long a = (unsigned long)p;
	char small[40];

	printf("errors: start above end %s", mapspages(2, 1, text, 10) < 0 ? strerror(errno) : "none");
	printf(", size 0 %s", mapspages(a, a + PAGE, text, 0) < 0 ? strerror(errno) : "none");
	printf(", no buffer %s", mapspages(a, a + PAGE, NULL, 100) < 0 ? strerror(errno) : "none");
	printf(", bad buffer %s", mapspages(a, a + PAGE, (char *)-8L, 4096) < 0 ? strerror(errno) : "none");
	mprotect(p + PAGE, PAGE, PROT_READ);
	printf(", read-only buffer %s", mapspages(a, a + PAGE, p + PAGE, PAGE) < 0 ? strerror(errno) : "none");
	printf(", empty range %ld", mapspages(a, a, text, sizeof(text)));
	memset(small, 'z', sizeof(small));
	printf(", no room %ld", mapspages(a, a + 4 * PAGE, small, sizeof(small)));
	printf(" %d %c\n", small[0], small[1]);
}

/* Far larger than memory: the text would not fit, so the line of its pages is left out, and nothing is lost. */
static void huge(void)
{
	char *p = map(1UL << 30, MAP_PRIVATE);
	long n;

	touch(p, 0, 3);
	n = mapspages((unsigned long)p, (unsigned long)p + (PAGE << 30), text, sizeof(text));
	printf("huge: %s",
	       n > 0 && text[n - 1] == '\n' && strchr(text, '\n') == text + n - 1 ? "one line" : "another text");
	show(", its begin", p, 8);
	munmap(p, PAGE << 30);
}

/* A child that waits until the pipe is closed, to have its pages counted meanwhile. */
static pid_t child(int release[2], char *p, int first, int last)
{
	int ready[2];
	char c;
	pid_t pid;

	if (pipe(ready))
		exit(1);
	pid = fork();
	if (pid < 0) {
		printf("fork: %s\n", strerror(errno));
		exit(1);
	}
	if (pid == 0) {
		if (first >= 0)
			touch(p, (unsigned long)first, (unsigned long)last);
		close(release[1]);
		close(ready[0]);
		if (write(ready[1], "", 1) != 1 || read(release[0], &c, 1) != 0)
			_exit(1);
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		exit(1);
	close(ready[0]);
	return pid;
}

static void forks(void)
{
	char *p = map(10, MAP_PRIVATE);
	int release[2];
	pid_t pid;

	if (pipe(release))
		exit(1);
	touch(p, 6, 9);
	pid = child(release, NULL, -1, 0);
	touch(p, 0, 3);
	show("fork", p, 10);
	close(release[1]);
	close(release[0]);
	waitpid(pid, NULL, 0);
}

/* Page i is touched before so many forks as make its count: 123413..x */
static void pattern(void)
{
	static const int want[10] = { 1, 2, 3, 4, 1, 3, 0, 0, 0, 10 };
	char *p = map(10, MAP_PRIVATE);
	int release[2], left = 9;

	if (pipe(release))
		exit(1);
	/* The page that shall have n page tables is touched when n - 1 forks are still to come. */
	for (; left >= 0; left--) {
		for (unsigned long i = 0; i < 10; i++)
			if (want[i] == left + 1)
				p[i * PAGE] = 1;
		if (left)
			child(release, NULL, -1, 0);
	}
	show("pattern", p, 9);
	show("pattern's last", p + 9 * PAGE, 1);
	close(release[1]);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "untouched", untouched }, { "touched", touched }, { "odd", odd },     { "shared", shared },
	{ "zero", zero },           { "many", many },       { "stack", stack }, { "file", file },
	{ "edges", edges },         { "errors", errors },   { "huge", huge },   { "fork", forks },
	{ "pattern", pattern },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int wanted = argc == 1;

		for (int k = 1; k < argc; k++)
			wanted |= !strcmp(argv[k], cases[i].name);
		if (wanted)
			cases[i].run();
	}
	return 0;
}
