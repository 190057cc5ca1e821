/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: mapping, protection, moving, advice, locking, with every error that does not end the program.
 * covers: mmap munmap mprotect mremap madvise mincore msync mlock mlock2 munlock mlockall munlockall brk */
#include "t.h"

#define RW (PROT_READ | PROT_WRITE)
#define PA (MAP_PRIVATE | MAP_ANONYMOUS)

static char *map(size_t pages, int prot)
{
	return (char *)MUST(mmap, 0, pages * T_PAGE, prot, PA, -1, 0);
}

static void maps(void)
{
	char *p = map(4, RW);
	long f = MUST(open, "f", O_RDWR), r = MUST(open, "f", O_RDONLY), w = MUST(open, "f", O_WRONLY);
	int pp[2];

	MUST(pipe, pp);
	p[0] = 1, p[4 * T_PAGE - 1] = 2;
	OK(((uintptr_t)p & 4095) == 0);
	T(munmap, p + T_PAGE, T_PAGE);
	T(munmap, p + T_PAGE, T_PAGE);
	OK(p[0] == 1 && p[4 * T_PAGE - 1] == 2);
	OK(S(mmap, p + T_PAGE, T_PAGE, RW, PA | MAP_FIXED, -1, 0) == (long)p + 4096);
	OK(p[T_PAGE] == 0);
	T(mmap, p, T_PAGE, RW, PA | 0x100000, -1, 0);
	T(munmap, p, T_PAGE);
	OK(S(mmap, p, T_PAGE, RW, PA | 0x100000, -1, 0) == (long)p);
	OK(S(mmap, p + 5, 10, RW, PA, -1, 0) > 0);
	T(mmap, p + 5, T_PAGE, RW, PA | MAP_FIXED, -1, 0);
	T(mmap, 0, 0, RW, PA, -1, 0);
	T(mmap, 0, -1L, RW, PA, -1, 0);
	T(mmap, 0, -5000L, RW, PA, -1, 0);
	T(mmap, 0, 1UL << 60, RW, PA, -1, 0);
	T(mmap, 0, T_PAGE, RW, MAP_ANONYMOUS, -1, 0);
	T(mmap, 0, T_PAGE, RW, MAP_PRIVATE, -1, 0);
	T(mmap, 0, T_PAGE, RW, MAP_PRIVATE, 99, 0);
	T(mmap, 0, T_PAGE, RW, MAP_PRIVATE, pp[0], 0);
	T(mmap, 0, T_PAGE, RW, MAP_PRIVATE, f, 100);
	TQ(mmap, 0, T_PAGE, RW, MAP_PRIVATE, r, 0);
	T(mmap, 0, T_PAGE, RW, MAP_SHARED, r, 0);
	TQ(mmap, 0, T_PAGE, PROT_READ, MAP_SHARED, r, 0);
	T(mmap, 0, T_PAGE, PROT_READ, MAP_PRIVATE, w, 0);
	T(mmap, 0, T_PAGE, PROT_WRITE, MAP_SHARED, w, 0);
	TQ(mmap, 0, 1L << 32, PROT_READ, MAP_PRIVATE, f, 0);
	T(mmap, 0, T_PAGE, PROT_READ, MAP_PRIVATE, f, -4096L);
	T(mmap, (void *)0xffffffffffff0000, T_PAGE, RW, PA | MAP_FIXED, -1, 0);
	T(mmap, (void *)0x8000000000000000, T_PAGE, RW, PA | MAP_FIXED, -1, 0);
	TQ(mmap, (void *)0x8000000000000000, T_PAGE, RW, PA, -1, 0);
	TQ(mmap, 0, T_PAGE, 0x40000000, PA, -1, 0);
	TQ(mmap, 0, T_PAGE, PROT_NONE, PA | MAP_NORESERVE, -1, 0);
	TQ(mmap, 0, T_PAGE, RW, PA | MAP_POPULATE | MAP_STACK, -1, 0);
	TQ(mmap, 0, T_PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	T(mmap, 0, T_PAGE, RW, 3 | MAP_ANONYMOUS, -1, 0);
	long low = S(mmap, 0, T_PAGE, RW, PA | 0x40, -1, 0);
	OK(low > 0 && low < (1L << 32));
	*(char *)low = 1;
	OK(S(mmap, 0x200000000, T_PAGE, RW, PA, -1, 0) == 0x200000000);
	*(char *)0x200000000 = 1;
	T(munmap, p, 0);
	T(munmap, p + 1, T_PAGE);
	T(munmap, p, -1L);
	T(munmap, (void *)0x8000000000000000, T_PAGE);
	T(munmap, (void *)0x10000000000, T_PAGE);
	T(munmap, p, 100);
}

static void protect(void)
{
	char *p = map(4, PROT_READ);

	OK(p[0] == 0);
	T(mprotect, p, T_PAGE, RW);
	p[0] = 5;
	T(mprotect, p, 4 * T_PAGE, PROT_NONE);
	T(write, 1, p, 1);
	T(mprotect, p, 4 * T_PAGE, PROT_READ);
	OK(p[0] == 5);
	T(read, 0, p, 1);
	T(mprotect, p + 1, T_PAGE, RW);
	T(mprotect, p, 0, RW);
	T(mprotect, p, 1, RW);
	T(mprotect, p, -1L, RW);
	T(mprotect, p, T_PAGE, 0x40);
	T(mprotect, p, T_PAGE, PROT_READ | 0x03000000);
	MUST(munmap, p + T_PAGE, T_PAGE);
	T(mprotect, p, 4 * T_PAGE, RW);
	T(mprotect, p + T_PAGE, T_PAGE, RW);
	T(mprotect, (void *)0x8000000000000000, T_PAGE, RW);
	long r = MUST(open, "f", O_RDONLY);
	char *s = (char *)MUST(mmap, 0, T_PAGE, PROT_READ, MAP_SHARED, r, 0);
	T(mprotect, s, T_PAGE, RW);
	/* Code written, then made executable, then changed. */
	static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
	char *x = map(1, RW);
	memcpy(x, code, sizeof(code));
	T(mprotect, x, T_PAGE, PROT_READ | PROT_EXEC);
	printf("code says %d\n", ((int (*)(void))(uintptr_t)x)());
	T(mprotect, x, T_PAGE, RW);
	x[1] = 43;
	T(mprotect, x, T_PAGE, PROT_READ | PROT_EXEC);
	printf("code says %d\n", ((int (*)(void))(uintptr_t)x)());
	char *y = map(1, RW | PROT_EXEC);
	memcpy(y, code, sizeof(code));
	printf("code says %d\n", ((int (*)(void))(uintptr_t)y)());
	y[1] = 44;
	printf("code says %d\n", ((int (*)(void))(uintptr_t)y)());
}

static void remap(void)
{
	char *p = map(8, RW), *q, *z;

	memset(p, 'r', 8 * T_PAGE);
	OK(S(mremap, p, 8 * T_PAGE, 4 * T_PAGE, 0) == (long)p);
	OK(S(mremap, p, 4 * T_PAGE, 8 * T_PAGE, 0) == (long)p || true);
	q = map(64, PROT_NONE);
	MUST(mmap, q + T_PAGE, T_PAGE, RW, PA | MAP_FIXED, -1, 0);
	q[T_PAGE] = 'q';
	T(mremap, q + T_PAGE, T_PAGE, 2 * T_PAGE, 0);
	z = (char *)TQ(mremap, q + T_PAGE, T_PAGE, 200 * T_PAGE, MREMAP_MAYMOVE);
	z = (char *)MUST(mmap, 0, T_PAGE, RW, PA, -1, 0);
	*z = 'z';
	OK(S(mremap, z, T_PAGE, 2 * T_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + 8 * T_PAGE) == (long)q + 8 * 4096);
	OK(q[8 * T_PAGE] == 'z' && q[9 * T_PAGE] == 0);
	T(mremap, z, T_PAGE, T_PAGE, 0);
	z = q + 8 * T_PAGE;
	T(mremap, z, T_PAGE, 0, 0);
	T(mremap, z + 1, T_PAGE, T_PAGE, 0);
	T(mremap, z, T_PAGE, T_PAGE, 99);
	T(mremap, z, T_PAGE, T_PAGE, MREMAP_FIXED, q);
	T(mremap, z, T_PAGE, T_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, z);
	T(mremap, z, T_PAGE, T_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + 1);
	T(mremap, z, -1L, T_PAGE, MREMAP_MAYMOVE);
	T(mremap, (void *)0x8000000000000000, T_PAGE, T_PAGE, 0);
	T(mremap, z, 0, T_PAGE, MREMAP_MAYMOVE);
	char *s = (char *)MUST(mmap, 0, T_PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *s2;
	*s = 's';
	s2 = (char *)MUST(mremap, s, 0, T_PAGE, MREMAP_MAYMOVE);
	*s2 = 'S';
	OK(s2 != s && *s == 'S');
	char *d = map(1, RW), *d2;
	*d = 'd';
	d2 = (char *)MUST(mremap, d, T_PAGE, T_PAGE, MREMAP_MAYMOVE | 4, 0);
	OK(d2 != d && *d2 == 'd' && *d == 0);
}

static void advice(void)
{
	char *p = map(16, RW);
	unsigned char v[16];

	memset(p, 'a', 16 * T_PAGE);
	T(mincore, p, 16 * T_PAGE, v);
	OK((v[0] & 1) && (v[15] & 1));
	T(madvise, p, T_PAGE, 4);
	OK(p[0] == 0 && p[T_PAGE] == 'a');
	static const int good[] = { 0, 1, 2, 3, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23 };
	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (good[i] != 12 && good[i] != 13) /* KSM: configured or not */
			printf("advice %d: %s\n", good[i], t_errname(S(madvise, p + T_PAGE, T_PAGE, good[i])));
	T(madvise, p, T_PAGE, 8);
	T(madvise, p, T_PAGE, 9);
	T(madvise, p, T_PAGE, 99);
	T(madvise, p, T_PAGE, -1);
	T(madvise, p + 1, T_PAGE, 4);
	T(madvise, p, 0, 4);
	T(madvise, p, -1L, 4);
	T(madvise, p, 100, 4);
	MUST(munmap, p + 4 * T_PAGE, T_PAGE);
	T(madvise, p, 8 * T_PAGE, 4);
	T(mincore, p, 8 * T_PAGE, v);
	T(mincore, p + 1, T_PAGE, v);
	T(mincore, p, 0, v);
	T_BAD(t_out, mincore, p, T_PAGE, bad);
	MUST(munmap, p + 4 * T_PAGE, T_PAGE); /* something may have been put there */
	T(mincore, (void *)0x8000000000000000, T_PAGE, v);
	T(msync, p, T_PAGE, 4);
	T(msync, p, T_PAGE, 1);
	T(msync, p, T_PAGE, 5);
	T(msync, p, T_PAGE, 8);
	T(msync, p + 1, T_PAGE, 4);
	T(msync, p, 8 * T_PAGE, 4);
	T(msync, p, 0, 4);
}

static void locks(void)
{
	char *p = map(4, RW);

	T(mlock, p, 2 * T_PAGE);
	T(mlock, p + 5, 10);
	T(mlock2, p, T_PAGE, 0);
	T(mlock2, p, T_PAGE, 1);
	T(mlock2, p, T_PAGE, 2);
	T(munlock, p, 4 * T_PAGE);
	T(mlock, (void *)0x10000000000, T_PAGE);
	T(munlock, (void *)0x10000000000, T_PAGE);
	T(mlock, p, -1L);
	T(mlockall, 0);
	T(mlockall, 8);
	T(mlockall, 4);
	T(mlockall, 2 | 4);
	T(munlockall);
}

static void heap(void)
{
	long start = S(brk, 0);

	OK(start > 0 && S(brk, 0) == start);
	OK(S(brk, start + 100000) == start + 100000);
	memset((char *)start, 'h', 100000);
	OK(S(brk, start + 10) == start + 10);
	OK(((char *)start)[9] == 'h');
	OK(S(brk, start + 100000) == start + 100000);
	OK(((char *)start)[8192] == 0);
	OK(S(brk, 1) == start + 100000);
	OK(S(brk, 4096) == start + 100000);
	OK(S(brk, -1L) == start + 100000);
	OK(S(brk, 1L << 60) == start + 100000);
	OK(S(brk, start) == start);
	OK(S(mprotect, (start + 4095) & -4096L, T_PAGE, RW) == -ENOMEM || true);
}

MAIN
{
	t_file("f", "file contents");
	maps();
	protect();
	remap();
	advice();
	locks();
	heap();
}
