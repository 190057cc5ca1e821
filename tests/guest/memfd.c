/* SPDX-License-Identifier: Apache-2.0 */
/* Files without a name, and their seals.
 * covers: memfd_create fcntl ftruncate mmap */
#include "t.h"

#define ADD_SEALS (1024 + 9)
#define GET_SEALS (1024 + 10)

MAIN
{
	long m = T(memfd_create, "name", 3), n = T(memfd_create, "", 0);
	char b[64];

	T(memfd_create, "x", 0x80000000);
	T(memfd_create, t_name(249), 0);
	T(memfd_create, t_name(250), 0);
	T_BAD(t_in, memfd_create, bad, 0);
	T(fcntl, m, F_GETFD);
	T(fcntl, m, GET_SEALS);
	T(fcntl, n, GET_SEALS);
	T(fcntl, n, ADD_SEALS, 2);
	T(write, m, "0123456789", 10);
	T(ftruncate, m, 20);
	T(pread64, m, b, 64, 0);
	char *p = (char *)MUST(mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0);
	p[3] = 'X';
	T(pread64, m, b, 5, 0);
	t_bytes("shared", b, 5);
	T(fcntl, m, ADD_SEALS, 8);
	T(munmap, p, 4096);
	T(fcntl, m, ADD_SEALS, 2 | 4);
	T(ftruncate, m, 5);
	T(ftruncate, m, 50);
	T(fcntl, m, ADD_SEALS, 8);
	T(write, m, "x", 1);
	T(pwrite64, m, "x", 1, 0);
	T(fallocate, m, 3, 0, 4);
	TQ(mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0);
	TQ(mmap, 0, 4096, PROT_READ, MAP_PRIVATE, m, 0);
	T(fcntl, m, ADD_SEALS, 1);
	T(fcntl, m, ADD_SEALS, 2);
	T(fcntl, m, GET_SEALS);
	T(fcntl, m, ADD_SEALS, 0x100);
	T(fcntl, 0, GET_SEALS);
	struct stat st;
	T(fstat, m, &st);
	printf("mode %o size %ld nlink %ld\n", st.st_mode, (long)st.st_size, (long)st.st_nlink);
	T(lseek, m, 0, SEEK_END);
}
