/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crash report. The first line is written before anything that could take long. Instructions are shown in Intel syntax: operand
 * sizes are spelled out and the destination comes first, which reads like the sentence above it.
 */
#include "crash/report.h"

#include "base/output.h"
#include "base/strbuf.h"
#include "crash/unwind.h"

#include <Zydis/Zydis.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define REPORT_MAX (64UL << 10)

#define VECTOR_BP 3 /* its RIP lies behind the instruction */

#define NULL_SPAN   0x10000UL   /* an address below it was meant to be an object's, whose pointer is null */
#define NEAREST_MAX (1UL << 30) /* a mapping further off explains nothing */
#define STACK_NEAR  0x100000UL  /* an access so little below the stack is an overflow */

/* --- text --- */

/* Guest-chosen text: what could steer a terminal is shown as \xNN (control characters, also those that UTF-8 writes as C2 80..C2 9F). */
static void put_name(struct hk_strbuf *b, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		bool c1 = c == 0xc2 && ((unsigned char)s[1] & 0xe0) == 0x80;

		if (c < 0x20 || c == 0x7f || c1)
			hk_strbuf_printf(b, "\\x%02x", c);
		else
			hk_strbuf_add(b, s, 1);
	}
}

/* A reader that has gone must not change how husk ends: write without SIGPIPE. */
static void flush(int fd, struct hk_strbuf *b)
{
	sigset_t pipe_set, before, pending;
	struct timespec zero = { 0, 0 };
	bool was_pending;

	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE) == 1;
	pthread_sigmask(SIG_BLOCK, &pipe_set, &before);
	if (b->len)
		(void)hk_write_all(fd, b->data, b->len);
	if (!was_pending)
		while (sigtimedwait(&pipe_set, NULL, &zero) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	hk_strbuf_reset(b);
}

/* --- the instruction --- */

struct insn {
	bool valid;
	ZydisDecodedInstruction i;
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
};

static void decode(struct insn *n, const struct access_cpu *cpu)
{
	ZydisDecoder decoder;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	n->valid = ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, cpu->code, cpu->code_len, &n->i, n->op));
}

static void put_instruction(struct hk_strbuf *b, const struct insn *n, uint64_t rip)
{
	ZydisFormatter f;
	char text[256];

	if (!n->valid) {
		hk_strbuf_puts(b, "no valid instruction");
		return;
	}
	ZydisFormatterInit(&f, ZYDIS_FORMATTER_STYLE_INTEL);
	ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_FORCE_SIZE, ZYAN_TRUE);
	ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE);
	ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE, ZYDIS_PADDING_DISABLED);
	ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_ADDR_PADDING_RELATIVE, ZYDIS_PADDING_DISABLED);
	ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_DISP_PADDING, ZYDIS_PADDING_DISABLED);
	ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_IMM_PADDING, ZYDIS_PADDING_DISABLED);
	if (ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&f, &n->i, n->op, n->i.operand_count_visible, text,
							 sizeof(text), rip, NULL)))
		hk_strbuf_printf(b, "`%s`", text);
	else
		hk_strbuf_puts(b, "an instruction that cannot be shown");
}

/* Instructions whose 16-byte (or vector-sized) operand must be aligned. */
static bool wants_alignment(const struct insn *n)
{
	switch (n->i.meta.exception_class) {
	case ZYDIS_EXCEPTION_CLASS_SSE1:
	case ZYDIS_EXCEPTION_CLASS_SSE2:
	case ZYDIS_EXCEPTION_CLASS_SSE4:
	case ZYDIS_EXCEPTION_CLASS_AVX1:
	case ZYDIS_EXCEPTION_CLASS_E1:
	case ZYDIS_EXCEPTION_CLASS_E1NF:
		return true;
	default:
		return n->i.mnemonic == ZYDIS_MNEMONIC_CMPXCHG16B || n->i.mnemonic == ZYDIS_MNEMONIC_FXSAVE ||
		       n->i.mnemonic == ZYDIS_MNEMONIC_FXSAVE64 || n->i.mnemonic == ZYDIS_MNEMONIC_FXRSTOR ||
		       n->i.mnemonic == ZYDIS_MNEMONIC_FXRSTOR64;
	}
}

/* --- why --- */

/* #GP and #SS come without an address: say which of their many causes the instruction shows. *op is the operand, if one is to blame. */
static const char *protection_reason(const struct report *r, const struct insn *n, struct access *op)
{
	struct access list[ACCESS_MAX];
	size_t count = access_list(&r->cpu, list, HK_ARRAY_LEN(list));

	for (size_t k = 0; k < count; k++) {
		const struct access *a = &list[k];

		if (!a->uncertain && !(access_canonical(a->addr) && access_canonical(a->addr + a->size - 1))) {
			*op = *a;
			return "non-canonical address";
		}
	}
	if (!n->valid)
		return "general protection";
	if (n->i.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED)
		return "privileged instruction";
	for (size_t k = 1; k < count; k++) {
		uint64_t align = list[k].size > 64 ? 16 : list[k].size;

		if (wants_alignment(n) && align >= 16 && (list[k].addr & (align - 1))) {
			*op = list[k];
			return "misaligned operand";
		}
	}
	return "general protection";
}

static const char *fpe_reason(int code)
{
	switch (code) {
	case FPE_INTDIV:
		return "integer division by zero, or its result too large";
	case FPE_FLTDIV:
		return "floating-point division by zero";
	case FPE_FLTOVF:
		return "floating-point overflow";
	case FPE_FLTUND:
		return "floating-point underflow";
	case FPE_FLTRES:
		return "floating-point result not exact";
	case FPE_FLTINV:
		return "invalid floating-point operation";
	default:
		return "arithmetic error";
	}
}

static const char *reason(const struct report *r, const struct insn *n, struct access *op)
{
	switch (r->fault.signo) {
	case SIGSEGV:
		return r->fault.code == SEGV_MAPERR   ? "address not mapped"
		       : r->fault.code == SEGV_ACCERR ? "access not permitted"
						      : protection_reason(r, n, op);
	case SIGBUS:
		return r->fault.code == BUS_ADRERR   ? "beyond the end of the mapped file, or bad memory"
		       : r->fault.code == BUS_ADRALN ? "misaligned operand, and alignment is checked"
						     : protection_reason(r, n, op);
	case SIGFPE:
		return fpe_reason(r->fault.code);
	case SIGILL:
		return "illegal instruction";
	case SIGTRAP:
		return "breakpoint or trace trap";
	default:
		return NULL;
	}
}

/* Does the signal come with an address of memory? */
static bool has_address(const struct access_fault *f)
{
	return (f->signo == SIGSEGV && (f->code == SEGV_MAPERR || f->code == SEGV_ACCERR)) ||
	       (f->signo == SIGBUS && f->code == BUS_ADRERR);
}

static const char *how_name(unsigned how)
{
	return how & MM_EXEC ? "execution" : how & MM_WRITE ? "write" : how & MM_READ ? "read" : "access";
}

static void put_access(struct hk_strbuf *b, const struct access_fault *f)
{
	const struct access *op = &f->op;

	hk_strbuf_printf(b, ": %s", how_name(op->how));
	if (op->how && !(op->how & MM_EXEC))
		hk_strbuf_printf(b, " of %u byte%s", op->size, op->size == 1 ? "" : "s");
	if (op->uncertain)
		hk_strbuf_printf(b, " at an address in a vector register, base 0x%" PRIx64, op->addr);
	else if (op->how && !(op->how & MM_EXEC) && f->addr != op->addr)
		hk_strbuf_printf(b, " at 0x%" PRIx64 ", of which 0x%" PRIx64 " failed", op->addr, f->addr);
	else
		hk_strbuf_printf(b, " at 0x%" PRIx64, f->addr);
}

static void put_headline(struct hk_strbuf *b, struct report *r, const struct insn *n)
{
	struct access op = { 0 };
	const char *abbrev = sigabbrev_np(r->fault.signo);
	const char *why = reason(r, n, &op);

	hk_strbuf_puts(b, "husk: ");
	put_name(b, r->program);
	hk_strbuf_puts(b, ": killed by ");
	if (abbrev)
		hk_strbuf_printf(b, "SIG%s", abbrev);
	else
		hk_strbuf_printf(b, "signal %d", r->fault.signo);
	if (why)
		hk_strbuf_printf(b, " (%s)", why);
	if (op.how) {
		r->fault.op = op;
		r->fault.addr = op.addr;
	} else if (has_address(&r->fault) && !r->fault.op.how && access_at(&r->cpu, r->fault.addr, 0, &op)) {
		r->fault.op = op;
	}
	if (has_address(&r->fault) || r->fault.op.how)
		put_access(b, &r->fault);
	hk_strbuf_puts(b, "\n");
}

/* --- where --- */

/* symbol+offset at file:line, module+offset: as much of it as is known. */
static void put_place(struct hk_strbuf *b, uint64_t pc, const struct backtrace_frame *f, const struct unwind_maps *maps)
{
	uint64_t base = 0;
	const struct backtrace_map *m = unwind_module(maps, pc, &base);

	hk_strbuf_printf(b, "0x%" PRIx64, pc);
	if (f && f->symbol[0]) {
		hk_strbuf_puts(b, " ");
		put_name(b, f->symbol);
		hk_strbuf_printf(b, "+0x%" PRIx64, f->symbol_offset);
	}
	if (f && f->file[0]) {
		hk_strbuf_puts(b, " at ");
		put_name(b, f->file);
		hk_strbuf_printf(b, ":%d", f->line);
	}
	if (m) {
		hk_strbuf_puts(b, " in ");
		put_name(b, m->path);
		hk_strbuf_printf(b, "+0x%" PRIx64, pc - base);
	}
}

static void put_vma(struct hk_strbuf *b, const struct mm_vma_info *v)
{
	hk_strbuf_printf(b, "0x%" PRIx64 "-0x%" PRIx64 " %c%c%c%c ", v->start, v->end, v->prot & PROT_READ ? 'r' : '-',
			 v->prot & PROT_WRITE ? 'w' : '-', v->prot & PROT_EXEC ? 'x' : '-',
			 v->flags & VMA_SHARED ? 's' : 'p');
	if (v->path[0])
		put_name(b, v->path);
	else
		hk_strbuf_puts(b, "anonymous memory");
	if (v->path[0] == '/')
		hk_strbuf_printf(b, " from offset 0x%" PRIx64, v->offset);
}

struct nearest {
	uint64_t addr, below_end, above_start; /* the mappings around addr; 0 = none */
};

static int find_nearest(const struct vma *v, void *ctx)
{
	struct nearest *n = ctx;

	if (v->end <= n->addr) {
		n->below_end = v->end;
		return 0;
	}
	n->above_start = v->start;
	return 1;
}

static void put_nearest(struct hk_strbuf *b, struct mm *mm, uint64_t addr)
{
	struct nearest n = { .addr = addr };
	struct mm_vma_info v;
	uint64_t distance;
	bool below;
	int stopped = mm_walk(mm, find_nearest, &n);

	if (stopped < 0 || (!n.below_end && !n.above_start))
		return;
	below = n.below_end && (!n.above_start || addr - n.below_end < n.above_start - addr);
	distance = below ? addr - n.below_end : n.above_start - addr;
	if (distance > NEAREST_MAX || !mm_describe(mm, GVA(below ? n.below_end - 1 : n.above_start), &v))
		return;
	hk_strbuf_printf(b, "; nearest, 0x%" PRIx64 " bytes %s: ", distance, below ? "below" : "above");
	put_vma(b, &v);
	if (!below && distance < STACK_NEAR && !strcmp(v.path, "[stack]"))
		hk_strbuf_printf(b, "; the stack is full: %" PRIu64 " KiB", (v.end - v.start) >> 10);
}

static void put_address(struct hk_strbuf *b, const struct report *r)
{
	uint64_t addr = r->fault.addr;
	struct mm_vma_info v;

	hk_strbuf_printf(b, "  address 0x%" PRIx64 ": ", addr);
	if (!access_canonical(addr)) {
		hk_strbuf_puts(b, "not an address (bits 63 to 47 differ)");
	} else if (addr >= HK_GUEST_MAX) {
		hk_strbuf_printf(b, "beyond the end of the address space, 0x%lx", HK_GUEST_MAX);
	} else if (mm_describe(r->mm, GVA(addr), &v)) {
		hk_strbuf_puts(b, "in ");
		put_vma(b, &v);
	} else if (addr < NULL_SPAN) {
		hk_strbuf_puts(b, addr ? "not mapped: a null pointer and an offset, it seems"
				       : "not mapped: a null pointer");
	} else {
		hk_strbuf_puts(b, "not mapped");
		put_nearest(b, r->mm, addr);
	}
	hk_strbuf_puts(b, "\n");
}

/* --- registers, code, stack --- */

static void put_registers(struct hk_strbuf *b, const struct access_cpu *cpu)
{
	const struct hk_regs *g = &cpu->regs;
	const struct {
		const char *name;
		uint64_t value;
	} r[] = {
		{ "rax", g->rax }, { "rbx", g->rbx },    { "rcx", g->rcx },      { "rdx", g->rdx },
		{ "rsi", g->rsi }, { "rdi", g->rdi },    { "rbp", g->rbp },      { "rsp", g->rsp },
		{ "r8", g->r8 },   { "r9", g->r9 },      { "r10", g->r10 },      { "r11", g->r11 },
		{ "r12", g->r12 }, { "r13", g->r13 },    { "r14", g->r14 },      { "r15", g->r15 },
		{ "rip", g->rip }, { "flg", g->rflags }, { "fs", cpu->fs_base }, { "gs", cpu->gs_base },
	};

	for (size_t k = 0; k < HK_ARRAY_LEN(r); k++)
		hk_strbuf_printf(b, "  %-3s %016" PRIx64 "%s", r[k].name, r[k].value, k % 4 == 3 ? "\n" : "");
}

static void put_code(struct hk_strbuf *b, const struct access_cpu *cpu, const struct insn *n)
{
	hk_strbuf_puts(b, "  code");
	for (size_t k = 0; k < cpu->code_len; k++)
		hk_strbuf_printf(b, " %s%02x", n->valid && k == n->i.length ? "| " : "", cpu->code[k]);
	hk_strbuf_puts(b, cpu->code_len ? "\n" : " cannot be read\n");
}

static void put_stack(struct hk_strbuf *b, const struct unwind *u, const struct unwind_maps *maps)
{
	if (u->count)
		hk_strbuf_puts(b, "  call stack\n");
	for (unsigned k = 0; k < u->count; k++) {
		const struct backtrace_frame *f = &u->frame[k];

		hk_strbuf_printf(b, "  #%-2u ", k);
		put_place(b, f->pc, f, maps);
		hk_strbuf_puts(b, f->guessed ? " (by frame pointer)\n" : "\n");
	}
	if (u->count == BACKTRACE_FRAMES)
		hk_strbuf_printf(b, "  … only the innermost %d are shown\n", BACKTRACE_FRAMES);
	if (u->trouble[0]) {
		hk_strbuf_printf(b, "  %scall stack: ", u->count ? "rest of the " : "no ");
		put_name(b, u->trouble);
		hk_strbuf_puts(b, "\n");
	}
}

static void put_details(struct hk_strbuf *b, const struct report *r, const struct insn *n)
{
	struct unwind_maps maps;
	struct unwind u;
	int err = unwind_collect(&maps, r->mm);

	if (err) {
		hk_strbuf_printf(b, "  no memory to say more: %s\n", strerror(-err));
		return;
	}
	unwind_run(&u, &maps, &r->cpu);
	hk_strbuf_puts(b, "  at ");
	put_place(b, r->cpu.regs.rip, u.count && u.frame[0].pc == r->cpu.regs.rip ? &u.frame[0] : NULL, &maps);
	if (r->cpu.code_len && r->vector != VECTOR_BP) {
		hk_strbuf_puts(b, ": ");
		put_instruction(b, n, r->cpu.regs.rip);
	}
	hk_strbuf_puts(b, "\n");
	if (has_address(&r->fault) || r->fault.op.how)
		put_address(b, r);
	put_registers(b, &r->cpu);
	put_code(b, &r->cpu, n);
	put_stack(b, &u, &maps);
	unwind_free(&maps);
}

void report_fault(int fd, struct report *r)
{
	struct hk_strbuf b = { .max = REPORT_MAX };
	struct insn n;

	access_fetch(&r->cpu);
	decode(&n, &r->cpu);
	put_headline(&b, r, &n);
	flush(fd, &b);
	put_details(&b, r, &n);
	flush(fd, &b);
	hk_strbuf_free(&b);
}
