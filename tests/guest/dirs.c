/* SPDX-License-Identifier: Apache-2.0 */
/* Directories: making, listing, walking, removing.
 * covers: mkdir mkdirat rmdir getdents getdents64 chdir fchdir getcwd */
#include "t.h"

struct ent64 {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
};

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The sorted names and types, read with a buffer of this size. */
static void list(long fd, size_t size)
{
	static char names[200][300];
	char *buf = t_edge(size);
	unsigned n = 0;
	long got;

	MUST(lseek, fd, 0, SEEK_SET);
	while ((got = S(getdents64, fd, buf, size)) > 0) {
		for (long at = 0; at < got; at += ((struct ent64 *)(buf + at))->len) {
			struct ent64 *e = (struct ent64 *)(buf + at);
			struct stat st;

			if (n < 200)
				snprintf(names[n++], 300, "%s type %d", e->name, e->type);
			if (strcmp(e->name, "..") &&
			    (S(newfstatat, fd, e->name, &st, AT_SYMLINK_NOFOLLOW) || st.st_ino != e->ino))
				OK(!"inode numbers agree");
		}
	}
	t_show("end of list", "", got);
	qsort(names, n, sizeof(names[0]), by_name);
	for (unsigned i = 0; i < n; i++)
		printf("  %s\n", names[i]);
}

static void make(void)
{
	long d;

	T(mkdir, "d", 0777);
	OK((t_mode("d") & 07777) == 0755);
	T(mkdir, "d", 0777);
	T(mkdir, "d/", 0777);
	T(mkdir, "none/d", 0777);
	T(mkdir, "e/", 0700);
	T(mkdir, "", 0777);
	T(mkdir, "/", 0777);
	T(mkdir, ".", 0777);
	T(mkdir, "d/..", 0777);
	T(mkdir, t_name(255), 0755);
	T(mkdir, t_name(256), 0755);
	t_file("f", "x");
	T(mkdir, "f", 0777);
	T(mkdir, "f/d", 0777);
	MUST(symlink, "dangling", "s");
	T(mkdir, "s", 0777);
	T(mkdir, "sticky", 01777);
	printf("mode %lo\n", t_mode("sticky"));
	d = MUST(open, "d", O_RDONLY);
	T(mkdirat, d, "in", 0711);
	T(mkdirat, d, "in", 0711);
	T(mkdirat, 99, "in2", 0711);
	T(mkdirat, -1, "in2", 0711);
	T(mkdirat, AT_FDCWD, "d/in2", 0711);
	T_BAD(t_in, mkdir, bad, 0700);
	T_BAD(t_in, mkdirat, d, bad, 0700);
}

static void entries(void)
{
	long d = MUST(open, "d", O_RDONLY), f = MUST(open, "f", O_RDONLY), g;
	char name[64], *e = t_edge(20);

	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "d/file-with-a-name-%d", i);
		t_file(name, "");
	}
	MUST(symlink, "x", "d/link");
	MUST(mknod, "d/fifo", S_IFIFO | 0600, 0);
	list(d, 2048);
	list(d, 100);
	T(getdents64, d, name, sizeof(name));
	MUST(lseek, d, 0, SEEK_SET);
	T(getdents64, d, name, 0);
	T(getdents64, d, name, 10);
	T(getdents64, d, e, 20);
	T(getdents64, f, name, 64);
	T(getdents64, 99, name, 64);
	T(getdents64, -1, name, 64);
	T_BAD(t_out, getdents64, d, bad, 4096);
	g = S(getdents, d, name, sizeof(name));
	OK(g > 0);
	T_BAD(t_out, getdents, d, bad, 4096);
	T(getdents, f, name, sizeof(name));
	T(getdents, -1, name, sizeof(name));
	MUST(mkdir, "gone", 0755);
	d = MUST(open, "gone", O_RDONLY);
	MUST(rmdir, "gone");
	T(getdents64, d, name, 64);
	T(openat, d, "x", O_CREAT | O_RDWR, 0644);
}

static void walk(void)
{
	char start[4096], now[4096], *e = t_edge(8);
	long d = MUST(open, "d", O_RDONLY), f = MUST(open, "f", O_RDONLY), n = S(getcwd, start, sizeof(start));

	OK(n == (long)strlen(start) + 1);
	T(getcwd, start, n - 1);
	T(getcwd, start, 0);
	T(getcwd, NULL, 0);
	T_BAD(t_out, getcwd, bad, 4096);
	T(chdir, "d");
	S(getcwd, now, sizeof(now));
	OK(!strncmp(now, start, strlen(start)) && !strcmp(now + strlen(start), "/d"));
	OK(t_size("file-with-a-name-3") == 0);
	T(chdir, "../d/in");
	T(chdir, "../../f");
	T(chdir, "none");
	T(chdir, "");
	T_BAD(t_in, chdir, bad);
	T(fchdir, f);
	T(fchdir, -1);
	T(fchdir, 99);
	T(fchdir, d);
	T(chdir, "/");
	T(getcwd, e, 8);
	t_bytes("cwd", e, 2);
	T(chdir, start);
	MUST(mkdir, "leave", 0755);
	T(chdir, "leave");
	T(rmdir, "../leave");
	T(getcwd, now, sizeof(now));
	T(open, "x", O_CREAT | O_RDWR, 0644);
	T(chdir, "..");
	T(chdir, start);
}

static void removal(void)
{
	T(rmdir, "d");
	T(rmdir, "f");
	T(rmdir, "none");
	T(rmdir, "s");
	T(rmdir, ".");
	T(rmdir, "d/in/.");
	T(rmdir, "d/in/..");
	T(rmdir, "/");
	T(rmdir, "");
	T(rmdir, "d/in");
	T(rmdir, "d/in");
	T(rmdir, "f/x");
	T_BAD(t_in, rmdir, bad);
}

MAIN
{
	make();
	entries();
	walk();
	removal();
}
