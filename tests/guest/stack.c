/* SPDX-License-Identifier: Apache-2.0 */
/* The stack grows to nearly 8 MiB, by recursion and by leaps; system calls may write to a part not touched yet.
 * covers: read getrlimit */
#include "t.h"

#include <sys/resource.h>

static __attribute__((noinline)) unsigned long deep(unsigned long n)
{
	volatile char frame[1000];

	frame[0] = (char)n;
	return n ? deep(n - 1) + (unsigned char)frame[0] : 0;
}

static __attribute__((noinline)) int leap(void)
{
	volatile char big[3 << 20];

	big[0] = 1;
	return big[0];
}

static __attribute__((noinline)) long kernel_write(void)
{
	char *far = (char *)__builtin_frame_address(0) - (5L << 20);
	struct stat st;

	/* The kernel, too, may grow the stack by writing to it. */
	return S(fstat, 0, far) == 0 && S(fstat, 0, &st) == 0 && !memcmp(far, &st, 16);
}

MAIN
{
	struct rlimit rl;

	T(getrlimit, RLIMIT_STACK, &rl);
	OK(rl.rlim_cur >= (8 << 20));
	OK(kernel_write());
	OK(leap() == 1);
	printf("deep %lu\n", deep(7000));
	printf("deep %lu\n", deep(7000));
}
