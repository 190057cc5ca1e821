/* SPDX-License-Identifier: Apache-2.0 */
/* Opening files: every flag, lowest free descriptor, every error that a path can give.
 * covers: open openat openat2 creat close */
#include "t.h"

struct how {
	uint64_t flags, mode, resolve;
};

static void flags(void)
{
	T(open, "a", O_RDONLY);
	T(open, "a", O_RDWR | O_CREAT | O_EXCL, 0640);
	T(open, "a", O_RDWR | O_CREAT | O_EXCL, 0640);
	OK((t_mode("a") & 07777) == 0640);
	T(write, 3, "hello", 5);
	T(open, "a", O_WRONLY | O_APPEND);
	T(write, 4, " world", 6);
	T(fcntl, 4, F_GETFL);
	T(lseek, 4, 0, SEEK_CUR);
	T(open, "a", O_RDONLY | O_TRUNC);
	OK(t_size("a") == 0);
	T(close, 3);
	T(open, "a", O_RDONLY | O_CLOEXEC);
	T(fcntl, 3, F_GETFD);
	T(fcntl, 3, F_GETFL);
	T(read, 4, "x", 1);
	T(write, 3, "x", 1);
	T(close, 4);
	T(close, 4);
	T(close, -1);
	T(close, 100000);
	T(close, 0x100000003UL);
	T(open, "b", 3 | O_CREAT, 0600);
	T(read, 3, NULL, 1);
	T(creat, "c", 0200);
	T(creat, "a/b", 0200);
	T(open, "umask", O_CREAT | O_RDWR, 0777);
	OK((t_mode("umask") & 07777) == 0755);
	T(open, "sticky", O_CREAT | O_RDWR, 07777);
	printf("mode %lo\n", t_mode("sticky"));
}

static void kinds(void)
{
	T(mkdir, "d", 0755);
	T(symlink, "a", "link");
	T(symlink, "loop", "loop");
	T(symlink, "nowhere", "dangling");
	T(open, "d", O_RDONLY);
	T(open, "d", O_WRONLY);
	T(open, "d", O_RDONLY | O_CREAT, 0644);
	T(open, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	T(open, "a", O_RDONLY | O_DIRECTORY);
	T(open, "link", O_RDONLY | O_NOFOLLOW);
	T(open, "link", O_RDONLY);
	T(open, "loop", O_RDONLY);
	T(open, "dangling", O_RDONLY);
	T(open, "dangling", O_RDWR | O_CREAT | O_EXCL, 0644);
	T(open, "dangling", O_RDWR | O_CREAT, 0644);
	OK(t_size("nowhere") == 0);
	T(open, "a/", O_RDONLY);
	T(open, "a/x", O_RDONLY);
	T(open, "new/", O_RDWR | O_CREAT, 0644);
	T(open, "none/x", O_RDWR | O_CREAT, 0644);
	T(open, "", O_RDONLY);
	T(open, ".", O_RDONLY);
	T(open, ".", O_RDWR);
	T(open, "./d/../a", O_RDONLY);
	T(open, "//", O_RDONLY);
	T(open, "/dev/null", O_RDWR);
	T(open, "/nowhere/at/all", O_RDONLY);
	T(open, t_name(255), O_RDONLY);
	T(open, t_name(256), O_RDONLY);
	t_show("open a path of 4094", "", S(open, t_long_path(4094), O_RDONLY));
	t_show("open a path of 4095", "", S(open, t_long_path(4095), O_RDONLY));
	t_show("open a path of 4096", "", S(open, t_long_path(4096), O_RDONLY));
	t_show("open a path of 70000", "", S(open, t_long_path(70000), O_RDONLY));
	T_BAD(t_in, open, bad, O_RDONLY);
	T_BAD(t_in, creat, bad, 0644);
	char *e = t_edge(2);
	strcpy(e, "a");
	T(open, e, O_RDONLY);
}

static void at(void)
{
	long d = MUST(open, "d", O_RDONLY | O_DIRECTORY), f = MUST(open, "a", O_RDONLY), p;

	T(openat, d, "x", O_RDWR | O_CREAT, 0600);
	T(openat, d, "../a", O_RDONLY);
	T(openat, f, "x", O_RDONLY);
	T(openat, -1, "x", O_RDONLY);
	T(openat, -1, "/", O_RDONLY);
	T(openat, 9999, "a", O_RDONLY);
	T(openat, AT_FDCWD, "a", O_RDONLY);
	T(openat, 0xffffff9cUL, "a", O_RDONLY);
	T(openat, d, "", O_RDONLY);
	T_BAD(t_in, openat, d, bad, O_RDONLY);
	p = T(openat, AT_FDCWD, "a", O_PATH);
	T(read, p, NULL, 0);
	T(fcntl, p, F_GETFL);
	T(openat, d, ".", O_PATH | O_DIRECTORY);
	T(openat, AT_FDCWD, "link", O_PATH | O_NOFOLLOW);
	T(close, p);
	p = S(openat, d, ".", O_TMPFILE | O_RDWR, 0600);
	OK(p >= 0 || p == -EOPNOTSUPP || p == -EISDIR);
	T(openat, d, ".", O_TMPFILE | O_RDONLY, 0600);
	T(openat, d, "x", O_TMPFILE | O_RDWR, 0600);
	T(openat, d, "nodir", O_TMPFILE | O_RDWR, 0600);
	T(openat, d, "x", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_SYNC | O_DSYNC | O_NOATIME);
	T(openat, d, "x", O_RDONLY | 0x80000000);
}

static void at2(void)
{
	struct how h = { O_RDONLY, 0, 0 }, w = { O_RDWR | O_CREAT, 0644, 0 };
	struct {
		struct how h;
		uint64_t more;
	} big = { { O_RDONLY, 0, 0 }, 0 };
	char *e = t_edge(sizeof(h));

	T(openat2, AT_FDCWD, "a", &h, sizeof(h));
	T(openat2, AT_FDCWD, "two", &w, sizeof(w));
	T(openat2, AT_FDCWD, "a", &h, 0);
	T(openat2, AT_FDCWD, "a", &h, 16);
	T(openat2, AT_FDCWD, "a", &h, 23);
	T(openat2, AT_FDCWD, "a", &big, sizeof(big));
	big.more = 1;
	T(openat2, AT_FDCWD, "a", &big, sizeof(big));
	T(openat2, AT_FDCWD, "a", &h, 5000);
	memcpy(e, &h, sizeof(h));
	T(openat2, AT_FDCWD, "a", e, sizeof(h));
	T(openat2, AT_FDCWD, "a", e, sizeof(big));
	T_BAD(t_in, openat2, AT_FDCWD, "a", bad, sizeof(h));
	T_BAD(t_in, openat2, AT_FDCWD, bad, &h, sizeof(h));
	h.mode = 0644;
	T(openat2, AT_FDCWD, "a", &h, sizeof(h));
	h = (struct how){ 1UL << 40, 0, 0 };
	T(openat2, AT_FDCWD, "a", &h, sizeof(h));
	w.mode = 010000;
	T(openat2, AT_FDCWD, "three", &w, sizeof(w));
	static const uint64_t resolve[] = { 1, 2, 4, 8, 0x10, 0x18, 0x20, 0x40, 1UL << 40 };
	static const char *const name[] = { "a", "link", "../x", "/dev/null", "d/../a" };
	for (unsigned i = 0; i < 9; i++) {
		for (unsigned j = 0; j < 5; j++) {
			h = (struct how){ O_RDONLY, 0, resolve[i] };
			long r;
			/* EAGAIN: somebody on this machine renamed something, and the kernel cannot tell what. But of
			 * RESOLVE_CACHED it is the answer, for as long as it is asked: tmpfs remembers no absent names. */
			do
				r = S(openat2, AT_FDCWD, name[j], &h, sizeof(h));
			while (r == -EAGAIN && resolve[i] != 0x20);
			printf("resolve %lx %s: %s\n", (long)resolve[i], name[j], r >= 0 ? "opened" : t_errname(r));
			if (r >= 0)
				MUST(close, r);
		}
	}
}

MAIN
{
	flags();
	kinds();
	at();
	at2();
}
