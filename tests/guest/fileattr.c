/* SPDX-License-Identifier: Apache-2.0 */
/* What newer and older kernels tell about files beside stat: the page cache, attributes, a file system by its device; and chroot, which an ordinary user may
 * not do. What the kernel does not know is ENOSYS, natively too.
 * covers: cachestat file_getattr file_setattr ustat chroot */
#include "t.h"

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif
#ifndef SYS_file_getattr
#define SYS_file_getattr 468
#define SYS_file_setattr 469
#endif

static void cache(void)
{
	long fd = MUST(open, "f", O_RDWR), path = MUST(open, "f", O_PATH);
	uint64_t range[2] = { 0, 0 }, counts[5] = { 0 };
	int p[2];

	TQ(cachestat, fd, range, counts, 0);
	printf("in the cache: %lu\n", (unsigned long)counts[0]);
	T(cachestat, fd, range, counts, 1);
	T(cachestat, -1, range, counts, 0);
	T(cachestat, path, range, counts, 0);
	MUST(pipe, p);
	T(cachestat, p[0], range, counts, 0);
	T_BAD(t_in, cachestat, fd, bad, counts, 0);
	T_BAD(t_out, cachestat, fd, range, bad, 0);
}

static void attributes(void)
{
	uint64_t attr[16] = { 0 };

	TQ(file_getattr, AT_FDCWD, "f", attr, 24, 0);
	TQ(file_getattr, AT_FDCWD, "f", attr, 23, 0);
	TQ(file_getattr, AT_FDCWD, "f", attr, 5000, 0);
	TQ(file_getattr, AT_FDCWD, "f", attr, 24, 0x10000000);
	TQ(file_getattr, AT_FDCWD, "nothing", attr, 24, 0);
	TQ(file_getattr, -1, "f", attr, 24, 0);
	TQ(file_setattr, AT_FDCWD, "f", attr, 24, 0);
	TQ(file_setattr, AT_FDCWD, "f", attr, 8, 0);
	TQ(file_setattr, AT_FDCWD, "f", attr, 5000, 0);
	T_BAD(t_in, file_setattr, AT_FDCWD, "f", bad, 24, 0);
	T_BAD(t_out, file_getattr, AT_FDCWD, "f", bad, 24, 0);
}

static void root(void)
{
	char *loop = "loop";

	MUST(mkdir, "d", 0755);
	MUST(mkdir, "closed", 0);
	MUST(symlink, loop, loop);
	T(chroot, "d");
	T(chroot, "f");
	T(chroot, "nothing");
	T(chroot, "closed");
	T(chroot, loop);
	T(chroot, "");
	t_show("chroot", "(long)", S(chroot, t_long_path(PATH_MAX)));
	T_BAD(t_in, chroot, bad);
	MUST(chmod, "closed", 0755);
}

MAIN
{
	char out[32];
	struct stat st;

	t_file("f", "some text");
	cache();
	attributes();
	root();
	MUST(stat, "/", &st);
	TQ(ustat, (unsigned)st.st_dev, out);
	T(ustat, 0xfff, out);
	T_BAD(t_out, ustat, (unsigned)st.st_dev, bad);
}
