/* SPDX-License-Identifier: Apache-2.0 */
/* The system-call instruction itself: which registers it keeps, what RCX and R11 hold, the red zone, numbers that are no call, addresses up to the end. */
#include "t.h"

static long raw(unsigned long nr, unsigned long a)
{
	return t_sys((long)nr, (long)a, 0, 0, 0, 0, 0);
}

struct regs {
	unsigned long v[16];
};

/* Fill every register, make a call, store every register. Order: rax rbx rcx rdx rsi rdi rbp rsp r8…r15. */
void all_regs(struct regs *in, struct regs *out);
extern char after_call[];
__asm__(".text\n"
	"all_regs:\n"
	"	push %rbx\n	push %rbp\n	push %r12\n	push %r13\n	push %r14\n	push %r15\n"
	"	push %rsi\n"
	"	mov %rdi, %rax\n"
	"	mov 8(%rax), %rbx\n	mov 16(%rax), %rcx\n	mov 24(%rax), %rdx\n	mov 32(%rax), %rsi\n"
	"	mov 40(%rax), %rdi\n	mov 48(%rax), %rbp\n	mov 64(%rax), %r8\n	mov 72(%rax), %r9\n"
	"	mov 80(%rax), %r10\n	mov 88(%rax), %r11\n	mov 96(%rax), %r12\n	mov 104(%rax), %r13\n"
	"	mov 112(%rax), %r14\n	mov 120(%rax), %r15\n"
	"	mov 0(%rax), %rax\n"
	"	movq $0x1badc0de, -8(%rsp)\n	movq $0x5eed, -128(%rsp)\n"
	"	syscall\n"
	".globl after_call\nafter_call:\n"
	"	cmpq $0x1badc0de, -8(%rsp)\n	jne 1f\n	cmpq $0x5eed, -128(%rsp)\n	je 2f\n"
	"1:	mov $-999, %rax\n"
	"2:	xchg %rax, (%rsp)\n" /* rax = out, stack holds the result */
	"	mov %rbx, 8(%rax)\n	mov %rcx, 16(%rax)\n	mov %rdx, 24(%rax)\n	mov %rsi, 32(%rax)\n"
	"	mov %rdi, 40(%rax)\n	mov %rbp, 48(%rax)\n	mov %rsp, 56(%rax)\n	mov %r8, 64(%rax)\n"
	"	mov %r9, 72(%rax)\n	mov %r10, 80(%rax)\n	mov %r11, 88(%rax)\n	mov %r12, 96(%rax)\n"
	"	mov %r13, 104(%rax)\n	mov %r14, 112(%rax)\n	mov %r15, 120(%rax)\n"
	"	pop %rcx\n	mov %rcx, 0(%rax)\n"
	"	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbp\n	pop %rbx\n"
	"	ret\n");

static void registers(unsigned long nr)
{
	struct regs in, out;
	bool kept = true;

	for (int i = 0; i < 16; i++)
		in.v[i] = 0x1111111111111111UL * (unsigned)i + 1;
	in.v[0] = nr;
	all_regs(&in, &out);
	for (int i = 1; i < 16; i++)
		if (i != 2 && i != 7 && i != 11 && in.v[i] != out.v[i]) {
			kept = false;
			printf("register %d: %lx became %lx\n", i, in.v[i], out.v[i]);
		}
	OK(kept);
	OK(out.v[2] == (unsigned long)after_call);
	printf("r11 %lx\n", out.v[11] & ~0x8d5UL); /* without the arithmetic flags */
	if (nr != SYS_getpid)
		printf("result %ld\n", (long)out.v[0]);
}

static void flags(void)
{
	unsigned long after;

	__asm__ volatile("lea -256(%%rsp), %%rsp\n pushfq\n orq $0xc51, (%%rsp)\n popfq\n" /* DF, OF, ZF, CF… */
			 "mov $39, %%eax\n syscall\n pushfq\n popq %0\n cld\n lea 256(%%rsp), %%rsp\n"
			 : "=r"(after)
			 :
			 : "rax", "rcx", "r11", "memory", "cc");
	printf("flags after %lx\n", after & 0xc51);
}

MAIN
{
	static const unsigned long no_call[] = {
		400, 423, 512, 999, 4096, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff, ~0UL
	};

	registers(SYS_getpid);
	registers(SYS_read);
	registers(9999);
	flags();
	for (unsigned i = 0; i < sizeof(no_call) / sizeof(no_call[0]); i++)
		t_show("call", "", raw(no_call[i], 0));
	/* A fault in the middle of a program keeps the registers, too. */
	unsigned long sum = 0;
	for (int i = 0; i < 64; i++) {
		char *p = (char *)MUST(mmap, 0, T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		unsigned long a = 1, b = 2, c = 3, d = 4;

		__asm__ volatile("movb $7, (%4)\n add (%4), %0"
				 : "+r"(a), "+r"(b), "+r"(c), "+r"(d)
				 : "r"(p)
				 : "memory");
		sum += a + b + c + d;
	}
	printf("sum %lu\n", sum);
	/* Calls from the last bytes of a page, and the call as the last instruction of a mapping's page. */
	static const unsigned char code[] = { 0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3 };
	char *x = (char *)MUST(mmap, 0, 2 * T_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);
	for (unsigned at = T_PAGE - 8; at <= T_PAGE; at++) {
		memcpy(x + at, code, sizeof(code));
		long r = ((long (*)(void))(uintptr_t)(x + at))();
		if (r != S(getpid))
			OK(!"call near the page end");
	}
}
