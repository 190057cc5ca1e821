/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of this program, line by line: what /proc/self/maps says, and what lies there. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

static int initialised = 1, zero;

static const struct {
	const char *what;
	const void *where;
} known[] = {
	{ "the code of main", NULL }, /* a function is no object: filled in main */
	{ "a variable with a value", &initialised },
	{ "a variable that begins as 0", &zero },
	{ "this table, which is constant", known },
};

/* What a mapping is, by its last field and its rights. */
static const char *kind(const char *name, const char *rights, const char *self)
{
	if (!strcmp(name, "[heap]"))
		return "heap: malloc's small pieces, grown by brk";
	if (!strcmp(name, "[stack]"))
		return "stack: arguments, environment, local variables";
	if (!strcmp(name, "[vdso]"))
		return "code of the kernel's for calls that need not enter it";
	if (!strncmp(name, "[vvar", 5))
		return "the clock's data, which that code reads";
	if (!*name)
		return "memory without a file: malloc's large pieces, the library's variables";
	if (rights[2] == 'x')
		return !strcmp(name, self) ? "this program's code" : "a library's code";
	if (rights[1] == 'w')
		return !strcmp(name, self) ? "this program's variables" : "a library's variables";
	return !strcmp(name, self) ? "this program's constants and headers" : "a library's constants and headers";
}

static void explain(const char *line, const char *self, const void *const *where, const char *const *what, int n)
{
	unsigned long start, end, offset;
	char rights[8], name[256] = "";

	if (sscanf(line, "%lx-%lx %7s %lx %*s %*s %255s", &start, &end, rights, &offset, name) < 4)
		return;
	printf("%s    %lu KiB, %s\n", line, (end - start) / 1024, kind(name, rights, self));
	for (int i = 0; i < n; i++)
		if ((uintptr_t)where[i] >= start && (uintptr_t)where[i] < end)
			printf("    %p: %s\n", where[i], what[i]);
}

int main(int argc, char **argv)
{
	char *small = malloc(16), *large = malloc(1 << 20), line[512];
	const void *where[8] = {
		(const void *)(uintptr_t)main, &initialised, &zero, known, small, large, &argc, argv[0]
	};
	const char *const what[8] = { known[0].what, known[1].what,   known[2].what,     known[3].what,
				      "malloc(16)",  "malloc(1 MiB)", "main's argument", "argv[0]" };
	const char *self = (const char *)getauxval(AT_EXECFN);
	char path[4096];
	FILE *f = fopen("/proc/self/maps", "r");

	if (!f || !small || !large || !self || !realpath(self, path))
		return 1;
	while (fgets(line, sizeof(line), f))
		explain(line, path, where, what, 8);
	fclose(f);
	free(small);
	free(large);
	return 0;
}
