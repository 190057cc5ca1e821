/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash/access.c: what instructions touch, form by form, and which access is blamed. The instructions are written in assembly below, so the
 * assembler's encoding is what is decoded. Addresses are real: memory is mapped in the guest's range.
 */
#include "crash/access.h"
#include "mm/uaccess.h"
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Each form: a name, its assembly, and its accesses after the fetch as "kinds:address+size", with s = stack segment, m = masked,
 * ? = uncertain. Registers are set by set_registers(). */
#define FORMS(X)                                                                                                       \
	X(nothing, "mov %rax, %rbx", "")                                                                               \
	X(load, "mov (%rax), %ecx", "r:11000+4")                                                                       \
	X(store, "movl $1, (%rax)", "w:11000+4")                                                                       \
	X(store_byte, "mov %cl, 5(%rbx)", "w:12005+1")                                                                 \
	X(rmw, "addq $1, (%rbx)", "rw:12000+8")                                                                        \
	X(compare, "cmpw $1, (%rbx)", "r:12000+2")                                                                     \
	X(sib, "mov 0x10(%rax,%rcx,8), %rdx", "r:11028+8")                                                             \
	X(negative, "mov -8(%rax), %rdx", "r:10ff8+8")                                                                 \
	X(rip_relative, "mov 0x100(%rip), %eax", "r:400106+4")                                                         \
	X(rip_immediate, "movl $7, 0x100(%rip)", "w:40010a+4")                                                         \
	X(rip_store, "movabs %eax, 0x1122334455667788", "w:1122334455667788+4")                                        \
	X(address32, "mov (%r12d), %eax", "r:9abcdef0+4")                                                              \
	X(address32_wraps, "mov 0x7fffffff(%r12d), %eax", "r:1abcdeef+4")                                              \
	X(fs, "mov %fs:0, %rax", "r:7f0000000+8")                                                                      \
	X(fs_minus, "mov %fs:-8, %rax", "r:7effffff8+8")                                                               \
	X(gs_sib, "mov %gs:(%rax,%rcx,4), %eax", "r:6f001100c+4")                                                      \
	X(fs_address32, "mov %fs:0x20(%r12d), %eax", "r:88abcdf10+4")                                                  \
	X(push, "push %rax", "w:17ff8+8s")                                                                             \
	X(push16, "push %ax", "w:17ffe+2s")                                                                            \
	X(push_imm, "push $5", "w:17ff8+8s")                                                                           \
	X(push_fs, "push %fs", "w:17ff8+8s")                                                                           \
	X(push_mem, "push 8(%rbx)", "r:12008+8 w:17ff8+8s")                                                            \
	X(push_from_stack, "push 8(%rsp)", "r:18008+8s w:17ff8+8s")                                                    \
	X(push_flags, "pushfq", "w:17ff8+8s")                                                                          \
	X(pop, "pop %rax", "r:18000+8s")                                                                               \
	X(pop_mem, "pop 8(%rbx)", "r:18000+8s w:12008+8")                                                              \
	X(pop_mem16, "popw (%rbx)", "r:18000+2s w:12000+2")                                                            \
	X(pop_to_stack, "pop 8(%rsp)", "r:18000+8s w:18010+8s")                                                        \
	X(pop_flags, "popfq", "r:18000+8s")                                                                            \
	X(call, "call . + 100", "w:17ff8+8s")                                                                          \
	X(call_mem, "call *8(%rbx)", "r:12008+8 w:17ff8+8s")                                                           \
	X(call_reg, "call *%rbx", "w:17ff8+8s")                                                                        \
	X(jump_mem, "jmp *(%rbx,%rcx,8)", "r:12018+8")                                                                 \
	X(jump_reg, "jmp *%rbx", "")                                                                                   \
	X(ret, "ret", "r:18000+8s")                                                                                    \
	X(ret_pop, "ret $16", "r:18000+8s")                                                                            \
	X(enter, "enter $32, $0", "w:17ff8+8s w:17fd8+1s")                                                             \
	X(enter_level, "enter $32, $3",                                                                                \
	  "w:17ff8+8s r:16ff8+8s w:17ff0+8s r:16ff0+8s w:17fe8+8s w:17fe0+8s w:17fc0+1s")                              \
	X(leave, "leave", "r:17000+8s")                                                                                \
	X(frame, "mov -0x10(%rbp), %eax", "r:16ff0+4s")                                                                \
	X(movs, "movsb", "r:15000+1 w:16000+1")                                                                        \
	X(rep_movs, "rep movsq", "r:15000+8 w:16000+8")                                                                \
	X(std_movs, "rep movsl", "r:15000+4 w:16000+4")                                                                \
	X(fs_movs, "fs movsw", "r:7f0015000+2 w:16000+2")                                                              \
	X(stos, "rep stosb", "w:16000+1")                                                                              \
	X(lods, "lodsq", "r:15000+8")                                                                                  \
	X(scas, "repne scasb", "r:16000+1")                                                                            \
	X(cmps, "repe cmpsb", "r:15000+1 r:16000+1")                                                                   \
	X(movs32, "addr32 rep movsl", "r:15000+4 w:16000+4")                                                           \
	X(xlat, "xlat", "r:12042+1")                                                                                   \
	X(bit_near, "btl $7, (%rbx)", "r:12000+4")                                                                     \
	X(bit_far, "bt %r13, (%rbx)", "r:12018+8")                                                                     \
	X(bit_negative, "bts %r14d, (%rbx)", "rw:11ffc+4")                                                             \
	X(bit16, "btc %r14w, (%rbx)", "rw:11ffe+2")                                                                    \
	X(xchg, "xchg %rcx, (%rbx)", "rw:12000+8")                                                                     \
	X(cmpxchg, "lock cmpxchg %ecx, (%rbx)", "rw:12000+4")                                                          \
	X(cmpxchg8, "cmpxchg8b (%rbx)", "rw:12000+8")                                                                  \
	X(cmpxchg16, "lock cmpxchg16b (%rbx)", "rw:12000+16")                                                          \
	X(fxsave, "fxsave (%rbx)", "w:12000+512")                                                                      \
	X(fxrstor, "fxrstor (%rbx)", "r:12000+512")                                                                    \
	X(fsave, "fnsave (%rbx)", "w:12000+108")                                                                       \
	X(fstenv, "fnstenv (%rbx)", "w:12000+28")                                                                      \
	X(fld80, "fldt (%rbx)", "r:12000+10")                                                                          \
	X(fist, "fistps (%rbx)", "w:12000+2")                                                                          \
	X(xsave_sse, "xsave (%rbx)", "rw:12000+576")                                                                   \
	X(xrstor_sse, "xrstor (%rbx)", "r:12000+576")                                                                  \
	X(lea, "lea (%rbx), %rcx", "")                                                                                 \
	X(nop, "nopl (%rbx)", "")                                                                                      \
	X(prefetch, "prefetcht0 (%rbx)", "")                                                                           \
	X(prefetchw, "prefetchw (%rbx)", "")                                                                           \
	X(clflush, "clflush (%rbx)", "r:12000+1")                                                                      \
	X(clzero, "clzero", "w:11040+64")                                                                              \
	X(sse, "movaps (%rbx), %xmm0", "r:12000+16")                                                                   \
	X(sse_store, "movups %xmm0, 1(%rbx)", "w:12001+16")                                                            \
	X(sse_scalar, "movss (%rbx), %xmm0", "r:12000+4")                                                              \
	X(avx, "vmovdqu (%rbx), %ymm0", "r:12000+32")                                                                  \
	X(avx_store, "vmovdqu %ymm0, (%rbx)", "w:12000+32")                                                            \
	X(avx_broadcast, "vbroadcastss (%rbx), %ymm0", "r:12000+4")                                                    \
	X(avx512, "vmovdqu32 %zmm0, (%rbx)", "w:12000+64")                                                             \
	X(avx512_masked, "vmovdqu32 %zmm0, (%rbx){%k1}", "w:12000+64m")                                                \
	X(avx512_bcst, "vaddps (%rbx){1to16}, %zmm1, %zmm0", "r:12000+4")                                              \
	X(maskmov, "maskmovdqu %xmm0, %xmm1", "w:16000+16m")                                                           \
	X(vmaskmov_load, "vmaskmovps (%rbx), %ymm1, %ymm0", "r:12000+32m")                                             \
	X(vmaskmov_store, "vpmaskmovq %ymm0, %ymm1, (%rbx)", "w:12000+32m")                                            \
	X(gather, "vpgatherdd %xmm2, 8(%rbx,%xmm1,4), %xmm0", "r:12008+4?")                                            \
	X(scatter, "vscatterdpd %zmm0, (%rbx,%ymm1,4){%k1}", "w:12000+8m?")                                            \
	X(movbe, "movbe (%rbx), %rax", "r:12000+8")                                                                    \
	X(stmxcsr, "stmxcsr (%rbx)", "w:12000+4")                                                                      \
	X(sgdt, "sgdt (%rbx)", "w:12000+10")                                                                           \
	X(setcc, "setne (%rbx)", "w:12000+1")                                                                          \
	X(far_return, "lretq", "r:18000+16s")                                                                          \
	X(iret, "iretq", "r:18000+40s")                                                                                \
	X(movdir64b, "movdir64b (%rbx), %r9", "r:12000+64 w:90000+64")                                                 \
	X(syscall, "syscall", "")                                                                                      \
	X(trap, "int3", "")                                                                                            \
	X(illegal, "ud2", "")

#define ASSEMBLE(name, text, expect)                                                                                   \
	__asm__(".pushsection .rodata\n" #name "_begin: " text "\n" #name "_end:\n.popsection\n");                     \
	extern const uint8_t form_##name##_begin[] __asm__(#name "_begin"), form_##name##_end[] __asm__(#name "_end");
FORMS(ASSEMBLE)

static const struct {
	const char *name, *expect;
	const uint8_t *begin, *end;
} forms[] = {
#define ROW(name, text, expect) { #name, expect, form_##name##_begin, form_##name##_end },
	FORMS(ROW)
};

static void set_registers(struct access_cpu *c)
{
	memset(c, 0, sizeof(*c));
	c->regs = (struct hk_regs){ .rax = 0x11000,
				    .rbx = 0x12000,
				    .rcx = 3,
				    .rdx = 0,
				    .rsi = 0x15000,
				    .rdi = 0x16000,
				    .rbp = 0x17000,
				    .rsp = 0x18000,
				    .r9 = 0x90000,
				    .r12 = 0xffff00009abcdef0,
				    .r13 = 200,
				    .r14 = (uint64_t)-5,
				    .rip = 0x400000 };
	c->fs_base = 0x7f0000000;
	c->gs_base = 0x6f0000000;
}

static void set_code(struct access_cpu *c, const uint8_t *begin, const uint8_t *end)
{
	c->code_len = (size_t)(end - begin);
	memcpy(c->code, begin, c->code_len);
}

/* The list behind the fetch, as the table above writes it. */
static void render(const struct access_cpu *c, char *text, size_t size)
{
	struct access a[ACCESS_MAX];
	size_t n = access_list(c, a, ACCESS_MAX), len = 0;

	assert_true(n >= 1);
	assert_int_equal(a[0].how, MM_EXEC);
	assert_int_equal(a[0].addr, c->regs.rip);
	text[0] = '\0';
	for (size_t k = 1; k < n; k++)
		len += (size_t)snprintf(text + len, size - len, "%s%s%s:%lx+%u%s%s%s", k > 1 ? " " : "",
					a[k].how & MM_READ ? "r" : "", a[k].how & MM_WRITE ? "w" : "", a[k].addr,
					a[k].size, a[k].stack ? "s" : "", a[k].masked ? "m" : "",
					a[k].uncertain ? "?" : "");
}

static void every_form(void **state)
{
	(void)state;
	for (size_t k = 0; k < HK_ARRAY_LEN(forms); k++) {
		struct access_cpu c;
		struct access a[ACCESS_MAX];
		char text[512];

		set_registers(&c);
		if (!strcmp(forms[k].name, "xlat"))
			c.regs.rax = 0xabc42;
		if (!strcmp(forms[k].name, "clzero"))
			c.regs.rax = 0x1107f;
		if (!strcmp(forms[k].name, "xsave_sse") || !strcmp(forms[k].name, "xrstor_sse"))
			c.regs.rax = 3;
		if (!strcmp(forms[k].name, "std_movs"))
			c.regs.rflags = 1 << 10;
		if (!strcmp(forms[k].name, "movs32"))
			c.regs.rsi |= 7UL << 32;
		set_code(&c, forms[k].begin, forms[k].end);
		render(&c, text, sizeof(text));
		if (strcmp(text, forms[k].expect))
			fail_msg("%s: \"%s\", expected \"%s\"", forms[k].name, text, forms[k].expect);
		/* The fetch is as long as the assembler made it, whatever follows. */
		memset(c.code + c.code_len, 0x90, sizeof(c.code) - c.code_len);
		c.code_len = sizeof(c.code);
		access_list(&c, a, ACCESS_MAX);
		assert_int_equal(a[0].size, forms[k].end - forms[k].begin);
	}
}

/* REP with nothing left touches nothing; with a 32-bit address size only ECX counts. */
static void repeat_count(void **state)
{
	struct access_cpu c;
	char text[128];

	(void)state;
	set_registers(&c);
	c.regs.rcx = 0;
	set_code(&c, form_rep_movs_begin, form_rep_movs_end);
	render(&c, text, sizeof(text));
	assert_string_equal(text, "");
	set_code(&c, form_movs_begin, form_movs_end);
	render(&c, text, sizeof(text));
	assert_string_equal(text, "r:15000+1 w:16000+1");
	c.regs.rcx = 1UL << 32;
	set_code(&c, form_movs32_begin, form_movs32_end);
	render(&c, text, sizeof(text));
	assert_string_equal(text, "");
}

/* With AVX state in the mask the area is larger than with SSE alone, and never beyond what the processor says. */
static void xsave_area(void **state)
{
	struct access_cpu c;
	struct access a[ACCESS_MAX];

	(void)state;
	set_registers(&c);
	set_code(&c, form_xsave_sse_begin, form_xsave_sse_end);
	c.regs.rax = 0xffffffff;
	c.regs.rdx = 0xffffffff;
	assert_int_equal(access_list(&c, a, ACCESS_MAX), 2);
	assert_in_range(a[1].size, 576, 16384);
	if (__builtin_cpu_supports("avx"))
		assert_true(a[1].size >= 576 + 256);
}

/* Bytes that end too early, that are no instruction, or that are too many. */
static void bad_code(void **state)
{
	struct access_cpu c;
	struct access a[ACCESS_MAX];

	(void)state;
	set_registers(&c);
	assert_int_equal(access_list(&c, a, ACCESS_MAX), 1);
	assert_int_equal(a[0].size, 1);
	set_code(&c, form_rip_immediate_begin, form_rip_immediate_begin + 4);
	assert_int_equal(access_list(&c, a, ACCESS_MAX), 1);
	assert_int_equal(a[0].size, 5); /* it is the fifth byte that was missing */
	memset(c.code, 0x66, sizeof(c.code));
	c.code_len = sizeof(c.code);
	assert_int_equal(access_list(&c, a, ACCESS_MAX), 1);
	assert_int_equal(a[0].size, 15);
	c.code[0] = 0x06; /* push %es: not in 64-bit mode */
	assert_int_equal(access_list(&c, a, ACCESS_MAX), 1);
	set_code(&c, form_enter_level_begin, form_enter_level_end);
	assert_int_equal(access_list(&c, a, 2), 2); /* no more than asked for */
}

/* --- which access is to blame --- */

#define BASE 0x200000000000UL

static int fake_slot(void *ctx, gpa_t gpa, uint64_t hva, uint64_t size)
{
	(void)ctx, (void)gpa, (void)hva, (void)size;
	return 0;
}

static const struct pt_ops fake_ops = { .add_slot = fake_slot, .max_slots = 64, .gpa_bits = 40 };

static void map(struct mm *mm, uint64_t at, uint64_t pages, int prot)
{
	struct mm_map_hint hint = { 0 };

	assert_int_equal(
		mm_map(mm, GVA(at), pages * HK_PAGE_SIZE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0, &hint),
		at);
}

/* Page 0: code. 2: read-only. 4, 5: read-write. 7: PROT_NONE. The odd ones between are not mapped. */
static int setup(void **state)
{
	struct mm *mm = calloc(1, sizeof(*mm));

	if (!mm || mm_init(mm, &fake_ops, NULL))
		return -1;
	map(mm, BASE, 1, PROT_READ | PROT_WRITE | PROT_EXEC);
	map(mm, BASE + 0x2000, 1, PROT_READ);
	map(mm, BASE + 0x4000, 2, PROT_READ | PROT_WRITE);
	map(mm, BASE + 0x7000, 1, PROT_NONE);
	*state = mm;
	return 0;
}

static int teardown(void **state)
{
	mm_destroy(*state);
	free(*state);
	return 0;
}

/* Put the instruction at offset `at` of the code page and ask what is wrong with it. */
static enum access_result find(struct mm *mm, struct access_cpu *c, uint64_t at, const uint8_t *begin,
			       const uint8_t *end, struct access_fault *f)
{
	assert_int_equal(uaccess_init(), 0); /* within the test: cmocka takes the signals for itself before each */
	c->regs.rip = BASE + at;
	assert_int_equal(copy_to_guest(GVA(c->regs.rip), begin, hk_min((uint64_t)(end - begin), 0x1000 - at)), 0);
	access_fetch(c);
	return access_find(mm, c, f);
}

#define FIND(name) find(*state, &c, 0x100, form_##name##_begin, form_##name##_end, &f)

static void expect_fault(const struct access_fault *f, int signo, int code, uint64_t addr, unsigned how)
{
	assert_int_equal(f->signo, signo);
	assert_int_equal(f->code, code);
	assert_int_equal(f->addr, addr);
	assert_int_equal(f->op.how, how);
}

static void blame_tree(void **state)
{
	struct access_cpu c;
	struct access_fault f;

	set_registers(&c);
	c.regs.rax = 0;
	assert_int_equal(FIND(store), ACCESS_FOUND);
	expect_fault(&f, SIGSEGV, SEGV_MAPERR, 0, MM_WRITE);
	assert_int_equal(f.op.size, 4);
	c.regs.rax = BASE + 0x2000;
	assert_int_equal(FIND(store), ACCESS_FOUND);
	expect_fault(&f, SIGSEGV, SEGV_ACCERR, BASE + 0x2000, MM_WRITE);
	assert_int_equal(FIND(load), ACCESS_SPURIOUS);
	c.regs.rbx = BASE + 0x2008;
	assert_int_equal(FIND(rmw), ACCESS_FOUND);
	expect_fault(&f, SIGSEGV, SEGV_ACCERR, BASE + 0x2008, MM_READ | MM_WRITE);
	c.regs.rax = BASE + 0x7123;
	assert_int_equal(FIND(load), ACCESS_FOUND);
	expect_fault(&f, SIGSEGV, SEGV_ACCERR, BASE + 0x7123, MM_READ);
	c.regs.rax = 0xffff800000000000; /* the kernel's half: an ordinary fault for user space */
	assert_int_equal(FIND(load), ACCESS_FOUND);
	expect_fault(&f, SIGSEGV, SEGV_MAPERR, 0xffff800000000000, MM_READ);
}

/* An operand over two pages: the address is the first byte on the page that refuses. */
static void blame_second_page(void **state)
{
	struct access_cpu c;
	struct access_fault f;

	set_registers(&c);
	c.regs.rax = BASE + 0x5ffe;
	assert_int_equal(FIND(load), ACCESS_FOUND);
	expect_fault(&f, SIGSEGV, SEGV_MAPERR, BASE + 0x6000, MM_READ);
	assert_int_equal(f.op.addr, BASE + 0x5ffe);
	c.regs.rax = BASE + 0x4ffe;
	assert_int_equal(FIND(load), ACCESS_SPURIOUS);
	c.regs.rax = BASE + 0x3ffe;
	assert_int_equal(FIND(load), ACCESS_FOUND);
	expect_fault(&f, SIGSEGV, SEGV_MAPERR, BASE + 0x3ffe, MM_READ);
	c.regs.rax = (uint64_t)-2; /* over the end of the address space */
	assert_int_equal(FIND(load), ACCESS_FOUND);
	expect_fault(&f, SIGSEGV, SEGV_MAPERR, (uint64_t)-2, MM_READ);
}

static void blame_fetch(void **state)
{
	struct access_cpu c;
	struct access_fault f;

	set_registers(&c);
	c.regs.rax = BASE + 0x4000;
	/* movl $1, (%rax) is 6 bytes: the last two lie on the page behind, which is not mapped. */
	assert_int_equal(find(*state, &c, 0xffc, form_store_begin, form_store_end, &f), ACCESS_FOUND);
	expect_fault(&f, SIGSEGV, SEGV_MAPERR, BASE + 0x1000, MM_EXEC);
	assert_int_equal(find(*state, &c, 0xffa, form_store_begin, form_store_end, &f), ACCESS_SPURIOUS);
	c.regs.rip = 0;
	access_fetch(&c);
	assert_int_equal(access_find(*state, &c, &f), ACCESS_FOUND);
	expect_fault(&f, SIGSEGV, SEGV_MAPERR, 0, MM_EXEC);
	c.regs.rip = BASE + 0x4000; /* readable, not executable */
	access_fetch(&c);
	assert_int_equal(access_find(*state, &c, &f), ACCESS_FOUND);
	expect_fault(&f, SIGSEGV, SEGV_ACCERR, BASE + 0x4000, MM_EXEC);
}

/* The read of a copy is blamed before its write; a push before its stack is seen. */
static void blame_order(void **state)
{
	struct access_cpu c;
	struct access_fault f;

	set_registers(&c);
	assert_int_equal(FIND(movs), ACCESS_FOUND);
	expect_fault(&f, SIGSEGV, SEGV_MAPERR, 0x15000, MM_READ);
	c.regs.rsi = BASE + 0x2000;
	assert_int_equal(FIND(movs), ACCESS_FOUND);
	expect_fault(&f, SIGSEGV, SEGV_MAPERR, 0x16000, MM_WRITE);
	c.regs.rdi = BASE + 0x4000;
	assert_int_equal(FIND(movs), ACCESS_SPURIOUS);
	c.regs.rsp = BASE + 0x4000;
	assert_int_equal(FIND(push), ACCESS_FOUND);
	expect_fault(&f, SIGSEGV, SEGV_MAPERR, BASE + 0x3ff8, MM_WRITE);
}

/* What the processor refuses by itself: #GP, and #SS for the stack, which Linux makes a SIGBUS. Neither has an address. */
static void blame_non_canonical(void **state)
{
	struct access_cpu c;
	struct access_fault f;

	set_registers(&c);
	c.regs.rax = 0x800000000000;
	assert_int_equal(FIND(load), ACCESS_FOUND);
	expect_fault(&f, SIGSEGV, SI_KERNEL, 0, MM_READ);
	assert_int_equal(f.op.addr, 0x800000000000);
	c.regs.rax = 0x7ffffffffffe; /* its end is not canonical */
	assert_int_equal(FIND(load), ACCESS_FOUND);
	expect_fault(&f, SIGSEGV, SI_KERNEL, 0, MM_READ);
	c.regs.rbp = 0x4141414141414141;
	assert_int_equal(FIND(frame), ACCESS_FOUND);
	expect_fault(&f, SIGBUS, SI_KERNEL, 0, MM_READ);
	assert_false(access_canonical(0xffff000000000000));
	assert_true(access_canonical(0xffff800000000000));
	assert_true(access_canonical(0x7fffffffffff));
}

/* A mapping that reaches beyond its file: the tree allows it, the host does not. */
static void blame_host(void **state)
{
	struct mm_map_hint hint = { 0 };
	struct access_cpu c;
	struct access_fault f;
	char name[] = "/tmp/test_access.XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(ftruncate(fd, 0x1000), 0);
	assert_int_equal(mm_map(*state, GVA(BASE + 0x10000), 0x2000, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
				0, &hint),
			 BASE + 0x10000);
	close(fd);
	set_registers(&c);
	c.regs.rax = BASE + 0x10ffe;
	assert_int_equal(FIND(load), ACCESS_FOUND);
	expect_fault(&f, SIGBUS, BUS_ADRERR, BASE + 0x11000, MM_READ);
	assert_int_equal(FIND(store), ACCESS_FOUND);
	expect_fault(&f, SIGBUS, BUS_ADRERR, BASE + 0x11000, MM_WRITE);
	c.regs.rax = BASE + 0x10ffc;
	assert_int_equal(FIND(store), ACCESS_SPURIOUS);
	assert_int_equal(mm_unmap(*state, GVA(BASE + 0x10000), 0x2000), 0);
}

static void blame_uncertain(void **state)
{
	struct access_cpu c;
	struct access_fault f;

	set_registers(&c);
	assert_int_equal(FIND(gather), ACCESS_UNCERTAIN);
	expect_fault(&f, SIGSEGV, SEGV_MAPERR, 0x12008, MM_READ);
	assert_true(f.op.uncertain);
}

static void at_address(void **state)
{
	struct access_cpu c;
	struct access a;

	(void)state;
	set_registers(&c);
	set_code(&c, form_push_mem_begin, form_push_mem_end);
	assert_true(access_at(&c, 0x1200f, 0, &a));
	assert_int_equal(a.how, MM_READ);
	assert_true(access_at(&c, 0x17ff8, 0, &a));
	assert_int_equal(a.how, MM_WRITE);
	assert_true(access_at(&c, 0x400000, 0, &a));
	assert_int_equal(a.how, MM_EXEC);
	assert_false(access_at(&c, 0x12010, 0, &a));
	c.regs.rbx = c.regs.rsp - 16; /* source and stack overlap: the kind decides */
	assert_true(access_at(&c, 0x17ff8, MM_WRITE, &a));
	assert_int_equal(a.how, MM_WRITE);
	assert_true(access_at(&c, 0x17ff8, MM_READ, &a));
	assert_int_equal(a.how, MM_READ);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form),
		cmocka_unit_test(repeat_count),
		cmocka_unit_test(xsave_area),
		cmocka_unit_test(bad_code),
		cmocka_unit_test(at_address),
		cmocka_unit_test_setup_teardown(blame_tree, setup, teardown),
		cmocka_unit_test_setup_teardown(blame_second_page, setup, teardown),
		cmocka_unit_test_setup_teardown(blame_fetch, setup, teardown),
		cmocka_unit_test_setup_teardown(blame_order, setup, teardown),
		cmocka_unit_test_setup_teardown(blame_non_canonical, setup, teardown),
		cmocka_unit_test_setup_teardown(blame_host, setup, teardown),
		cmocka_unit_test_setup_teardown(blame_uncertain, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
