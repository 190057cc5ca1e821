/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing, seeking: at every place, in every shape, with bad buffers.
 * covers: read write pread64 pwrite64 lseek readv writev preadv pwritev preadv2 pwritev2 */
#include "t.h"

#include <sys/uio.h>

static char buf[8192];

static void plain(void)
{
	long f = T(open, "f", O_RDWR | O_CREAT, 0644), r = T(open, "f", O_RDONLY), w = T(open, "f", O_WRONLY);

	T(write, f, "0123456789", 10);
	T(write, f, "x", 0);
	T(write, f, NULL, 0);
	T(read, f, buf, 4);
	T(pread64, f, buf, 4, 3);
	t_bytes("buf", buf, 4);
	T(pread64, f, buf, 4, 8);
	T(pread64, f, buf, 4, 10);
	T(pread64, f, buf, 4, 1000);
	T(pread64, f, buf, 4, -1);
	T(pread64, f, buf, 4, LONG_MIN);
	T(pwrite64, f, "AB", 2, 12);
	T(pwrite64, f, "AB", 2, -5);
	T(pwrite64, r, "AB", 2, 0);
	T(pread64, w, buf, 1, 0);
	T(lseek, f, 0, SEEK_SET);
	long n = T(read, f, buf, sizeof(buf));
	t_bytes("all", buf, n);
	T(read, w, buf, 1);
	T(write, r, buf, 1);
	T(read, -1, buf, 1);
	T(write, 77, buf, 1);
	T(read, 1000000000, buf, 1);
	T(read, f, buf, -1L);
	T(write, f, buf, LONG_MAX);
	T(lseek, f, 0, SEEK_SET);
	T_BAD(t_out, read, f, bad, 4);
	T(lseek, f, 0, SEEK_SET);
	T_BAD(t_out, read, f, bad, 0);
	T_BAD(t_out, pread64, f, bad, 4, 0);
	T(lseek, f, 0, SEEK_END);
	T_BAD(t_in, write, f, bad, 4);
	T_BAD(t_in, pwrite64, f, bad, 4, 0);
	T(lseek, f, 0, SEEK_CUR);
	char *e = t_edge(4);
	memcpy(e, "edge", 4);
	T(pwrite64, f, e, 4, 0);
	T(pread64, f, e, 4, 2);
	T(pread64, f, e + 2, 4, 0);
	T(pwrite64, f, e + 2, 4, 20);
	T(lseek, f, 0, SEEK_END);
}

static void seek(void)
{
	long f = MUST(open, "holes", O_RDWR | O_CREAT, 0644), p[2];
	int pp[2];

	T(lseek, f, 10, SEEK_SET);
	T(lseek, f, -4, SEEK_CUR);
	T(lseek, f, -7, SEEK_CUR);
	T(lseek, f, -1, SEEK_SET);
	T(lseek, f, 0, SEEK_CUR);
	T(lseek, f, 5, SEEK_END);
	T(lseek, f, -1, SEEK_END);
	T(lseek, f, 0, 99);
	T(lseek, f, 0, -1);
	T(lseek, f, LONG_MAX, SEEK_SET);
	T(lseek, f, LONG_MAX, SEEK_CUR);
	T(lseek, f, LONG_MAX, SEEK_END);
	T(pwrite64, f, "z", 1, 1 << 20);
	T(lseek, f, 0, SEEK_HOLE);
	T(lseek, f, 0, SEEK_DATA);
	T(lseek, f, 1 << 20, SEEK_HOLE);
	T(lseek, f, (1 << 20) + 1, SEEK_DATA);
	T(lseek, f, -1, SEEK_DATA);
	MUST(pipe, pp);
	p[0] = pp[0], p[1] = pp[1];
	T(lseek, p[0], 0, SEEK_CUR);
	T(pread64, p[0], buf, 1, 0);
	T(pwrite64, p[1], buf, 1, 0);
	T(read, p[1], buf, 1);
	T(write, p[0], buf, 1);
	T(lseek, -1, 0, SEEK_SET);
	T(pwrite64, f, "end", 3, LONG_MAX - 1);
	T(ftruncate, f, 0);
}

static void vectors(void)
{
	long f = MUST(open, "v", O_RDWR | O_CREAT, 0644);
	struct iovec v[3] = { { "one ", 4 }, { "", 0 }, { "two", 3 } }, *many = calloc(1025, sizeof(*many));

	T(writev, f, v, 3);
	T(writev, f, v, 0);
	T(writev, f, v, -1);
	T(pwritev, f, v, 3, 20, 0);
	T(pwritev, f, v, 3, -1L, -1L);
	T(pwritev2, f, v, 3, 30, 0, 0);
	T(pwritev2, f, v, 1, -1L, -1L, 0);
	T(pwritev2, f, v, 1, 0, 0, 0x10);
	T(pwritev2, f, v, 1, 0, 0, 0x40000000);
	T(lseek, f, 0, SEEK_SET);
	struct iovec in[3] = { { buf, 2 }, { buf + 100, 3 }, { buf + 200, 4 } };
	T(readv, f, in, 3);
	t_bytes("0", buf, 2);
	t_bytes("1", buf + 100, 3);
	t_bytes("2", buf + 200, 4);
	T(preadv, f, in, 3, 20, 0);
	t_bytes("0", buf, 2);
	T(preadv, f, in, 3, -1L, -1L);
	T(preadv2, f, in, 3, -1L, -1L, 0);
	T(preadv2, f, in, 3, 0, 0, 0);
	T(preadv2, f, in, 3, 0, 0, 0x40000000);
	for (int i = 0; i < 1025; i++)
		many[i] = (struct iovec){ buf + i, 1 };
	T(preadv, f, many, 1024, 0, 0);
	T(preadv, f, many, 1025, 0, 0);
	T(readv, f, many, 1025);
	T(readv, f, many, -1);
	T(writev, -1, v, 3);
	T(readv, 99, in, 3);
	T_BAD(t_in, readv, f, bad, 1);
	T_BAD(t_in, writev, f, bad, 1);
	T_BAD(t_in, preadv, f, bad, 2, 0, 0);
	T_BAD(t_in, pwritev, f, bad, 2, 0, 0);
	T(lseek, f, 0, SEEK_SET);
	in[1].iov_base = (void *)0x400000001000;
	T(readv, f, in, 3);
	in[1].iov_base = buf, in[1].iov_len = -1UL;
	T(readv, f, in, 3);
	in[1].iov_len = LONG_MAX;
	T(readv, f, in, 3);
	T_BAD(t_out, preadv, f, (&(struct iovec){ bad, 4 }), 1, 0, 0);
	T_BAD(t_in, pwritev, f, (&(struct iovec){ bad, 4 }), 1, 0, 0);
	struct iovec *e = (struct iovec *)t_edge(sizeof(*e));
	*e = (struct iovec){ buf, 4 };
	T(preadv, f, e, 1, 0, 0);
	T(preadv, f, e, 2, 0, 0);
	T(preadv, f, (char *)e - 1, 1, 0, 0);
}

static void fsize(void)
{
	T(open, "limit", O_RDWR | O_CREAT, 0644);
	T(open, ".", O_RDONLY);
	T(read, 10, buf, 1);
	long d = MUST(open, ".", O_RDONLY);
	T(read, d, buf, 1);
	T(write, d, buf, 1);
	T(pread64, d, buf, 1, 0);
	long full = MUST(open, "/dev/full", O_RDWR), zero = MUST(open, "/dev/zero", O_RDONLY),
	     null = MUST(open, "/dev/null", O_RDWR);
	T(write, full, "x", 1);
	T(read, full, buf, 10);
	memset(buf, 1, sizeof(buf));
	T(read, zero, buf, sizeof(buf));
	OK(buf[0] == 0 && buf[8191] == 0);
	T(read, null, buf, 1);
	T(write, null, buf, sizeof(buf));
	T(write, null, (void *)0, 5);
}

MAIN
{
	plain();
	seek();
	vectors();
	fsize();
}
