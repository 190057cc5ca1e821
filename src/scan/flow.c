/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constants through one function: each register is nothing yet, one of a few constants, what it held at the entry, or unknown; states meet where branches do. Memory is not
 * followed. What is not understood makes a register unknown, never a wrong constant: instructions that no branch seen leads to (jump tables, landing pads) start with all
 * registers unknown, and so does every place that a jump table of the function may lead to.
 */
#include "scan/internal.h"

#include <Zydis/Zydis.h>
#include <errno.h>
#include <string.h>

struct state {
	struct value reg[REG_COUNT];
};

enum insn_kind { INSN_OTHER, INSN_JUMP, INSN_BRANCH, INSN_CALL, INSN_STOP, INSN_INDIRECT };

/* An instruction as far as it matters here. */
struct insn {
	uint64_t at;
	uint8_t len;
	uint8_t kind;
	bool start;     /* begins a block */
	bool padding;   /* does nothing, to align what follows */
	uint32_t state; /* what holds there: number + 1 in states, 0: not reached */
};

struct flow {
	struct func *f;
	const struct flow_events *ev;
	const uint8_t *code;
	ZydisDecoder decoder;
	VEC(struct insn) insns;
	VEC(struct state) states;
	VEC(uint32_t) work;   /* insns to go on from */
	VEC(uint64_t) tables; /* data that the code refers to: there may be jump tables */
	bool failed;          /* no memory */
};

/* ---- values ---- */

static const struct value unknown = { .kind = VALUE_UNKNOWN };

/* Numbers of system calls are small. */
static struct value constant(uint64_t c)
{
	return c >> 32 ? unknown : (struct value){ .kind = VALUE_SET, .n = 1, .c = { (uint32_t)c } };
}

static bool add_constant(struct value *to, uint32_t c)
{
	for (unsigned i = 0; i < to->n; i++)
		if (to->c[i] == c)
			return true;
	if (to->n == VALUE_MAX)
		return false;
	to->c[to->n++] = c;
	return true;
}

static void merge_kinds(struct value *to, const struct value *from)
{
	if (from->kind == VALUE_NONE || to->kind == VALUE_UNKNOWN)
		return;
	if (to->kind == VALUE_NONE) {
		*to = *from;
		return;
	}
	if (to->kind == VALUE_ARG && from->kind == VALUE_ARG && to->reg == from->reg)
		return;
	if (to->kind != VALUE_SET || from->kind != VALUE_SET) {
		*to = unknown;
		return;
	}
	for (unsigned i = 0; i < from->n; i++)
		if (!add_constant(to, from->c[i])) {
			*to = unknown;
			return;
		}
}

bool value_merge(struct value *to, const struct value *from)
{
	struct value old = *to;

	merge_kinds(to, from);
	return memcmp(&old, to, sizeof(old)) != 0;
}

static void all_unknown(struct state *s)
{
	for (unsigned r = 0; r < REG_COUNT; r++)
		s->reg[r] = unknown;
}

static bool merge(struct state *to, const struct state *from)
{
	bool changed = false;

	for (unsigned r = 0; r < REG_COUNT; r++)
		changed |= value_merge(&to->reg[r], &from->reg[r]);
	return changed;
}

/* ---- instructions ---- */

struct decoded {
	ZydisDecodedInstruction i;
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
};

static bool decode(const struct flow *w, uint64_t at, struct decoded *d)
{
	return ZYAN_SUCCESS(
		ZydisDecoderDecodeFull(&w->decoder, w->code + (at - w->f->start), w->f->end - at, &d->i, d->op));
}

/* The number of the general register that r is or is a part of, or -1. */
static int reg_number(ZydisRegister r)
{
	ZydisRegister wide = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, r);

	return wide >= ZYDIS_REGISTER_RAX && wide <= ZYDIS_REGISTER_R15 ? (int)(wide - ZYDIS_REGISTER_RAX) : -1;
}

/* Are all of its 32 or 64 bits meant? */
static bool is_whole(const ZydisDecodedOperand *op)
{
	return op->type == ZYDIS_OPERAND_TYPE_REGISTER && op->size >= 32 && reg_number(op->reg.value) >= 0;
}

static bool is_immediate(const ZydisDecodedOperand *op)
{
	return op->type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
}

static bool same_register(const struct decoded *d)
{
	return is_whole(&d->op[0]) && is_whole(&d->op[1]) && d->op[0].reg.value == d->op[1].reg.value;
}

/* The address that a memory operand names without any register but RIP; 0 if it is not such a one. */
static uint64_t fixed_address(const struct flow *w, const struct decoded *d, const ZydisDecodedOperand *op, uint64_t at)
{
	if (op->type != ZYDIS_OPERAND_TYPE_MEMORY || op->mem.segment == ZYDIS_REGISTER_FS ||
	    op->mem.segment == ZYDIS_REGISTER_GS)
		return 0;
	if (op->mem.base == ZYDIS_REGISTER_RIP)
		return at + d->i.length + (uint64_t)op->mem.disp.value;
	/* table(,%rax,8) */
	return op->mem.base == ZYDIS_REGISTER_NONE && w->f->obj->fixed ? (uint64_t)op->mem.disp.value : 0;
}

static bool branch_target(const struct decoded *d, uint64_t at, uint64_t *target)
{
	if (!is_immediate(&d->op[0]) || !d->op[0].imm.is_relative)
		return false;
	*target = at + d->i.length + d->op[0].imm.value.u;
	return true;
}

static bool is_inside(const struct flow *w, uint64_t at)
{
	return at >= w->f->start && at < w->f->end;
}

static int find(const struct flow *w, uint64_t at)
{
	size_t low = 0, high = w->insns.n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (w->insns.v[mid].at < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low < w->insns.n && w->insns.v[low].at == at ? (int)low : -1;
}

static uint8_t kind_of(const struct decoded *d)
{
	switch (d->i.meta.category) {
	case ZYDIS_CATEGORY_COND_BR:
		return INSN_BRANCH;
	case ZYDIS_CATEGORY_UNCOND_BR:
		return is_immediate(&d->op[0]) ? INSN_JUMP : INSN_INDIRECT;
	case ZYDIS_CATEGORY_CALL:
		return INSN_CALL;
	case ZYDIS_CATEGORY_RET:
		return INSN_STOP;
	default:
		return d->i.mnemonic == ZYDIS_MNEMONIC_HLT || d->i.mnemonic == ZYDIS_MNEMONIC_UD2 ? INSN_STOP
												  : INSN_OTHER;
	}
}

static bool is_padding(const struct decoded *d)
{
	return d->i.meta.category == ZYDIS_CATEGORY_NOP || d->i.meta.category == ZYDIS_CATEGORY_WIDENOP ||
	       d->i.mnemonic == ZYDIS_MNEMONIC_INT3;
}

/* ---- first pass: instructions, and the addresses they name ---- */

static void refer(struct flow *w, uint64_t address)
{
	const struct obj *o = w->f->obj;

	if (!address)
		return;
	w->ev->refer(w->ev->ctx, w->f, address);
	if (!obj_is_code(o, address) && obj_bytes(o, address, 4) && !vec_push(&w->tables, address))
		w->failed = true;
}

static void note_references(struct flow *w, const struct decoded *d, uint64_t at)
{
	for (unsigned k = 0; k < d->i.operand_count; k++) {
		refer(w, fixed_address(w, d, &d->op[k], at));
		if (w->f->obj->fixed && is_immediate(&d->op[k]) && !d->op[k].imm.is_relative && d->op[k].size >= 32)
			refer(w, d->op[k].imm.value.u);
	}
}

/* Is somewhere within [at, at+len) an entry of other functions? Then what was decoded is not what is run. */
static bool is_split(const struct flow *w, uint64_t at, uint64_t len)
{
	for (size_t i = 0; i < w->f->entries.n; i++)
		if (w->f->entries.v[i].at > at && w->f->entries.v[i].at < at + len)
			return true;
	return false;
}

static void read_instructions(struct flow *w)
{
	struct decoded d;

	for (uint64_t at = w->f->start; at < w->f->end && !w->failed;) {
		struct insn i = { .at = at, .len = 1, .kind = INSN_STOP };

		if (decode(w, at, &d) && !is_split(w, at, d.i.length)) {
			i.len = d.i.length;
			i.kind = kind_of(&d);
			i.padding = is_padding(&d);
			note_references(w, &d, at);
		}
		if (!vec_push(&w->insns, i))
			w->failed = true;
		at += i.len;
	}
}

/* ---- second pass: states ---- */

static void enter(struct flow *w, uint64_t at, const struct state *s)
{
	int i = find(w, at);

	if (i < 0)
		return;
	w->insns.v[i].start = true;
	if (!w->insns.v[i].state) {
		if (!vec_push(&w->states, *s)) {
			w->failed = true;
			return;
		}
		w->insns.v[i].state = (uint32_t)w->states.n;
	} else if (!merge(&w->states.v[w->insns.v[i].state - 1], s)) {
		return;
	}
	if (!vec_push(&w->work, (uint32_t)i))
		w->failed = true;
}

static void enter_unknown(struct flow *w, uint64_t at)
{
	struct state s;

	all_unknown(&s);
	enter(w, at, &s);
}

/* A table of offsets from itself (position-independent code), or of addresses: each entry that leads into the function may be jumped to. */
static void read_table(struct flow *w, uint64_t table)
{
	const uint8_t *p;

	for (uint64_t k = 0; (p = obj_bytes(w->f->obj, table + 4 * k, 4)); k++) {
		int32_t offset;

		memcpy(&offset, p, 4);
		if (!is_inside(w, table + (uint64_t)(int64_t)offset))
			break;
		enter_unknown(w, table + (uint64_t)(int64_t)offset);
	}
	for (uint64_t k = 0; (p = obj_bytes(w->f->obj, table + 8 * k, 8)); k++) {
		const struct reloc *r = obj_reloc(w->f->obj, table + 8 * k);
		uint64_t target;

		memcpy(&target, p, 8);
		if (r && r->target)
			target = r->target;
		if (!is_inside(w, target))
			break;
		enter_unknown(w, target);
	}
}

static void read_tables(struct flow *w)
{
	bool indirect = false;

	for (size_t i = 0; i < w->insns.n; i++)
		indirect |= w->insns.v[i].kind == INSN_INDIRECT;
	for (size_t i = 0; indirect && i < w->tables.n && !w->failed; i++)
		read_table(w, w->tables.v[i]);
}

/* All that an instruction writes becomes unknown. */
static void clobber(const struct decoded *d, struct state *s)
{
	for (unsigned k = 0; k < d->i.operand_count; k++) {
		int r = d->op[k].type == ZYDIS_OPERAND_TYPE_REGISTER ? reg_number(d->op[k].reg.value) : -1;

		if (r >= 0 && d->op[k].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
			s->reg[r] = unknown;
	}
}

/* What a function may leave changed. */
static void clobber_call(struct state *s)
{
	static const uint8_t lost[] = { REG_RAX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_R8, 9, 10, REG_R11 };

	for (size_t i = 0; i < sizeof(lost); i++)
		s->reg[lost[i]] = unknown;
}

static void add_to(struct value *v, uint64_t n)
{
	if (v->kind != VALUE_SET) {
		*v = unknown;
		return;
	}
	for (unsigned i = 0; i < v->n; i++)
		v->c[i] += (uint32_t)n;
}

/* base + displacement, in a LEA: an addition. */
static struct value lea_value(const struct decoded *d, const struct state *s)
{
	const ZydisDecodedOperandMem *m = &d->op[1].mem;
	struct value v = unknown;

	if (m->base != ZYDIS_REGISTER_NONE && m->base != ZYDIS_REGISTER_RIP && m->index == ZYDIS_REGISTER_NONE &&
	    reg_number(m->base) >= 0) {
		v = s->reg[reg_number(m->base)];
		if (m->disp.value)
			add_to(&v, (uint64_t)m->disp.value);
	}
	return v;
}

/* The effect on the registers. */
static void step(const struct decoded *d, struct state *s)
{
	const ZydisDecodedOperand *to = &d->op[0], *from = &d->op[1];
	struct value v;
	int r;

	if (d->i.operand_count < 2 || !is_whole(to) || d->i.mnemonic == ZYDIS_MNEMONIC_SYSCALL) {
		clobber(d, s);
		if (d->i.mnemonic == ZYDIS_MNEMONIC_SYSCALL)
			s->reg[REG_RAX] = unknown; /* the result, which Zydis knows nothing of */
		return;
	}
	r = reg_number(to->reg.value);
	v = s->reg[r];
	switch (d->i.mnemonic) {
	case ZYDIS_MNEMONIC_MOV:
	case ZYDIS_MNEMONIC_MOVSXD:
		v = is_immediate(from) ? constant(from->imm.value.u)
		    : is_whole(from)   ? s->reg[reg_number(from->reg.value)]
				       : unknown;
		break;
	case ZYDIS_MNEMONIC_LEA:
		v = lea_value(d, s);
		break;
	case ZYDIS_MNEMONIC_XOR:
	case ZYDIS_MNEMONIC_SUB:
		if (same_register(d))
			v = constant(0);
		else if (d->i.mnemonic == ZYDIS_MNEMONIC_SUB && is_immediate(from))
			add_to(&v, -from->imm.value.u);
		else
			v = unknown;
		break;
	case ZYDIS_MNEMONIC_ADD:
		if (is_immediate(from))
			add_to(&v, from->imm.value.u);
		else
			v = unknown;
		break;
	case ZYDIS_MNEMONIC_CMP:
	case ZYDIS_MNEMONIC_TEST:
		return;
	default:
		/* A conditional move leaves the old value or the new one. */
		if (d->i.meta.category == ZYDIS_CATEGORY_CMOV && is_whole(from))
			value_merge(&v, &s->reg[reg_number(from->reg.value)]);
		else
			v = unknown;
		break;
	}
	clobber(d, s);
	s->reg[r] = v;
}

/* From instruction i on, to the end of what can be reached without a branch. */
static void follow(struct flow *w, uint32_t i)
{
	struct state s = w->states.v[w->insns.v[i].state - 1];
	struct decoded d;
	uint64_t target;

	for (; i < w->insns.n && !w->failed; i++) {
		const struct insn *in = &w->insns.v[i];

		if (!decode(w, in->at, &d))
			return;
		if ((in->kind == INSN_JUMP || in->kind == INSN_BRANCH) && branch_target(&d, in->at, &target) &&
		    is_inside(w, target))
			enter(w, target, &s);
		if (in->kind == INSN_JUMP || in->kind == INSN_STOP || in->kind == INSN_INDIRECT)
			return;
		if (in->kind == INSN_CALL)
			clobber_call(&s);
		else if (in->kind == INSN_OTHER)
			step(&d, &s);
		if (i + 1 < w->insns.n && w->insns.v[i + 1].start) {
			enter(w, w->insns.v[i + 1].at, &s);
			return;
		}
	}
}

static void find_starts(struct flow *w)
{
	struct decoded d;
	uint64_t target;

	for (size_t i = 0; i < w->insns.n; i++) {
		const struct insn *in = &w->insns.v[i];
		int k = -1;

		if ((in->kind == INSN_JUMP || in->kind == INSN_BRANCH) && decode(w, in->at, &d) &&
		    branch_target(&d, in->at, &target) && is_inside(w, target))
			k = find(w, target);
		if (k >= 0)
			w->insns.v[k].start = true;
		if (in->kind != INSN_OTHER && in->kind != INSN_CALL && i + 1 < w->insns.n)
			w->insns.v[i + 1].start = true;
	}
}

static void drain(struct flow *w)
{
	while (w->work.n && !w->failed)
		follow(w, w->work.v[--w->work.n]);
}

/* A block that no known way leads to starts with anything; but padding behind a jump is not run, nor does it lead to what follows. */
static void enter_unreached(struct flow *w, uint32_t i)
{
	const struct insn *in = &w->insns.v[i];

	if (!in->start || in->state)
		return;
	if (in->padding) {
		if (i + 1 < w->insns.n)
			w->insns.v[i + 1].start = true;
		return;
	}
	enter_unknown(w, in->at);
	drain(w);
}

static void find_states(struct flow *w)
{
	struct state s;

	for (unsigned r = 0; r < REG_COUNT; r++)
		s.reg[r] = (struct value){ .kind = VALUE_ARG, .reg = (uint8_t)r };
	find_starts(w);
	enter(w, w->f->start, &s);
	for (size_t i = 0; i < w->f->entries.n; i++) {
		memcpy(s.reg, w->f->entries.v[i].reg, sizeof(s.reg));
		enter(w, w->f->entries.v[i].at, &s);
	}
	read_tables(w);
	drain(w);
	for (size_t i = 0; i < w->insns.n && !w->failed; i++)
		enter_unreached(w, (uint32_t)i);
}

/* ---- third pass: tell ---- */

static void tell(struct flow *w, const struct insn *in, const struct decoded *d, const struct state *s)
{
	const struct flow_events *ev = w->ev;
	uint64_t target;

	if (d->i.mnemonic == ZYDIS_MNEMONIC_SYSCALL)
		ev->syscall(ev->ctx, w->f, in->at, &s->reg[REG_RAX]);
	if (in->kind == INSN_OTHER || in->kind == INSN_STOP)
		return;
	if (branch_target(d, in->at, &target)) {
		if (in->kind == INSN_CALL || !is_inside(w, target))
			ev->call(ev->ctx, w->f, in->at, target, s->reg);
		return;
	}
	target = fixed_address(w, d, &d->op[0], in->at);
	if (target)
		ev->call_slot(ev->ctx, w->f, in->at, target, s->reg);
}

static void tell_all(struct flow *w)
{
	uint8_t last = INSN_STOP;
	struct state s;
	struct decoded d;

	all_unknown(&s);
	for (size_t i = 0; i < w->insns.n; i++) {
		const struct insn *in = &w->insns.v[i];

		if (in->start && in->state)
			s = w->states.v[in->state - 1];
		else if (in->start)
			all_unknown(&s);
		if (!decode(w, in->at, &d))
			continue;
		if (!in->padding)
			last = in->kind;
		tell(w, in, &d, &s);
		if (in->kind == INSN_CALL)
			clobber_call(&s);
		else
			step(&d, &s);
	}
	/* Running on into what follows is a jump there; not behind a last call, which does not come back. */
	if (last == INSN_OTHER || last == INSN_BRANCH)
		w->ev->call(w->ev->ctx, w->f, w->f->end - 1, w->f->end, s.reg);
}

int flow_function(struct func *f, const struct flow_events *ev)
{
	struct flow w = { .f = f, .ev = ev };
	uint64_t len;

	w.code = obj_code(f->obj, f->start, &len);
	if (!w.code || f->end - f->start > len)
		return 0;
	ZydisDecoderInit(&w.decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	read_instructions(&w);
	if (w.insns.n && !w.failed)
		find_states(&w);
	if (!w.failed)
		tell_all(&w);
	free(w.insns.v);
	free(w.states.v);
	free(w.work.v);
	free(w.tables.v);
	return w.failed ? -ENOMEM : 0;
}
