/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes. Where the file system has none, the refusals are compared.
 * covers: setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr lremovexattr fremovexattr */
#include "t.h"

MAIN
{
	char b[70000], *e = t_edge(3);
	long f, p, n;

	t_file("f", "x");
	MUST(symlink, "f", "link");
	MUST(symlink, "loop", "loop");
	f = MUST(open, "f", O_RDWR);
	p = MUST(open, "f", O_PATH);
	T(setxattr, "f", "user.one", "1", 1, 0);
	T(setxattr, "f", "user.one", "11", 2, 1);
	T(setxattr, "f", "user.one", "11", 2, 2);
	T(setxattr, "f", "user.two", "22", 2, 2);
	T(setxattr, "f", "user.two", "22", 2, 3);
	T(setxattr, "f", "user.two", "22", 2, 99);
	T(lsetxattr, "f", "user.l", "l", 1, 0);
	T(lsetxattr, "link", "user.l", "l", 1, 0);
	T(fsetxattr, f, "user.f", "fff", 3, 0);
	T(fsetxattr, p, "user.f", "fff", 3, 0);
	T(fsetxattr, 99, "user.f", "fff", 3, 0);
	T(setxattr, "f", "user.empty", "", 0, 0);
	T(setxattr, "f", "user.empty2", NULL, 0, 0);
	T(setxattr, "f", "none.one", "1", 1, 0);
	T(setxattr, "f", "user.", "1", 1, 0);
	T(setxattr, "f", "", "1", 1, 0);
	T(setxattr, "f", "user", "1", 1, 0);
	char name[300];
	snprintf(name, sizeof(name), "user.%s", t_name(250));
	T(setxattr, "f", name, "1", 1, 0);
	snprintf(name, sizeof(name), "user.%s", t_name(251));
	T(setxattr, "f", name, "1", 1, 0);
	memset(b, 'b', sizeof(b));
	T(setxattr, "f", "user.big", b, 65536, 0);
	T(setxattr, "f", "user.big", b, 65537, 0);
	T(setxattr, "f", "user.big", b, -1L, 0);
	T(setxattr, "none", "user.a", "1", 1, 0);
	T(setxattr, "loop", "user.a", "1", 1, 0);
	T(setxattr, "f/x", "user.a", "1", 1, 0);
	T_BAD(t_in, setxattr, bad, "user.a", "1", 1, 0);
	T_BAD(t_in, setxattr, "f", bad, "1", 1, 0);
	T_BAD(t_in, setxattr, "f", "user.a", bad, 4, 0);
	T_BAD(t_in, fsetxattr, f, "user.a", bad, 4, 0);
	n = T(getxattr, "f", "user.one", b, sizeof(b));
	t_bytes("one", b, n);
	T(getxattr, "f", "user.one", NULL, 0);
	T(getxattr, "f", "user.one", b, 1);
	T(getxattr, "f", "user.none", b, 100);
	T(getxattr, "link", "user.one", b, 100);
	T(lgetxattr, "link", "user.one", b, 100);
	T(fgetxattr, f, "user.f", b, 100);
	T(fgetxattr, p, "user.f", b, 100);
	T(fgetxattr, 99, "user.f", b, 100);
	T(getxattr, "f", "user.f", e, 3);
	T(getxattr, "f", "user.f", e, 4);
	T(getxattr, "f", "user.f", e + 1, 3);
	T_BAD(t_out, getxattr, "f", "user.f", bad, 100);
	T_BAD(t_in, getxattr, "f", bad, b, 100);
	T_BAD(t_in, getxattr, bad, "user.f", b, 100);
	T_BAD(t_out, fgetxattr, f, "user.f", bad, 100);
	n = TQ(listxattr, "f", b, sizeof(b));
	int count = 0;
	for (long i = 0; i < n; i++)
		count += b[i] == 0;
	printf("names: %d\n", count);
	TQ(listxattr, "f", NULL, 0);
	T(listxattr, "f", b, 1);
	T(llistxattr, "link", b, sizeof(b));
	TQ(flistxattr, f, b, sizeof(b));
	T(flistxattr, 99, b, sizeof(b));
	T(listxattr, "none", b, sizeof(b));
	T_BAD(t_in, listxattr, bad, b, 100);
	T_BAD(t_out, listxattr, "f", bad, 1000);
	T_BAD(t_out, flistxattr, f, bad, 1000);
	T(removexattr, "f", "user.one");
	T(removexattr, "f", "user.one");
	T(lremovexattr, "f", "user.l");
	T(lremovexattr, "link", "user.l");
	T(fremovexattr, f, "user.f");
	T(fremovexattr, -1, "user.f");
	T(removexattr, "none", "user.f");
	T_BAD(t_in, removexattr, bad, "user.f");
	T_BAD(t_in, removexattr, "f", bad);
	T_BAD(t_in, fremovexattr, f, bad);
}
