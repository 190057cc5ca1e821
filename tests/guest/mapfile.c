/* SPDX-License-Identifier: Apache-2.0 */
/* Mapped files agree with what read and write see; system calls on mapped memory; copy-on-write.
 * covers: mmap msync read write munmap mremap */
#include "t.h"

#define RW (PROT_READ | PROT_WRITE)

MAIN
{
	long f = MUST(open, "f", O_RDWR | O_CREAT, 0644), z = MUST(open, "/dev/zero", O_RDWR), g;
	char b[100], *s, *p, *q;

	MUST(ftruncate, f, 3 * 4096 + 100);
	s = (char *)MUST(mmap, 0, 4 * T_PAGE, RW, MAP_SHARED, f, 0);
	p = (char *)MUST(mmap, 0, 4 * T_PAGE, RW, MAP_PRIVATE, f, 0);
	q = (char *)MUST(mmap, 0, T_PAGE, PROT_READ, MAP_SHARED, f, 4096);
	memcpy(s + 4090, "across the page edge", 20);
	MUST(pread64, f, b, 20, 4090);
	t_bytes("read", b, 20);
	OK(!memcmp(q, "the page", 8) || !memcmp(q, " the page", 8) || q[0] == s[4096]);
	OK(p[4090] == 'a');
	MUST(pwrite64, f, "AC", 2, 4090);
	OK(s[4090] == 'A');
	p[4091] = 'z';
	OK(s[4091] == 'C');
	MUST(pread64, f, b, 2, 4090);
	t_bytes("file", b, 2);
	OK(p[4091] == 'z');
	T(msync, s, 4 * T_PAGE, MS_SYNC);
	T(msync, s, 4 * T_PAGE, MS_ASYNC | MS_INVALIDATE);
	/* The tail of the last page is zero and is not written. */
	OK(s[3 * 4096 + 100] == 0);
	s[3 * 4096 + 100] = 'T';
	T(pread64, f, b, 100, 3 * 4096);
	/* System calls straight into and out of mapped memory. */
	g = MUST(open, "g", O_RDWR | O_CREAT, 0644);
	T(write, g, s, 3 * 4096 + 100);
	T(pread64, g, s + 4096, 4096, 0);
	OK(!memcmp(s + 4096, s, 4090));
	T(read, z, p, 4096);
	OK(p[10] == 0);
	MUST(close, f);
	OK(s[4090] == 'A');
	s[0] = '!';
	T(munmap, s, 4 * T_PAGE);
	T(open, "f", O_RDONLY);
	T(read, 3, b, 1);
	OK(b[0] == '!');
	s = (char *)MUST(mmap, 0, T_PAGE, RW, MAP_PRIVATE, z, 0);
	OK(s[77] == 0);
	s[77] = 1;
	s = (char *)MUST(mmap, 0, T_PAGE, RW, MAP_SHARED, z, 0);
	s[77] = 1;
	/* Growing the file makes more of the mapping usable. */
	g = MUST(open, "grow", O_RDWR | O_CREAT, 0644);
	s = (char *)MUST(mmap, 0, 1 << 20, RW, MAP_SHARED, g, 0);
	for (long n = 4096; n <= 1 << 20; n *= 4) {
		MUST(ftruncate, g, n);
		s[n - 1] = 'g';
	}
	OK(t_size("grow") == 1 << 20);
	TQ(mremap, s, 1 << 20, 4096, 0);
	/* Memory handed to the kernel behind the end of the file. */
	MUST(ftruncate, g, 0);
	T(write, g, s, 1);
	T(pread64, z, s, 1, 0);
	T(open, s, O_RDONLY);
	MUST(ftruncate, g, 4096);
	/* Read-only files, private and writable. */
	g = MUST(open, "grow", O_RDONLY);
	s = (char *)MUST(mmap, 0, T_PAGE, RW, MAP_PRIVATE, g, 0);
	s[1] = 'p';
	T(pread64, g, b, 2, 0);
	OK(b[1] == 0);
}
