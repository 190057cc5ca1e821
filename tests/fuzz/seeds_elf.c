/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seeds for fuzz_elf: seeds_elf DIR writes every hand-made file of the unit tests (the 4096-byte page cut to what
 * matters), and the first kilobytes of whatever real programs this machine has. Nothing of the latter is kept in the
 * repository.
 */
#include "elf_maker.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REAL_BYTES 1536 /* holds the headers and the interpreter's path */
#define REAL_MAX   40   /* of each directory */

static int save(const char *dir, const char *name, const void *bytes, size_t n)
{
	char path[4096];
	FILE *f;
	int ok;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	if (!f) {
		perror(path);
		return -1;
	}
	ok = fwrite(bytes, 1, n, f) == n;
	return fclose(f) == 0 && ok ? 0 : -1;
}

static int save_variants(const char *dir)
{
	static struct elf_file f;
	char name[128];

	for (size_t i = 0; i < elf_variant_count; i++) {
		const struct elf_variant *v = &elf_variants[i];

		elf_make(&f, v->type);
		v->make(&f);
		snprintf(name, sizeof(name), "made-%s-%u", v->name, v->type);
		/* Most need their headers and no more; a size that is odd already is the point of the variant. */
		if (save(dir, name, f.bytes, f.size == 4096 && !strstr(v->name, "interp") ? 640 : f.size) < 0)
			return -1;
	}
	return 0;
}

static void save_real(const char *dir, const char *from)
{
	DIR *d = opendir(from);
	struct dirent *e;
	int saved = 0;

	while (d && saved < REAL_MAX && (e = readdir(d))) {
		char path[4096], head[REAL_BYTES], name[300];
		size_t n = 0;
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", from, e->d_name);
		f = fopen(path, "re");
		if (f) {
			n = fread(head, 1, sizeof(head), f);
			fclose(f);
		}
		if (n < SELFMAG || memcmp(head, ELFMAG, SELFMAG) != 0)
			continue;
		snprintf(name, sizeof(name), "real-%.200s", e->d_name);
		saved += save(dir, name, head, n) == 0;
	}
	if (d)
		closedir(d);
}

int main(int argc, char **argv)
{
	static const char *const from[] = { "/usr/bin", "/usr/sbin", "/lib64", "/usr/lib/x86_64-linux-gnu" };

	if (argc != 2 || save_variants(argv[1]) < 0)
		return 1;
	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
		save_real(argv[1], from[i]);
	return 0;
}
