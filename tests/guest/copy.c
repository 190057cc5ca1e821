/* SPDX-License-Identifier: Apache-2.0 */
/* Data moved and kept by the kernel: sync, fallocate, copy_file_range, sendfile, splice.
 * covers: fsync fdatasync sync syncfs sync_file_range fallocate fadvise64 readahead copy_file_range sendfile splice tee vmsplice */
#include "t.h"

#include <sys/uio.h>

static char b[65536];

static void syncs(long f, long r, long d, const int *p)
{
	T(fsync, f);
	T(fsync, r);
	T(fsync, d);
	T(fsync, p[0]);
	T(fsync, -1);
	T(fdatasync, f);
	T(fdatasync, 99);
	T(sync);
	T(syncfs, f);
	T(syncfs, 99);
	T(sync_file_range, f, 0, 0, 7);
	T(sync_file_range, f, -1, 0, 7);
	T(sync_file_range, f, 0, -1, 7);
	T(sync_file_range, f, 0, 0, 8);
	T(sync_file_range, p[0], 0, 0, 2);
	T(sync_file_range, 99, 0, 0, 2);
	for (int a = -1; a < 7; a++)
		t_show("fadvise64", "", S(fadvise64, f, 0, 100, a));
	T(fadvise64, p[0], 0, 100, 0);
	T(fadvise64, 99, 0, 100, 0);
	T(fadvise64, f, 0, -1, 0);
	T(readahead, f, 0, 4096);
	T(readahead, 99, 0, 4096);
	T(readahead, p[0], 0, 4096);
}

static void alloc(long f, long r, long d, const int *p)
{
	T(fallocate, f, 0, 0, 10000);
	OK(t_size("f") == 10000);
	T(fallocate, f, 1, 0, 20000);
	OK(t_size("f") == 10000);
	T(pwrite64, f, "0123456789", 10, 0);
	T(fallocate, f, 3, 2, 3);
	T(pread64, f, b, 10, 0);
	t_bytes("punched", b, 10);
	long z = S(fallocate, f, 0x10, 6, 2);
	OK(z == 0 || z == -EOPNOTSUPP);
	T(fallocate, f, 2, 0, 100);
	T(fallocate, f, 8, 1, 100);
	T(fallocate, f, 0x1000, 0, 100);
	T(fallocate, f, 0, -1, 100);
	T(fallocate, f, 0, 0, 0);
	T(fallocate, f, 0, 0, -1);
	T(fallocate, f, 0, LONG_MAX, 10);
	T(fallocate, r, 0, 0, 10);
	T(fallocate, d, 0, 0, 10);
	T(fallocate, p[1], 0, 0, 10);
	T(fallocate, 99, 0, 0, 10);
	T(ftruncate, f, 10);
}

static void copies(long f, long r, long d, const int *p)
{
	long g = MUST(open, "g", O_RDWR | O_CREAT, 0644), a = MUST(open, "g", O_WRONLY | O_APPEND);
	int64_t in = 2, out = 0;
	char *e = t_edge(8);

	T(copy_file_range, f, &in, g, &out, 4, 0);
	printf("in %ld out %ld\n", (long)in, (long)out);
	T(lseek, f, 8, SEEK_SET);
	T(copy_file_range, f, NULL, g, NULL, 100, 0);
	T(copy_file_range, f, NULL, g, NULL, 100, 0);
	T(copy_file_range, f, NULL, g, NULL, 100, 1);
	T(copy_file_range, g, NULL, r, NULL, 100, 0);
	T(copy_file_range, f, NULL, a, NULL, 100, 0);
	T(copy_file_range, f, NULL, d, NULL, 100, 0);
	T(copy_file_range, p[0], NULL, g, NULL, 100, 0);
	T(copy_file_range, 99, NULL, g, NULL, 100, 0);
	T(copy_file_range, f, NULL, -1, NULL, 100, 0);
	in = 0, out = 5;
	T(copy_file_range, f, &in, f, &out, 7, 0);
	T_BAD(t_in_opt, copy_file_range, f, bad, g, NULL, 1, 0);
	T_BAD(t_in_opt, copy_file_range, f, NULL, g, bad, 1, 0);
	*(int64_t *)e = 1;
	T(copy_file_range, f, e, g, NULL, 3, 0);
	T(ftruncate, g, 0);
	T(lseek, g, 0, SEEK_SET);
	T(lseek, f, 0, SEEK_SET);
	T(sendfile, g, f, NULL, 4);
	T(lseek, f, 0, SEEK_CUR);
	in = 5;
	T(sendfile, g, f, &in, 100);
	printf("offset %ld\n", (long)in);
	in = -1;
	T(sendfile, g, f, &in, 1);
	T(sendfile, r, f, NULL, 1);
	T(sendfile, g, 99, NULL, 1);
	T(sendfile, 99, f, NULL, 1);
	T(sendfile, a, f, NULL, 1);
	T(sendfile, p[1], f, NULL, 2);
	T(sendfile, g, p[0], NULL, 2);
	T(sendfile, g, d, NULL, 2);
	T_BAD(t_out_opt, sendfile, g, f, bad, 1);
}

static void pipes(long f)
{
	int p[2], q[2];
	int64_t off = 0;
	struct iovec v = { "vmsplice", 8 };

	MUST(pipe2, p, O_NONBLOCK);
	MUST(pipe2, q, O_NONBLOCK);
	T(splice, f, &off, p[1], NULL, 5, 0);
	printf("off %ld\n", (long)off);
	T(tee, p[0], q[1], 3, 0);
	T(read, q[0], b, 10);
	long n = T(read, p[0], b, 10);
	t_bytes("spliced", b, n);
	T(splice, p[0], NULL, f, NULL, 5, 2);
	T(write, p[1], "pipe", 4);
	off = 20;
	T(splice, p[0], NULL, f, &off, 5, 1);
	OK(t_size("f") == 24);
	T(splice, p[0], &off, f, NULL, 5, 0);
	T(splice, f, NULL, f, NULL, 5, 0);
	T(splice, f, NULL, p[1], NULL, 0, 0);
	T(splice, f, NULL, p[1], NULL, 5, 0x10);
	T(splice, 99, NULL, p[1], NULL, 5, 0);
	T(splice, f, NULL, -1, NULL, 5, 0);
	T_BAD(t_in_opt, splice, f, bad, p[1], NULL, 1, 0);
	T(tee, p[0], p[1], 3, 0);
	T(tee, p[0], f, 3, 0);
	T(tee, q[0], p[1], 3, 2);
	T(tee, 99, p[1], 3, 0);
	T(vmsplice, p[1], &v, 1, 0);
	n = T(read, p[0], b, 100);
	t_bytes("vm", b, n);
	T(vmsplice, p[1], &v, 1, 0x10);
	T(vmsplice, p[1], &v, 1025, 0);
	T(vmsplice, f, &v, 1, 0);
	T(vmsplice, 99, &v, 1, 0);
	T_BAD(t_in, vmsplice, p[1], bad, 1, 0);
	T_BAD(t_in, vmsplice, p[1], (&(struct iovec){ bad, 8 }), 1, 0);
}

MAIN
{
	long f = MUST(open, "f", O_RDWR | O_CREAT, 0644), r = MUST(open, "f", O_RDONLY), d = MUST(open, ".", O_RDONLY);
	int p[2];

	MUST(pipe2, p, O_NONBLOCK);
	syncs(f, r, d, p);
	alloc(f, r, d, p);
	copies(f, r, d, p);
	pipes(f);
}
