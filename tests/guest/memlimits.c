/* SPDX-License-Identifier: Apache-2.0 */
/* Limits on memory hold for what the program maps (in husk: not for the monitor), are kept as they were set, and bind the soft to the hard one. */
#include "t.h"

#include <sys/resource.h>

#define MIB (1UL << 20)

static long anon(size_t len, int prot)
{
	return S(mmap, 0, len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void set(int which, unsigned long soft)
{
	struct rlimit lim, now;

	MUST(getrlimit, which, &lim);
	lim.rlim_cur = soft;
	T(setrlimit, which, &lim);
	MUST(prlimit64, 0, which, NULL, &now);
	OK(now.rlim_cur == soft && now.rlim_max == lim.rlim_max);
}

static void address_space(void)
{
	char *p = (char *)anon(64 * MIB, PROT_READ | PROT_WRITE);

	set(RLIMIT_AS, 48 * MIB); /* less than there is already */
	OK(anon(MIB, PROT_READ) == -ENOMEM);
	OK(anon(MIB, PROT_NONE) == -ENOMEM);
	p[63 * MIB] = 1;
	OK(S(mremap, p, 64 * MIB, 65 * MIB, MREMAP_MAYMOVE) == -ENOMEM);
	OK(S(mremap, p, 64 * MIB, 16 * MIB, 0) == (long)p);
	OK(S(mmap, p, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == (long)p);
	set(RLIMIT_AS, 128 * MIB);
	OK(anon(256 * MIB, PROT_NONE) == -ENOMEM);
	OK(anon(32 * MIB, PROT_READ) > 0);
	OK(anon(96 * MIB, PROT_READ) == -ENOMEM);
	set(RLIMIT_AS, 0);
	OK(anon(T_PAGE, PROT_READ) == -ENOMEM);
	set(RLIMIT_AS, RLIM_INFINITY);
	OK(anon(256 * MIB, PROT_READ) > 0);
}

static void data(void)
{
	long heap = S(brk, 0);

	set(RLIMIT_DATA, 8 * MIB);
	OK(S(brk, heap + 64 * MIB) == heap);
	OK(anon(64 * MIB, PROT_READ | PROT_WRITE) == -ENOMEM);
	OK(anon(64 * MIB, PROT_READ) > 0);
	OK(S(mmap, 0, 64 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) > 0);
	set(RLIMIT_DATA, RLIM_INFINITY);
	OK(S(brk, heap + 4 * MIB) == (long)(heap + 4 * MIB));
	OK(S(brk, heap) == heap);
}

static void hard(int which)
{
	struct rlimit lim = { 64 * MIB, 256 * MIB }, now;

	T(setrlimit, which, &lim);
	T(getrlimit, which, &now);
	printf("%lu %lu\n", (unsigned long)now.rlim_cur, (unsigned long)now.rlim_max);
	lim.rlim_max = 512 * MIB;
	T(setrlimit, which, &lim);
	lim = (struct rlimit){ 2, 1 };
	T(setrlimit, which, &lim);
	lim = (struct rlimit){ 256 * MIB, 256 * MIB };
	T(prlimit64, 0, which, &lim, &now);
	printf("%lu %lu\n", (unsigned long)now.rlim_cur, (unsigned long)now.rlim_max);
	lim = (struct rlimit){ 257 * MIB, 257 * MIB };
	T(prlimit64, getpid(), which, &lim, NULL);
	T(prlimit64, 1, which, &lim, NULL);
}

MAIN
{
	address_space();
	data();
	set(RLIMIT_STACK, MIB);
	hard(RLIMIT_AS);
	hard(RLIMIT_DATA);
	hard(RLIMIT_STACK);
}
