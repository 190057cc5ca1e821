/* SPDX-License-Identifier: Apache-2.0 */
/* What a random comparison of memory calls found: memory that may only be written, growing mappings and what lies below them, the order of mmap's errors,
 * mremap that shrinks across mappings.
 * covers: mmap munmap mprotect mremap */
#include "t.h"

#include <setjmp.h>

#define AT 0x200000000000UL

static sigjmp_buf back;

static void fault(int sig T_UNUSED, siginfo_t *si, void *ctx T_UNUSED)
{
	siglongjmp(back, si->si_code);
}

static void look(unsigned long a)
{
	int code = sigsetjmp(back, 1);

	if (code)
		printf("%lx: code %d\n", a, code);
	else
		printf("%lx: %d\n", a, *(volatile char *)a);
}

static void fresh(unsigned long at, unsigned long pages, int prot, int more)
{
	MUST(mmap, at, pages * T_PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | more, -1, 0);
}

static void write_only(void)
{
	fresh(AT, 2, PROT_WRITE, 0);
	look(AT);
	*(volatile char *)(AT + 1) = 7;
	look(AT + 1);
	fresh(AT, 1, PROT_NONE, 0);
	MUST(mprotect, AT, T_PAGE, PROT_WRITE);
	look(AT + 2);
}

/* Room is kept between a growing mapping and what can be touched below, not what cannot. */
static void growing(int below)
{
	fresh(AT, 4, below, 0);
	fresh(AT + 8 * T_PAGE, 1, PROT_READ | PROT_WRITE, MAP_GROWSDOWN);
	look(AT + 7 * T_PAGE);
	look(AT + 4 * T_PAGE);
	look(AT + 3 * T_PAGE);
	MUST(munmap, AT, 16 * T_PAGE);
}

MAIN
{
	struct sigaction a = { .sa_sigaction = fault, .sa_flags = SA_SIGINFO };
	int fd = (int)S(open, "/dev/zero", O_RDWR, 0);

	sigaction(SIGSEGV, &a, NULL);
	sigaction(SIGBUS, &a, NULL);
	write_only();
	growing(PROT_NONE);
	growing(PROT_READ);
	growing(PROT_READ | PROT_EXEC);
	T(mmap, AT, T_PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	T(mmap, AT, T_PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_GROWSDOWN, fd, 0);
	T(mmap, 0xffffffffffffe001, T_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	T(mmap, AT + 1, T_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	fresh(AT, 2, PROT_READ | PROT_WRITE, 0);
	fresh(AT + 2 * T_PAGE, 2, PROT_READ, 0);
	T(mremap, AT, 6 * T_PAGE, T_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, AT + 32 * T_PAGE);
	look(AT + T_PAGE);
	look(AT + 32 * T_PAGE);
}
