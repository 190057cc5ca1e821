/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: duplicates, flags, locks, ranges. Ends by counting what is open.
 * covers: dup dup2 dup3 fcntl flock close_range close */
#include "t.h"

static void dups(void)
{
	long f = T(open, "f", O_RDWR | O_CREAT, 0644);

	T(dup, f);
	T(dup, -1);
	T(dup, 500);
	T(dup2, f, 10);
	T(dup2, f, f);
	T(dup2, 99, 99);
	T(dup2, 99, 11);
	T(dup2, f, -1);
	T(dup2, f, 0x7fffffff);
	T(dup3, f, 12, O_CLOEXEC);
	T(fcntl, 12, F_GETFD);
	T(dup3, f, f, 0);
	T(dup3, f, 13, O_NONBLOCK);
	T(dup3, f, -5, 0);
	T(dup3, 99, 13, 0);
	T(write, 10, "shared offset", 13);
	T(lseek, f, 0, SEEK_CUR);
	T(close, f);
	T(dup, 10);
	T(close, 4);
	T(close, 10);
	T(close, 12);
}

static void flags(void)
{
	long f = T(fcntl, 3, F_DUPFD, 20);
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10 };
	struct {
		int type, pid;
	} own = { 1, 0 };

	T(fcntl, f, F_DUPFD_CLOEXEC, 20);
	T(fcntl, 21, F_GETFD);
	T(fcntl, 21, F_SETFD, 0);
	T(fcntl, 21, F_GETFD);
	T(fcntl, 21, F_SETFD, FD_CLOEXEC);
	T(fcntl, f, F_DUPFD, -1);
	T(fcntl, f, F_DUPFD, 0x7fffffff);
	T(fcntl, f, F_DUPFD, 1 << 30);
	T(fcntl, 99, F_GETFL);
	T(fcntl, -1, F_GETFD);
	T(fcntl, f, 999);
	T(fcntl, f, F_GETFL);
	T(fcntl, f, F_SETFL, O_APPEND | O_NONBLOCK);
	T(fcntl, f, F_GETFL);
	T(fcntl, f, F_SETFL, O_RDONLY | O_CREAT | O_TRUNC);
	T(fcntl, f, F_GETFL);
	T(fcntl, f, F_SETLK, &l);
	T(fcntl, f, F_GETLK, &l);
	printf("type %d\n", l.l_type);
	l.l_type = F_UNLCK;
	T(fcntl, f, F_SETLKW, &l);
	l.l_type = 77;
	T(fcntl, f, F_SETLK, &l);
	l = (struct flock){ .l_type = F_RDLCK, .l_whence = 9 };
	T(fcntl, f, F_SETLK, &l);
	l = (struct flock){ .l_type = F_RDLCK, .l_whence = SEEK_SET };
	T(fcntl, f, F_OFD_SETLK, &l);
	l.l_pid = 1;
	T(fcntl, f, F_OFD_SETLK, &l);
	l = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
	T(fcntl, f, F_OFD_GETLK, &l);
	T_BAD(t_in, fcntl, f, F_SETLK, bad);
	T_BAD(t_out, fcntl, f, F_GETLK, bad);
	T_BAD(t_in, fcntl, f, F_OFD_SETLK, bad);
	T(fcntl, f, F_GETOWN);
	T(fcntl, f, F_GETSIG);
	T(fcntl, f, F_GETOWN_EX, &own);
	printf("own %d %d\n", own.type, own.pid);
	T_BAD(t_out, fcntl, f, F_GETOWN_EX, bad);
	T(fcntl, f, F_GETPIPE_SZ);
	int p[2];
	MUST(pipe, p);
	T(fcntl, p[0], F_GETPIPE_SZ);
	T(fcntl, p[0], F_SETPIPE_SZ, 5000);
	T(fcntl, p[0], F_SETPIPE_SZ, 1 << 30 << 1);
	T(fcntl, f, F_GETLEASE);
	uint64_t hint = 9;
	T(fcntl, f, 1037, &hint);
	T(fcntl, f, 1036, &hint);
	printf("hint %lu\n", (unsigned long)hint);
}

static void locks(void)
{
	long a = MUST(open, "lock", O_RDWR | O_CREAT, 0644), b = MUST(open, "lock", O_RDWR);

	T(flock, a, 2);
	T(flock, b, 2 | 4);
	T(flock, b, 1 | 4);
	T(flock, a, 1);
	T(flock, b, 1 | 4);
	T(flock, a, 8);
	T(flock, b, 8);
	T(flock, a, 0);
	T(flock, a, 15);
	T(flock, 99, 1);
	T(flock, -1, 1);
}

static void range(void)
{
	for (int i = 100; i < 110; i++)
		MUST(dup2, 1, i);
	T(close_range, 100, 104, 0);
	T(fcntl, 104, F_GETFD);
	T(fcntl, 105, F_GETFD);
	T(close_range, 105, 106, 4);
	T(fcntl, 105, F_GETFD);
	T(close_range, 110, 105, 0);
	T(close_range, 105, 110, 8);
	T(close_range, 105, ~0U, 0);
	T(fcntl, 109, F_GETFD);
	T(close_range, 3, ~0U, 0);
	int open = 0;
	for (int i = 0; i < 1024; i++)
		open += S(fcntl, i, F_GETFD) >= 0;
	printf("%d open\n", open);
	T(open, "/dev/null", O_RDONLY);
}

MAIN
{
	dups();
	flags();
	locks();
	range();
}
