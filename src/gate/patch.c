/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replacing SYSCALL instructions, and putting them back. Three ways:
 *
 * - `mov $nr, %eax; syscall`: the MOV's five bytes become a jump, and the SYSCALL stays as it is. The same with `mov 8(%rsp), %r9`, as in glibc's syscall().
 * - any other: the SYSCALL's two bytes become the first two of a jump, whose other three are the bytes that follow, unchanged. They say where the trampoline must
 *   be, give or take 127 bytes; where that is free, it works. (For glibc's usual `cmp $-4096, %rax`, 4 MB on.)
 * - `xor %eax, %eax; syscall`, if that place is not free: the same with the XOR, whose jump borrows the SYSCALL and one byte more. (1.2 GB on.)
 *
 * So each address where an instruction began is still the beginning of one that does the same, wherever the program may jump to.
 */
#include "gate/internal.h"

#include "base/hostcall.h"
#include "guest/gate.h"
#include "mm/uaccess.h"

#include <errno.h>
#include <string.h>

#define MOV_LEN           5
#define SYSCALL_LEN       2
#define JUMP_LEN          5
#define XOR_LEN           2
#define JUMP_INDIRECT_LEN 6

static uint64_t code_for(uint32_t nr)
{
	const struct gate_entry *e = gate_entries;

	while (e < gate_entries_end && e->nr != nr)
		e++;
	return e < gate_entries_end ? GATE_CODE_VA + e->start : 0;
}

static bool may_serve(const struct gate *g, uint64_t nr)
{
	return __atomic_load_n(&g->serving, __ATOMIC_RELAXED) && nr < HK_ARRAY_LEN(g->serve) && g->serve[nr];
}

uint64_t gate_handler(const struct gate *g, uint64_t nr)
{
	bool off = nr >= GATE_NR_PAGE || (nr == SYS_rt_sigprocmask && !g->masks);
	uint64_t own = off ? 0 : code_for((uint32_t)nr);

	return own ? own : may_serve(g, nr) ? code_for(GATE_NR_ANY) : 0;
}

/* ---- the trampoline ---- */

struct code {
	uint8_t bytes[TRAMP_MOST];
	unsigned len;
};

static void put(struct code *c, const void *bytes, unsigned len)
{
	memcpy(c->bytes + c->len, bytes, len);
	c->len += len;
}

static void put_u32(struct code *c, uint64_t value)
{
	uint32_t v = (uint32_t)value;

	put(c, &v, sizeof(v));
}

/* See gate_fast.inc for what it hands over. Returns the tail's offset. */
static unsigned build(struct code *c, const struct gate_site *s, uint64_t at, uint64_t handler)
{
	unsigned displaced = (unsigned)(s->at - s->start), tail = displaced + 13;

	put(c, s->old, displaced);
	put(c, "\x48\x8d\x0d", 3); /* lea tail(%rip), %rcx */
	put_u32(c, JUMP_INDIRECT_LEN);
	put(c, "\xff\x25", 2); /* jmp *handler(%rip) */
	put_u32(c, SYSCALL_LEN + JUMP_LEN);
	put(c, "\x0f\x05\xe9", 3); /* tail: syscall; jmp behind the program's */
	put_u32(c, s->at + SYSCALL_LEN - (at + tail + SYSCALL_LEN + JUMP_LEN));
	put(c, &handler, sizeof(handler));
	return tail;
}

static bool set_up(struct gate *g, struct gate_site *s, uint64_t at, uint64_t handler)
{
	struct code c = { .len = 0 };
	unsigned tail = build(&c, s, at, handler);

	if (mm_code_write(g->mm, at, c.bytes, c.len, false))
		return false;
	s->tramp = at;
	gate_site_tail(g, s, at + tail);
	return true;
}

/* ---- the text ---- */

/* Does one aligned word of eight hold it? */
static bool one_store(uint64_t at, unsigned len)
{
	return at / 8 == (at + len - 1) / 8;
}

/*
 * Change an instruction that other threads may be executing. If that takes more than one store, the first byte is HLT meanwhile: who comes there gets #GP, and
 * finds the change done when he has waited for mm's lock (gate_is_site). Each write changes the protection of the page, which makes KVM
 * bring all vCPUs out: none goes on with what it has fetched before.
 */
static int change(struct gate *g, uint64_t at, const uint8_t *bytes, unsigned len, bool alone)
{
	uint8_t was;
	int r;

	if (alone || one_store(at, len))
		return mm_code_write(g->mm, at, bytes, len, !alone);
	r = copy_from_guest(&was, GVA(at), 1);
	if (r == 0)
		r = mm_code_write(g->mm, at, "\xf4", 1, true);
	if (r)
		return r;
	r = mm_code_write(g->mm, at + 1, bytes + 1, len - 1, false);
	if (mm_code_write(g->mm, at, r ? &was : bytes, 1, true) && r == 0)
		r = -EFAULT;
	return r;
}

/* Would the two change, or borrow, the same byte? */
static bool is_in_the_way(const struct gate_site *s, const struct gate_site *o)
{
	return o != s && o->live && o->start < s->start + JUMP_LEN && s->start < o->start + JUMP_LEN;
}

static bool jump(struct gate *g, struct gate_site *s, bool alone)
{
	uint8_t bytes[JUMP_LEN] = { 0xe9 };
	uint32_t rel = (uint32_t)(s->tramp - (s->start + JUMP_LEN));

	memcpy(bytes + 1, &rel, sizeof(rel));
	/* Half a jump could stay when one of two pages is exchanged. */
	if (s->start / HK_PAGE_SIZE != (s->start + JUMP_LEN - 1) / HK_PAGE_SIZE)
		return false;
	for (unsigned i = 0; i < g->sites_used; i++)
		if (is_in_the_way(s, &g->site[i]))
			return false;
	if (change(g, s->start, bytes, s->len, alone))
		return false;
	s->live = true;
	g->counts.patched++;
	return true;
}

static void choose(struct gate_site *s, uint64_t start, const uint8_t *text, unsigned len)
{
	s->start = start;
	s->len = (uint8_t)len;
	memcpy(s->old, text, len);
}

/* A MOV that can be done elsewhere right before it? */
static bool patch_mov(struct gate *g, struct gate_site *s, const uint8_t *before, uint64_t handler, bool alone)
{
	static const uint8_t mov_r9[MOV_LEN] = { 0x4c, 0x8b, 0x4c, 0x24, 0x08 };
	uint64_t from = s->at - MOV_LEN, at;
	uint32_t nr;

	memcpy(&nr, before + 1, sizeof(nr));
	if (!(before[0] == MOV_EAX && nr == s->nr) && memcmp(before, mov_r9, MOV_LEN))
		return false;
	choose(s, from, before, MOV_LEN);
	at = gate_room_near(g, from, TRAMP_MOST);
	if (before[0] != MOV_EAX)
		handler = code_for(GATE_NR_PAGE);
	return at && set_up(g, s, at, handler) && jump(g, s, alone);
}

/* The two bytes at `start`, of which `text` is a copy, become a jump that borrows the three behind them. */
static bool patch_pun(struct gate *g, struct gate_site *s, uint64_t start, const uint8_t *text, uint64_t handler,
		      bool alone)
{
	uint64_t first, at;
	int32_t rel;

	memcpy((uint8_t *)&rel + 1, text + 2, 3);
	*(uint8_t *)&rel = 0;
	first = start + JUMP_LEN + (uint64_t)(int64_t)rel;
	if (first < HK_GUEST_MIN || first > HK_GUEST_MAX - 2 * HK_PAGE_SIZE)
		return false;
	choose(s, start, text, 2);
	at = gate_room_within(g, first, first + 255, TRAMP_MOST);
	return at && set_up(g, s, at, handler) && jump(g, s, alone);
}

static bool is_xor(const struct gate_site *s, const uint8_t *text)
{
	return s->nr == 0 && text[0] == XOR_EAX && text[1] == 0xc0;
}

/* The SYSCALL at `at` made call nr. Replace it if that can be done. */
static bool patch(struct gate *g, uint64_t at, uint32_t nr, uint64_t handler, bool alone)
{
	uint8_t text[MOV_LEN + SYSCALL_LEN + 3], now[MOV_LEN];
	struct gate_site *s = gate_site_at(g, at);

	if (!mm_code_constant(g->mm, at - MOV_LEN, at + SYSCALL_LEN + 3) ||
	    copy_from_guest(text, GVA(at - MOV_LEN), sizeof(text)) || text[MOV_LEN] != 0x0f ||
	    text[MOV_LEN + 1] != 0x05)
		return false;
	if (s) {
		/* Undone, or lost with its page (MADV_DONTNEED): again, if all is as it was. */
		return s->tramp && (s->nr == nr || !gate_site_has_number(s)) &&
		       copy_from_guest(now, GVA(s->start), s->len) == 0 && memcmp(now, s->old, s->len) == 0 &&
		       jump(g, s, alone);
	}
	s = gate_site_new(g, at);
	if (!s)
		return false;
	s->nr = nr;
	if (patch_mov(g, s, text, handler, alone))
		return true;
	if (!s->tramp && patch_pun(g, s, at, text + MOV_LEN, code_for(GATE_NR_PAGE), alone))
		return true;
	return !s->tramp && is_xor(s, text + MOV_LEN - XOR_LEN) &&
	       patch_pun(g, s, at - XOR_LEN, text + MOV_LEN - XOR_LEN, handler, alone);
}

/* It traps all the same: for another number, or because the server sleeps. */
static bool is_patched(struct gate *g, uint64_t at)
{
	const struct gate_site *s = gate_site_at(g, at);
	uint8_t now[MOV_LEN];

	return s && s->live && copy_from_guest(now, GVA(s->start), s->len) == 0 && memcmp(now, s->old, s->len) != 0;
}

void gate_trapped(struct gate *g, const struct hk_regs *r, bool alone)
{
	struct gate_hot *h = &g->hot[(r->rip ^ r->rip >> 8) % GATE_HOT];
	uint64_t handler;

	if (!g->mm || r->rip < HK_GUEST_MIN + HK_PAGE_SIZE || r->rip > HK_GUEST_MAX - HK_PAGE_SIZE)
		return;
	pthread_mutex_lock(&g->mm->lock);
	if (h->rip != r->rip)
		*h = (struct gate_hot){ .rip = r->rip };
	if (!h->unfit && ++h->count >= g->after) {
		handler = gate_handler(g, r->rax);
		if (handler && !is_patched(g, r->rip - SYSCALL_LEN)) {
			h->unfit = !patch(g, r->rip - SYSCALL_LEN, (uint32_t)r->rax, handler, alone);
			g->counts.unfit += h->unfit;
		}
	}
	pthread_mutex_unlock(&g->mm->lock);
}

/* ---- and back ---- */

bool gate_is_site(struct gate *g, uint64_t rip)
{
	const struct gate_site *s;
	bool is;

	if (!g->mm)
		return false;
	pthread_mutex_lock(&g->mm->lock);
	s = gate_site_at(g, rip);
	is = s && s->start == rip;
	for (unsigned i = 0; !is && i < 2; i++) {
		s = gate_site_at(g, rip + (i ? MOV_LEN : XOR_LEN));
		is = s && s->start == rip;
	}
	pthread_mutex_unlock(&g->mm->lock);
	return is;
}

static void undo(struct gate *g, struct gate_site *s)
{
	if (s->live && change(g, s->start, s->old, s->len, false) == 0)
		g->counts.undone++;
	s->live = false;
}

void gate_changing(void *ctx, uint64_t start, uint64_t end)
{
	struct gate *g = ctx;

	for (unsigned i = 0; i < g->sites_used; i++) {
		struct gate_site *s = &g->site[i];
		bool text = s->start < end && s->start + s->len > start,
		     tramp = s->tramp < end && s->tramp + TRAMP_MOST > start;

		if (s->live && (text || tramp))
			undo(g, s);
		if (tramp)
			s->tramp = 0;
	}
	for (unsigned i = 0; i < g->pages_used; i++)
		if (g->page[i].at >= start && g->page[i].at < end)
			g->page[i].at = 0;
}

void gate_init(struct gate *g, struct mm *mm, unsigned after)
{
	memset(g, 0, sizeof(*g));
	g->mm = mm;
	g->after = after;
	mm->code_watch = (struct mm_code_watch){ .ctx = g, .changing = gate_changing };
}
