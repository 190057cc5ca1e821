/* SPDX-License-Identifier: Apache-2.0 */
/* Names: links, symbolic links, renames, removals.
 * covers: link linkat symlink symlinkat readlink readlinkat unlink unlinkat rename renameat renameat2 */
#include "t.h"

static char b[8192];

static void hard(void)
{
	long d = MUST(open, "d", O_RDONLY), f = MUST(open, "f", O_RDONLY);

	T(link, "f", "g");
	OK(t_size("g") == 4);
	T(link, "f", "g");
	T(link, "none", "h");
	T(link, "d", "dd");
	T(link, "f", "none/x");
	T(link, "f/x", "h");
	T(link, "f", "");
	T(link, "", "h");
	T(link, "sl", "hl");
	OK(S_ISLNK(t_mode("hl")));
	T(linkat, AT_FDCWD, "sl", AT_FDCWD, "hf", AT_SYMLINK_FOLLOW);
	OK(S_ISREG(t_mode("hf")));
	T(linkat, AT_FDCWD, "f", d, "h", 0);
	T(linkat, AT_FDCWD, "f", d, "h2", 0x4000);
	T(linkat, -1, "f", d, "h2", 0);
	T(linkat, AT_FDCWD, "f", 99, "h2", 0);
	T(linkat, f, "x", d, "h2", 0);
	T(link, "/dev/null", "null");
	T_BAD(t_in, link, bad, "x");
	T_BAD(t_in, link, "f", bad);
	T_BAD(t_in, linkat, AT_FDCWD, bad, AT_FDCWD, "x", 0);
	T(link, "f", t_name(256));
}

static void soft(void)
{
	long d = MUST(open, "d", O_RDONLY), p = MUST(open, "sl", O_PATH | O_NOFOLLOW);
	char *e = t_edge(3);

	T(symlink, "target/that/is/not", "s1");
	T(symlink, "x", "s1");
	T(symlink, "", "s2");
	T(symlink, "x", "");
	T(symlink, "x", "f/s");
	T(symlink, "x", "none/s");
	T(symlink, t_name(4095), "s3");
	T(symlink, t_name(4096), "s4");
	T(symlinkat, "../f", d, "up");
	T(symlinkat, "y", 99, "up");
	T(symlinkat, "y", -1, "up");
	T_BAD(t_in, symlink, bad, "z");
	T_BAD(t_in, symlink, "z", bad);
	T_BAD(t_in, symlinkat, bad, d, "z");
	long n = T(readlink, "s1", b, sizeof(b));
	t_bytes("s1", b, n);
	T(readlink, "s1", b, 6);
	T(readlink, "s1", b, 0);
	T(readlink, "s1", b, -1);
	T(readlink, "f", b, 10);
	T(readlink, "none", b, 10);
	T(readlink, "", b, 10);
	T(readlink, "f/x", b, 10);
	T(readlink, "s1", e, 3);
	T(readlink, "s1", e, 4);
	T(readlinkat, d, "up", b, 100);
	T(readlinkat, p, "", b, 100);
	T(readlinkat, d, "", b, 100);
	T(readlinkat, 99, "x", b, 100);
	T_BAD(t_in, readlink, bad, b, 10);
	T_BAD(t_out, readlink, "sl", bad, 10);
	T_BAD(t_out, readlinkat, AT_FDCWD, "sl", bad, 10);
	for (int i = 0; i < 45; i++) {
		char from[16], to[16];

		snprintf(from, sizeof(from), "c%d", i);
		snprintf(to, sizeof(to), "c%d", i + 1);
		MUST(symlink, from, to);
	}
	t_file("c0", "end");
	T(open, "c40", O_RDONLY);
	T(open, "c41", O_RDONLY);
}

static void removal(void)
{
	long d = MUST(open, "d", O_RDONLY), f;
	char c[4];

	T(unlink, "g");
	T(unlink, "g");
	T(unlink, "d");
	T(unlink, "f/x");
	T(unlink, "none/x");
	T(unlink, "");
	T(unlink, "sl");
	OK(t_size("f") == 4);
	T(unlink, "d/");
	T(unlink, "f/");
	T(unlinkat, d, "h", 0);
	T(unlinkat, d, "h", 0);
	T(unlinkat, d, "up", AT_REMOVEDIR);
	T(unlinkat, AT_FDCWD, "d", 0);
	T(unlinkat, AT_FDCWD, "d", AT_REMOVEDIR);
	T(unlinkat, AT_FDCWD, "d", 0x1);
	T(unlinkat, 99, "f", 0);
	T_BAD(t_in, unlink, bad);
	T_BAD(t_in, unlinkat, AT_FDCWD, bad, 0);
	f = MUST(open, "tmp", O_RDWR | O_CREAT, 0600);
	T(unlink, "tmp");
	T(write, f, "data", 4);
	T(pread64, f, c, 4, 0);
	struct stat st;
	MUST(fstat, f, &st);
	OK(st.st_nlink == 0);
	T(linkat, f, "", AT_FDCWD, "back", AT_EMPTY_PATH);
}

static void renames(void)
{
	long d = MUST(open, "d", O_RDONLY);

	t_file("r1", "one");
	t_file("r2", "two!");
	MUST(mkdir, "rd", 0755);
	MUST(mkdir, "rd/sub", 0755);
	MUST(mkdir, "re", 0755);
	T(rename, "r1", "r3");
	T(rename, "r1", "r4");
	T(rename, "r3", "r2");
	OK(t_size("r2") == 3);
	T(rename, "r2", "rd");
	T(rename, "rd", "r2");
	T(rename, "rd", "rd/sub/x");
	T(rename, "rd", "re");
	T(rename, "re", "re");
	t_file("re/x", "");
	MUST(mkdir, "rf", 0755);
	T(rename, "rf", "re");
	T(rename, "r2", "none/x");
	T(rename, "r2", "");
	T(rename, "", "x");
	T(rename, "r2/x", "y");
	T(rename, ".", "x");
	T(rename, "rf", "..");
	T(rename, "r2", "r2/");
	T(rename, "r2", t_name(256));
	T(rename, "r2", "/dev/husk-test-file");
	T(renameat, AT_FDCWD, "r2", d, "r2");
	T(renameat, d, "r2", AT_FDCWD, "r5");
	T(renameat, 99, "r2", AT_FDCWD, "r5");
	T(renameat, AT_FDCWD, "r5", -1, "r5");
	t_file("a", "a");
	t_file("bb", "bb");
	T(renameat2, AT_FDCWD, "a", AT_FDCWD, "bb", 1);
	long x = T(renameat2, AT_FDCWD, "a", AT_FDCWD, "bb", 2);
	printf("sizes %ld %ld\n", t_size("a"), t_size("bb"));
	OK(x || t_size("a") == 2);
	T(renameat2, AT_FDCWD, "a", AT_FDCWD, "none", 2);
	T(renameat2, AT_FDCWD, "a", AT_FDCWD, "c", 1);
	T(renameat2, AT_FDCWD, "c", AT_FDCWD, "bb", 3);
	T(renameat2, AT_FDCWD, "c", AT_FDCWD, "e", 99);
	T(renameat2, AT_FDCWD, "c", AT_FDCWD, "e", 0);
	T_BAD(t_in, rename, bad, "x");
	T_BAD(t_in, rename, "e", bad);
	T_BAD(t_in, renameat2, AT_FDCWD, "e", AT_FDCWD, bad, 0);
}

MAIN
{
	t_file("f", "file");
	MUST(mkdir, "d", 0755);
	MUST(symlink, "f", "sl");
	hard();
	soft();
	removal();
	renames();
}
