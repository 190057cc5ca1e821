/* SPDX-License-Identifier: Apache-2.0 */
/* What an ordinary user may not do: EACCES, EPERM. Run as nobody when the tests run as root; refuses to run as root, and
 * changes nothing outside its own directory all the same.
 * user: nobody */
#include "t.h"

#include <sys/xattr.h>

MAIN
{
	struct timespec ts[2] = { { 1, 0 }, { 2, 0 } };
	char b[256];

	if (S(geteuid) == 0 || S(getuid) == 0) {
		OK(!"run by root");
		return;
	}
	t_file("f", "text");
	T(mkdir, "d", 0755);
	t_file("d/x", "x");
	T(chmod, "f", 0);
	T(open, "f", O_RDONLY);
	T(open, "f", O_WRONLY);
	T(truncate, "f", 0);
	T(access, "f", R_OK);
	T(access, "f", F_OK);
	T(faccessat, AT_FDCWD, "f", W_OK);
	T(faccessat2, AT_FDCWD, "f", W_OK, AT_EACCESS);
	T(chmod, "f", 0644);
	T(access, "f", R_OK | W_OK);
	T(access, "f", X_OK);
	T(chmod, "d", 0);
	T(open, "d/x", O_RDONLY);
	T(truncate, "d/x", 0);
	T(stat, "d/x", b);
	T(chdir, "d");
	T(open, "d", O_RDONLY);
	T(unlink, "d/x");
	T(mkdir, "d/y", 0755);
	T(rename, "f", "d/f");
	T(link, "f", "d/f");
	T(symlink, "f", "d/f");
	T(readlink, "d/x", b, sizeof(b));
	T(chmod, "d/x", 0644);
	T(utimensat, AT_FDCWD, "d/x", ts, 0);
	T(getxattr, "d/x", "user.a", b, sizeof(b));
	T(statfs, "d/x", b);
	T(chmod, "d", 0555);
	T(unlink, "d/x");
	T(open, "d/z", O_CREAT | O_RDWR, 0644);
	T(mknod, "d/z", S_IFIFO | 0644, 0);
	T(rmdir, "d");
	T(chmod, "d", 0755);
	T(chown, "f", 0, 0);
	T(lchown, "f", 0, -1);
	T(fchownat, AT_FDCWD, "f", -1, 0, 0);
	T(chown, "f", -1, -1);
	T(mknod, "dev", S_IFCHR | 0644, 0x103);
	T(mknod, "blk", S_IFBLK | 0644, 0x800);
	T(open, "/etc/passwd", O_RDWR);
	T(open, "/etc/shadow", O_RDONLY);
	T(access, "/etc/passwd", W_OK);
	T(setxattr, "f", "trusted.a", "x", 1, 0);
	T(setuid, 0);
	T(setgid, 0);
	T(setresuid, -1, -1, 0);
	T(setpriority, 0, 0, -5);
	T(kill, 1, 0);
	long fd = MUST(open, "f", O_RDONLY);
	T(fchmod, fd, 0600);
	T(fchown, fd, 0, 0);
	T(fcntl, fd, F_SETFL, O_NOATIME);
	fd = MUST(open, "/etc/passwd", O_RDONLY);
	T(fcntl, fd, F_SETFL, O_NOATIME);
	T(open, "/etc/passwd", O_RDONLY | O_NOATIME);
	T(open, "/proc/1/environ", O_RDONLY);
}
