/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that crashes in the way that its argument names, always in the function of that name, at the line marked AT <name>, called from
 * descend(), called from main(). run-crash looks for all of that in husk's report.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CRASH static __attribute__((noinline, noclone)) void

/* Values that the compiler must not know. */
static volatile uintptr_t zero, noncanonical = 0x4141414141414141;
static volatile int none;
static const char constant[] = "read-only";

CRASH null_write(void)
{
	*(volatile int *)zero = 1; /* AT null_write */
}

CRASH null_read(void)
{
	none = *(volatile unsigned char *)(zero + 8); /* AT null_read */
}

CRASH write_constant(void)
{
	*(volatile char *)(zero + (uintptr_t)constant) = 1; /* AT write_constant */
}

CRASH jump_to_data(void)
{
	((void (*)(void))(zero + (uintptr_t)constant))(); /* AT jump_to_data */
}

CRASH jump_to_null(void)
{
	((void (*)(void))zero)(); /* AT jump_to_null */
}

CRASH non_canonical(void)
{
	none = *(volatile int *)noncanonical; /* AT non_canonical */
}

CRASH misaligned(void)
{
	char buf[64];
	uintptr_t odd = ((uintptr_t)buf & ~(uintptr_t)15) + 1;

	__asm__ volatile("movaps %%xmm0, (%0)" ::"r"(odd) : "memory"); /* AT misaligned */
}

CRASH divide(void)
{
	none = 7 / none; /* AT divide */
}

CRASH illegal(void)
{
	__asm__ volatile("ud2"); /* AT illegal */
}

CRASH privileged(void)
{
	__asm__ volatile("hlt"); /* AT privileged */
}

CRASH breakpoint(void)
{
	__asm__ volatile("int3"); /* AT breakpoint */
}

CRASH no_access(void)
{
	volatile char *p = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	p[100] = 1; /* AT no_access */
}

CRASH unmapped_again(void)
{
	volatile char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	p[100] = 1;
	munmap((void *)(uintptr_t)p, 4096);
	p[100] = 2; /* AT unmapped_again */
}

CRASH protected_later(void)
{
	volatile char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	p[0x1ffe] = p[0xffe] = 1;
	mprotect((void *)(uintptr_t)(p + 0x1000), 4096, PROT_READ);
	*(volatile uint32_t *)(uintptr_t)(p + 0xffe) = 2; /* AT protected_later */
}

CRASH beyond_file(void)
{
	char name[] = "/tmp/crasher.XXXXXX";
	int fd = mkstemp(name);
	volatile char *p;

	if (fd < 0 || ftruncate(fd, 4096) || unlink(name)) /* in this order: 9p cannot size a file that has no name */
		exit(99);
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	none = p[4095];
	p[4096 + 7] = 1; /* AT beyond_file */
}

CRASH copy_to_null(void)
{
	const char *from = constant;
	char *to = (char *)zero;
	size_t n = sizeof(constant) + zero;

	__asm__ volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(n)::"memory"); /* AT copy_to_null */
}

/* The stack pointer is lost, and with it the call stack. */
CRASH push_on_bad_stack(void)
{
	__asm__ volatile("mov %0, %%rsp; push %%rax" ::"r"(zero) : "memory"); /* AT push_on_bad_stack */
}

static const struct {
	const char *name;
	void (*run)(void);
} kinds[] = {
#define KIND(name)                                                                                                     \
	{                                                                                                              \
#name, name                                                                                            \
	}
	KIND(null_write),    KIND(null_read),         KIND(write_constant), KIND(jump_to_data),   KIND(jump_to_null),
	KIND(non_canonical), KIND(misaligned),        KIND(divide),         KIND(illegal),        KIND(privileged),
	KIND(breakpoint),    KIND(no_access),         KIND(beyond_file),    KIND(unmapped_again), KIND(protected_later),
	KIND(copy_to_null),  KIND(push_on_bad_stack),
};

static __attribute__((noinline, noclone)) int descend(void (*run)(void), int depth)
{
	int r = 0;

	if (depth)
		r = descend(run, depth - 1) + 1;
	else
		run();
	none = r;
	return r + none;
}

/* No frame is large: the stack ends somewhere within it. */
CRASH endless(void)
{
	volatile char pad[1000];

	pad[0] = 1;
	endless(); /* AT endless */
	none = pad[0];
}

int main(int argc, char **argv)
{
	int depth = argc > 2 ? atoi(argv[2]) : 0;

	if (argc > 1 && !strcmp(argv[1], "endless"))
		return descend(endless, 0);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		if (argc > 1 && !strcmp(argv[1], kinds[k].name))
			return descend(kinds[k].run, depth);
	fprintf(stderr, "usage: crasher KIND [DEPTH]\n");
	return 99;
}
