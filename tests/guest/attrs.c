/* SPDX-License-Identifier: Apache-2.0 */
/* Modes, owners, times, umask, FIFOs.
 * covers: chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes utimensat futimesat umask mknod mknodat */
#include "t.h"

#include <sys/time.h>
#include <utime.h>

static void modes(void)
{
	long f = MUST(open, "f", O_RDWR), d = MUST(open, ".", O_RDONLY), p = MUST(open, "f", O_PATH);

	T(chmod, "f", 0604);
	printf("mode %lo\n", t_mode("f"));
	T(chmod, "f", 07777);
	printf("mode %lo\n", t_mode("f"));
	T(chmod, "link", 0600);
	printf("mode %lo\n", t_mode("f"));
	T(chmod, "none", 0600);
	T(chmod, "", 0600);
	T(chmod, "f/x", 0600);
	T(chmod, "loop", 0600);
	T(chmod, "dir", 01770);
	printf("mode %lo\n", t_mode("dir"));
	T(fchmod, f, 0640);
	T(fchmod, p, 0640);
	T(fchmod, -1, 0640);
	T(fchmod, 99, 0640);
	T(fchmodat, d, "f", 0444);
	printf("mode %lo\n", t_mode("f"));
	T(fchmodat, 99, "f", 0444);
	T(fchmodat, d, "", 0444);
	T(fchmodat2, d, "f", 0604, 0);
	T(fchmodat2, d, "link", 0600, AT_SYMLINK_NOFOLLOW);
	T(fchmodat2, d, "none", 0600, 0);
	T(fchmodat2, f, "", 0640, AT_EMPTY_PATH);
	T(fchmodat2, f, "", 0640, 0);
	T(fchmodat2, d, "f", 0604, 0x40000);
	T(fchmodat2, 99, "f", 0604, 0);
	T_BAD(t_in, fchmodat2, d, bad, 0600, 0);
	printf("mode %lo\n", t_mode("f"));
	T_BAD(t_in, chmod, bad, 0600);
	T_BAD(t_in, fchmodat, d, bad, 0600);
	T(umask, 0777);
	T(umask, 0);
	MUST(open, "m1", O_CREAT | O_RDWR, 0666);
	T(umask, 01077);
	MUST(open, "m2", O_CREAT | O_RDWR, 0666);
	MUST(mkdir, "m3", 0777);
	T(umask, 022);
	printf("modes %lo %lo %lo\n", t_mode("m1"), t_mode("m2"), t_mode("m3"));
	MUST(chmod, "f", 0644);
}

static void owners(void)
{
	long f = MUST(open, "f", O_RDWR), d = MUST(open, ".", O_RDONLY), p = MUST(open, "f", O_PATH), u = S(geteuid),
	     g = S(getegid);

	t_show("chown to myself", "", S(chown, "f", u, g));
	t_show("lchown to myself", "", S(lchown, "link", u, g));
	T(chown, "f", -1, -1);
	T(chown, "none", -1, -1);
	T(chown, "loop", -1, -1);
	T(lchown, "loop", -1, -1);
	T(fchown, f, -1, -1);
	T(fchown, p, -1, -1);
	T(fchown, 99, -1, -1);
	T(fchownat, d, "f", -1, -1, 0);
	T(fchownat, d, "loop", -1, -1, AT_SYMLINK_NOFOLLOW);
	T(fchownat, f, "", -1, -1, AT_EMPTY_PATH);
	T(fchownat, d, "f", -1, -1, 0x8000);
	T(fchownat, 99, "f", -1, -1, 0);
	T_BAD(t_in, chown, bad, -1, -1);
	T_BAD(t_in, lchown, bad, -1, -1);
	T_BAD(t_in, fchownat, d, bad, -1, -1, 0);
}

static void show_times(const char *name)
{
	struct stat st;

	MUST(lstat, name, &st);
	printf("%s: atime %ld.%09ld mtime %ld.%09ld\n", name, (long)st.st_atim.tv_sec, st.st_atim.tv_nsec,
	       (long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static void times_(void)
{
	long f = MUST(open, "f", O_RDWR), d = MUST(open, ".", O_RDONLY);
	struct utimbuf ub = { 1000, 2000 };
	struct timeval tv[2] = { { 3000, 1 }, { 4000, 999999 } }, tb[2] = { { 1, 1000000 }, { 1, 0 } };
	struct timespec ts[2] = { { 5000, 5 }, { 6000, 999999999 } };
	struct stat st;

	T(utime, "f", &ub);
	show_times("f");
	T(utimes, "f", tv);
	show_times("f");
	T(utimes, "f", tb);
	T(futimesat, d, "f", tv);
	T(futimesat, f, NULL, tv);
	T(futimesat, 99, "f", tv);
	T(utimensat, d, "f", ts, 0);
	show_times("f");
	T(utimensat, f, NULL, ts, 0);
	T(utimensat, f, "", ts, AT_EMPTY_PATH);
	T(utimensat, AT_FDCWD, "link", ts, AT_SYMLINK_NOFOLLOW);
	show_times("link");
	T(utimensat, AT_FDCWD, NULL, ts, 0);
	T(utimensat, 99, NULL, ts, 0);
	T(utimensat, d, "f", ts, 0x4000);
	ts[0].tv_nsec = UTIME_OMIT, ts[1].tv_sec = 77;
	T(utimensat, d, "f", ts, 0);
	show_times("f");
	ts[0].tv_nsec = 1000000000;
	T(utimensat, d, "f", ts, 0);
	ts[0].tv_nsec = -5;
	T(utimensat, d, "f", ts, 0);
	ts[0].tv_nsec = ts[1].tv_nsec = UTIME_OMIT;
	T(utimensat, d, "none", ts, 0);
	T(utimensat, d, "f", ts, 0);
	ts[0] = (struct timespec){ -10, 5 }, ts[1] = (struct timespec){ 1, 0 };
	T(utimensat, d, "f", ts, 0);
	show_times("f");
	ts[0].tv_nsec = UTIME_NOW;
	T(utimensat, d, "f", ts, 0);
	MUST(stat, "f", &st);
	OK(st.st_atim.tv_sec > 1600000000);
	T(utime, "f", NULL);
	T(utimes, "f", NULL);
	T(utimensat, d, "f", NULL, 0);
	MUST(stat, "f", &st);
	OK(st.st_mtim.tv_sec > 1600000000);
	T(utime, "none", NULL);
	T(utimes, "f/x", NULL);
	T(utimensat, d, "", NULL, 0);
	T_BAD(t_in, utime, bad, NULL);
	T_BAD(t_in_opt, utime, "f", bad);
	T_BAD(t_in_opt, utimes, "f", bad);
	T_BAD(t_in_opt, utimensat, d, "f", bad, 0);
	T_BAD(t_in_opt, utimensat, d, bad, NULL, 0);
	T_BAD(t_in_opt, futimesat, d, "f", bad);
}

static void nodes(void)
{
	long d = MUST(open, ".", O_RDONLY), f;

	T(mknod, "fifo", S_IFIFO | 0666, 0);
	printf("mode %lo\n", t_mode("fifo"));
	T(mknod, "fifo", S_IFIFO | 0666, 0);
	T(mknod, "reg", 0600, 0);
	T(mknod, "reg2", S_IFREG | 0600, 0);
	T(mknod, "dirnode", S_IFDIR | 0600, 0);
	T(mknod, "linknode", S_IFLNK | 0600, 0);
	T(mknod, "odd", 0170000 | 0600, 0);
	T(mknod, "none/x", S_IFIFO | 0600, 0);
	T(mknod, "", S_IFIFO | 0600, 0);
	T(mknodat, d, "fifo2", S_IFIFO | 0600, 0);
	T(mknodat, 99, "fifo3", S_IFIFO | 0600, 0);
	T(mknodat, d, "sock", S_IFSOCK | 0600, 0);
	T_BAD(t_in, mknod, bad, S_IFIFO | 0600, 0);
	T_BAD(t_in, mknodat, d, bad, S_IFIFO | 0600, 0);
	f = T(open, "fifo", O_RDWR | O_NONBLOCK);
	char c[8];
	T(read, f, c, 8);
	T(write, f, "pipe", 4);
	T(read, f, c, 8);
	T(open, "fifo2", O_WRONLY | O_NONBLOCK);
}

MAIN
{
	t_file("f", "x");
	MUST(symlink, "f", "link");
	MUST(symlink, "loop", "loop");
	MUST(mkdir, "dir", 0755);
	modes();
	owners();
	times_();
	nodes();
}
