/* SPDX-License-Identifier: Apache-2.0 */
/* Large address spaces as Go, Java and V8 use them: terabytes reserved, a few pages used here and there; many small mappings; 256 MiB touched.
 * covers: mmap mprotect munmap madvise mremap */
#include "t.h"

#define RW (PROT_READ | PROT_WRITE)
#define PA (MAP_PRIVATE | MAP_ANONYMOUS)

static void reserve(void)
{
	static const unsigned long tib[] = { 1, 8, 16 };

	for (unsigned i = 0; i < 3; i++) {
		unsigned long len = tib[i] << 40, bad = 0;
		char *p = (char *)S(mmap, 0, len, PROT_NONE, PA | MAP_NORESERVE, -1, 0);

		if (!OK((long)p > 0))
			continue;
		for (unsigned long at = 0; at < len; at += len / 16) {
			MUST(mprotect, p + at, 2 * T_PAGE, RW);
			p[at + 4095] = (char)(at >> 32);
			bad += p[at + 4095] != (char)(at >> 32) || p[at + 4096] != 0;
		}
		printf("%lu TiB: %lu bad\n", tib[i], bad);
		T(madvise, p, len, MADV_DONTNEED);
		OK(p[4095] == 0);
		T(write, 1, p + (len / 16) * 15 + 2 * T_PAGE, 1);
		T(munmap, p, len);
	}
	TQ(mmap, 0, 1UL << 47, PROT_NONE, PA | MAP_NORESERVE, -1, 0);
}

static void goheap(void)
{
	char *p = (char *)S(mmap, 0xc000000000, 64 << 20, PROT_NONE, PA, -1, 0);

	OK((long)p == 0xc000000000);
	OK(S(mmap, p, 4 << 20, RW, PA | MAP_FIXED, -1, 0) == (long)p);
	for (int i = 0; i < 1024; i++)
		p[i * 4096] = (char)i;
	OK(p[5 * 4096] == 5);
}

static void many(void)
{
	char *p[2000];
	unsigned bad = 0;

	for (int i = 0; i < 2000; i++) {
		p[i] = (char *)MUST(mmap, 0, T_PAGE, i & 1 ? RW : PROT_READ, PA, -1, 0);
		if (i & 1)
			*p[i] = (char)i;
	}
	for (int i = 0; i < 2000; i += 3)
		MUST(munmap, p[i], T_PAGE);
	for (int i = 0; i < 2000; i++)
		if (i % 3 && *p[i] != (i & 1 ? (char)i : 0))
			bad++;
	OK(bad == 0);
}

static void touch(void)
{
	size_t len = 256UL << 20;
	char *p = (char *)MUST(mmap, 0, len, RW, PA, -1, 0);
	unsigned long sum = 0;

	for (size_t i = 0; i < len; i += 4096)
		p[i] = (char)(i >> 12);
	p = (char *)MUST(mremap, p, len, 2 * len, MREMAP_MAYMOVE);
	for (size_t i = 0; i < len; i += 4096)
		sum += (unsigned char)p[i];
	printf("sum %lu\n", sum);
	OK(p[len] == 0);
	T(munmap, p, 2 * len);
}

MAIN
{
	reserve();
	goheap();
	many();
	touch();
}
