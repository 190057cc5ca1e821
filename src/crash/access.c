/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The accesses of one instruction. Zydis names the operands, hidden ones too; what it leaves to the reader is added here: where the
 * stack pointer stands when an operand is used, bit strings, XLAT, ENTER, CLZERO, the size of an XSAVE area. Instructions of ring 0
 * are listed like others: they fail with #GP before they touch anything, and then nobody asks.
 */
#include "crash/access.h"

#include "mm/uaccess.h"

#include <Zydis/Zydis.h>
#include <cpuid.h>
#include <signal.h>
#include <string.h>

#define READ_ACTIONS  (ZYDIS_OPERAND_ACTION_READ | ZYDIS_OPERAND_ACTION_CONDREAD)
#define WRITE_ACTIONS (ZYDIS_OPERAND_ACTION_WRITE | ZYDIS_OPERAND_ACTION_CONDWRITE)

#define XSAVE_LEGACY 576 /* the x87/SSE part and the header */
#define XSAVE_MAX    16384

struct insn {
	const struct access_cpu *cpu;
	ZydisDecodedInstruction i;
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
	uint64_t next; /* address of the instruction behind */
};

struct list {
	struct access *out;
	size_t count, max;
};

static void add(struct list *l, struct access a)
{
	if (l->count < l->max)
		l->out[l->count++] = a;
}

static uint64_t gpr64(const struct hk_regs *r, ZydisRegister reg)
{
	switch (reg) {
	case ZYDIS_REGISTER_RAX:
		return r->rax;
	case ZYDIS_REGISTER_RCX:
		return r->rcx;
	case ZYDIS_REGISTER_RDX:
		return r->rdx;
	case ZYDIS_REGISTER_RBX:
		return r->rbx;
	case ZYDIS_REGISTER_RSP:
		return r->rsp;
	case ZYDIS_REGISTER_RBP:
		return r->rbp;
	case ZYDIS_REGISTER_RSI:
		return r->rsi;
	case ZYDIS_REGISTER_RDI:
		return r->rdi;
	case ZYDIS_REGISTER_R8:
		return r->r8;
	case ZYDIS_REGISTER_R9:
		return r->r9;
	case ZYDIS_REGISTER_R10:
		return r->r10;
	case ZYDIS_REGISTER_R11:
		return r->r11;
	case ZYDIS_REGISTER_R12:
		return r->r12;
	case ZYDIS_REGISTER_R13:
		return r->r13;
	case ZYDIS_REGISTER_R14:
		return r->r14;
	case ZYDIS_REGISTER_R15:
		return r->r15;
	default:
		return 0;
	}
}

/* The value of a register as an address uses it: cut to its width. */
static uint64_t reg_value(const struct insn *n, ZydisRegister reg)
{
	bool ip = reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP;
	ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
	unsigned width = ZydisRegisterGetWidth(ZYDIS_MACHINE_MODE_LONG_64, reg);
	uint64_t v = ip ? n->next : gpr64(&n->cpu->regs, whole);

	return width == 64 ? v : width == 0 ? 0 : v & ((1UL << width) - 1);
}

static bool has_prefix(const struct insn *n, ZydisInstructionAttributes attrs)
{
	return (n->i.attributes & attrs) != 0;
}

/* The bit that BT and its kin select with a register may lie far from the operand: the processor moves by whole operands. */
static int64_t bit_string_offset(const struct insn *n)
{
	unsigned width = n->i.operand_width;
	int64_t bit;

	switch (n->i.mnemonic) {
	case ZYDIS_MNEMONIC_BT:
	case ZYDIS_MNEMONIC_BTS:
	case ZYDIS_MNEMONIC_BTR:
	case ZYDIS_MNEMONIC_BTC:
		break;
	default:
		return 0;
	}
	if (n->op[1].type != ZYDIS_OPERAND_TYPE_REGISTER || width < 16 || width > 64)
		return 0;
	bit = (int64_t)(reg_value(n, n->op[1].reg.value) << (64 - width)) >> (64 - width);
	return (bit >> __builtin_ctz(width)) * (int64_t)(width / 8);
}

/* Where the stack pointer stands when this operand is used, relative to where it stood before the instruction. */
static int64_t stack_offset(const struct insn *n, const ZydisDecodedOperand *o)
{
	bool implicit = o->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN;

	if (o->mem.base != ZYDIS_REGISTER_RSP && o->mem.base != ZYDIS_REGISTER_ESP)
		return 0;
	if (implicit)
		return o->actions & WRITE_ACTIONS ? -(int64_t)(o->size / 8) : 0;
	/* POP computes the address of its destination after it has moved the stack pointer. */
	return n->i.mnemonic == ZYDIS_MNEMONIC_POP ? (int64_t)(o->size / 8) : 0;
}

static uint64_t operand_address(const struct insn *n, const ZydisDecodedOperand *o)
{
	const ZydisDecodedOperandMem *m = &o->mem;
	bool implicit_stack = o->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && m->base == ZYDIS_REGISTER_RSP;
	uint64_t a = reg_value(n, m->base) + (m->disp.has_displacement ? (uint64_t)m->disp.value : 0);

	if (m->type == ZYDIS_MEMOP_TYPE_MEM)
		a += reg_value(n, m->index) * m->scale;
	if (n->i.mnemonic == ZYDIS_MNEMONIC_XLAT)
		a += n->cpu->regs.rax & 0xff;
	a += (uint64_t)stack_offset(n, o) + (uint64_t)bit_string_offset(n);
	/* The stack is used with its full width whatever the address size; so is a 64-bit displacement without registers. */
	if (n->i.address_width == 32 && !implicit_stack)
		a &= 0xffffffff;
	if (m->segment == ZYDIS_REGISTER_FS)
		a += n->cpu->fs_base;
	else if (m->segment == ZYDIS_REGISTER_GS)
		a += n->cpu->gs_base;
	return a;
}

/* Bytes of an XSAVE area in the standard form that the instruction's mask (EDX:EAX) asks for: as this processor lays it out. A compact
 * area is never larger. The guest's XCR0 is not known here; components beyond AVX-512 and PKRU are never enabled. */
static uint32_t xsave_size(const struct access_cpu *cpu)
{
	uint64_t mask = ((cpu->regs.rdx << 32) | (uint32_t)cpu->regs.rax) & 0x2e4;
	uint32_t size = XSAVE_LEGACY;
	unsigned a, b, c, d;

	if (!__get_cpuid_count(0xd, 0, &a, &b, &c, &d))
		return size;
	mask &= a;
	for (unsigned n = 2; n < 10; n++) {
		if (!(mask >> n & 1) || !__get_cpuid_count(0xd, n, &a, &b, &c, &d))
			continue;
		if (a <= XSAVE_MAX && b <= XSAVE_MAX && b + a > size)
			size = b + a;
	}
	return size;
}

static bool is_xsave(const struct insn *n)
{
	return n->i.meta.category == ZYDIS_CATEGORY_XSAVE || n->i.meta.category == ZYDIS_CATEGORY_XSAVEOPT;
}

/* Hints and wide NOPs have a memory operand that is never touched. */
static bool touches_nothing(const struct insn *n)
{
	switch (n->i.meta.category) {
	case ZYDIS_CATEGORY_PREFETCH:
	case ZYDIS_CATEGORY_PREFETCHWT1:
	case ZYDIS_CATEGORY_WIDENOP:
	case ZYDIS_CATEGORY_NOP:
	case ZYDIS_CATEGORY_CLDEMOTE:
		return true;
	case ZYDIS_CATEGORY_STRINGOP:
	case ZYDIS_CATEGORY_IOSTRINGOP:
		break;
	default:
		return false;
	}
	/* A repeated string instruction with nothing left to do. */
	if (!has_prefix(n, ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE))
		return false;
	return (n->i.address_width == 32 ? n->cpu->regs.rcx & 0xffffffff : n->cpu->regs.rcx) == 0;
}

static bool is_masked(const struct insn *n)
{
	switch (n->i.mnemonic) {
	case ZYDIS_MNEMONIC_MASKMOVDQU:
	case ZYDIS_MNEMONIC_MASKMOVQ:
	case ZYDIS_MNEMONIC_VMASKMOVDQU:
	case ZYDIS_MNEMONIC_VMASKMOVPS:
	case ZYDIS_MNEMONIC_VMASKMOVPD:
	case ZYDIS_MNEMONIC_VPMASKMOVD:
	case ZYDIS_MNEMONIC_VPMASKMOVQ:
		return true;
	default:
		return n->i.avx.mask.reg > ZYDIS_REGISTER_K0 && n->i.avx.mask.reg <= ZYDIS_REGISTER_K7;
	}
}

static void add_operand(struct list *l, const struct insn *n, const ZydisDecodedOperand *o)
{
	struct access a = { .size = o->size / 8, .stack = o->mem.segment == ZYDIS_REGISTER_SS, .masked = is_masked(n) };

	if (o->actions & READ_ACTIONS)
		a.how |= MM_READ;
	if (o->actions & WRITE_ACTIONS)
		a.how |= MM_WRITE;
	if (!a.how)
		return;
	a.addr = operand_address(n, o);
	if (o->mem.type == ZYDIS_MEMOP_TYPE_VSIB || a.size == 0) {
		a.uncertain = true;
		a.size = a.size ? a.size : 1;
	}
	if (is_xsave(n))
		a.size = xsave_size(n->cpu);
	/* The whole cache line, wherever in it the operand points. */
	if (n->i.mnemonic == ZYDIS_MNEMONIC_CLFLUSH || n->i.mnemonic == ZYDIS_MNEMONIC_CLFLUSHOPT ||
	    n->i.mnemonic == ZYDIS_MNEMONIC_CLWB)
		a.size = 1;
	add(l, a);
}

/* ENTER: the old frame pointer, the frames above by levels, and a touch at the new top of the stack. */
static void add_enter(struct list *l, const struct insn *n)
{
	uint64_t size = n->i.operand_width / 8, sp = n->cpu->regs.rsp, bp = n->cpu->regs.rbp;
	unsigned level = n->i.raw.imm[1].value.u & 31;
	struct access push = { .size = (uint32_t)size, .how = MM_WRITE, .stack = true };
	struct access pull = { .size = (uint32_t)size, .how = MM_READ, .stack = true };

	push.addr = sp -= size;
	add(l, push);
	for (unsigned k = 1; k < level; k++) {
		pull.addr = bp -= size;
		add(l, pull);
		push.addr = sp -= size;
		add(l, push);
	}
	if (level) {
		push.addr = sp -= size;
		add(l, push);
	}
	add(l, (struct access){
		       .addr = sp - (n->i.raw.imm[0].value.u & 0xffff), .size = 1, .how = MM_WRITE, .stack = true });
}

static void add_memory(struct list *l, const struct insn *n)
{
	if (n->i.mnemonic == ZYDIS_MNEMONIC_ENTER) {
		add_enter(l, n);
		return;
	}
	if (n->i.mnemonic == ZYDIS_MNEMONIC_CLZERO) {
		add(l, (struct access){ .addr = n->cpu->regs.rax & ~63UL, .size = 64, .how = MM_WRITE });
		return;
	}
	if (touches_nothing(n))
		return;
	/* What is only read comes first: a value must be there before it can be stored. */
	for (int writes = 0; writes < 2; writes++) {
		for (unsigned k = 0; k < n->i.operand_count; k++) {
			const ZydisDecodedOperand *o = &n->op[k];

			if (o->type == ZYDIS_OPERAND_TYPE_MEMORY && !!(o->actions & WRITE_ACTIONS) == writes &&
			    o->mem.type != ZYDIS_MEMOP_TYPE_AGEN && o->mem.type != ZYDIS_MEMOP_TYPE_MIB)
				add_operand(l, n, o);
		}
	}
}

size_t access_list(const struct access_cpu *cpu, struct access *out, size_t max)
{
	size_t len = hk_min(cpu->code_len, ACCESS_CODE_MAX);
	struct list l = { .out = out, .max = max };
	struct access fetch = { .addr = cpu->regs.rip, .how = MM_EXEC, .size = 1 };
	struct insn n = { .cpu = cpu };
	ZydisDecoder decoder;
	ZyanStatus s;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	s = ZydisDecoderDecodeFull(&decoder, cpu->code, len, &n.i, n.op);
	if (ZYAN_SUCCESS(s)) {
		fetch.size = n.i.length;
		n.next = cpu->regs.rip + n.i.length;
	} else if (s == ZYDIS_STATUS_NO_MORE_DATA && len < ACCESS_CODE_MAX) {
		fetch.size = (uint32_t)len + 1; /* it is the byte behind that could not be had */
	} else if (len) {
		fetch.size = (uint32_t)len;
	}
	add(&l, fetch);
	if (ZYAN_SUCCESS(s))
		add_memory(&l, &n);
	return l.count;
}

void access_fetch(struct access_cpu *cpu)
{
	memset(cpu->code, 0, sizeof(cpu->code));
	cpu->code_len = copy_from_guest_partial(cpu->code, GVA(cpu->regs.rip), sizeof(cpu->code));
}

bool access_canonical(uint64_t addr)
{
	return (uint64_t)((int64_t)(addr << 16) >> 16) == addr;
}

/* Does the processor refuse the operand before it looks at page tables? Linux then gives SI_KERNEL and no address. */
static bool refused_by_processor(const struct access *a, struct access_fault *f)
{
	if (a->uncertain || (access_canonical(a->addr) && access_canonical(a->addr + a->size - 1)))
		return false;
	*f = (struct access_fault){ .signo = a->stack ? SIGBUS : SIGSEGV, .code = SI_KERNEL, .op = *a };
	return true;
}

/* The VMA tree's verdict on the page of addr: 0 or an si_code. */
static int forbidden(struct mm *mm, uint64_t addr, unsigned how)
{
	/* Whatever may be written may be read, on this processor. */
	enum mm_access kind = how & MM_EXEC ? MM_EXEC : how & MM_WRITE ? MM_WRITE : MM_READ;
	enum mm_verdict v = gva_range_ok(GVA(addr), 1) ? mm_check(mm, GVA(addr), kind) : MM_MAPERR;

	return v == MM_MAPERR ? SEGV_MAPERR : v == MM_ACCERR ? SEGV_ACCERR : 0;
}

/* Look at the operand page by page; by_host: ask the host with a touch, else the VMA tree. */
static bool operand_fails(struct mm *mm, const struct access *a, bool by_host, struct access_fault *f)
{
	uint64_t first = a->addr & HK_PAGE_MASK, pages = (first + a->size + HK_PAGE_SIZE - 1) / HK_PAGE_SIZE;

	for (uint64_t k = 0; k < pages; k++) {
		uint64_t at = k ? (a->addr - first) + k * HK_PAGE_SIZE : a->addr;
		int code = 0, signo = SIGSEGV;

		if (by_host) {
			signo = uaccess_probe(GVA(at), a->how & MM_WRITE);
			code = signo == SIGBUS ? BUS_ADRERR : signo ? SEGV_ACCERR : 0;
		} else {
			code = forbidden(mm, at, a->how);
		}
		if (code) {
			*f = (struct access_fault){ .signo = signo, .code = code, .addr = at, .op = *a };
			return true;
		}
	}
	return false;
}

enum access_result access_find(struct mm *mm, const struct access_cpu *cpu, struct access_fault *fault)
{
	struct access list[ACCESS_MAX];
	size_t n = access_list(cpu, list, HK_ARRAY_LEN(list));
	const struct access *uncertain = NULL;

	memset(fault, 0, sizeof(*fault));
	for (size_t k = 0; k < n; k++) {
		if (list[k].uncertain)
			uncertain = &list[k];
		else if (refused_by_processor(&list[k], fault) || operand_fails(mm, &list[k], false, fault))
			return ACCESS_FOUND;
	}
	for (size_t k = 0; k < n; k++)
		if (!list[k].uncertain && operand_fails(mm, &list[k], true, fault))
			return ACCESS_FOUND;
	if (!uncertain)
		return ACCESS_SPURIOUS;
	*fault = (struct access_fault){
		.signo = SIGSEGV, .code = SEGV_MAPERR, .addr = uncertain->addr, .op = *uncertain
	};
	return ACCESS_UNCERTAIN;
}

bool access_at(const struct access_cpu *cpu, uint64_t addr, unsigned how, struct access *op)
{
	struct access list[ACCESS_MAX];
	size_t n = access_list(cpu, list, HK_ARRAY_LEN(list));
	bool found = false;

	for (size_t k = 0; k < n; k++) {
		if (list[k].uncertain || addr - list[k].addr >= list[k].size)
			continue;
		if (found && !(how & list[k].how))
			continue;
		*op = list[k];
		found = true;
		if (!how || (how & op->how))
			break;
	}
	return found;
}
