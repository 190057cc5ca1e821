/* SPDX-License-Identifier: Apache-2.0 */
/* A vCPU that came out in the middle of a patched call: before or after it, but never in it. See struct gate_entry. */
#include "gate/internal.h"

#include "base/hostcall.h"
#include "guest/gate.h"

#define FLAG_CF 0x001u
#define FLAG_OF 0x800u
#define LAHF    0xd5u /* the flags that LAHF knows */

static const struct gate_entry *entry_of(uint64_t rip)
{
	uint64_t at = rip - GATE_CODE_VA;

	if (rip < GATE_CODE_VA + GATE_FAST || rip >= GATE_CODE_VA + GATE_PAGE_SIZE)
		return NULL;
	for (const struct gate_entry *e = gate_entries; e < gate_entries_end; e++)
		if (at >= e->start && at < e->end)
			return e;
	return NULL;
}

/* AH has what LAHF took, AL the overflow flag. */
static void restore_flags(struct hk_regs *r, uint64_t kept)
{
	r->rflags = (r->rflags & ~(uint64_t)(LAHF | FLAG_OF)) | ((kept >> 8) & LAHF) | (kept & 1 ? FLAG_OF : 0);
}

static enum gate_settled before_call(const struct gate_site *s, struct hk_regs *r, uint64_t nr, bool make_it)
{
	r->rax = nr;
	if (!make_it) {
		r->rip = s->start;
		return GATE_ELSEWHERE;
	}
	r->rip = r->rcx = s->at + 2;
	r->r11 = r->rflags;
	return GATE_MAKE_CALL;
}

static enum gate_settled after_call(const struct gate_site *s, struct hk_regs *r, uint64_t result)
{
	r->rax = result;
	r->rip = r->rcx = s->at + 2;
	return GATE_ANSWERED;
}

/* The server had an answer that the program has not fetched. */
static bool has_answer(struct gate_data *data)
{
	bool done = __atomic_load_n(&data->state, __ATOMIC_ACQUIRE) == GATE_STATE_DONE;

	__atomic_store_n(&data->state, GATE_STATE_IDLE, __ATOMIC_RELAXED);
	return done;
}

static enum gate_settled in_trampoline(const struct gate_site *s, struct hk_regs *r, struct gate_data *data,
				       enum gate_exit how)
{
	/* It gave up waiting for the server, which then answered after all. */
	if (r->rip >= s->tail && has_answer(data))
		return after_call(s, r, data->result);
	if (r->rip >= s->tail + 2) {
		r->rip = r->rcx = s->at + 2;
		return how == GATE_EXIT_CALL ? GATE_MAKE_CALL : GATE_ELSEWHERE;
	}
	return before_call(s, r, gate_site_has_number(s) ? s->nr : r->rax, how == GATE_EXIT_TRAP);
}

static enum gate_settled in_gate(struct gate *g, const struct gate_entry *e, struct hk_regs *r, struct gate_data *data,
				 enum gate_exit how)
{
	uint64_t at = r->rip - GATE_CODE_VA;
	bool any = e->nr >= GATE_NR_PAGE, saved = e->saved && at >= e->saved;
	uint64_t tail = at <= e->in_rcx ? r->rcx : saved ? data->tail : r->r11;
	struct gate_site *s = gate_site_of_tail(g, tail);
	uint64_t nr = !any ? e->nr : saved ? data->nr : e->nr == GATE_NR_PAGE ? r->rax : s ? s->nr : 0;

	if (!s)
		return GATE_ELSEWHERE; /* the program has jumped here by itself */
	if (e->posted && at >= e->posted && at < e->restored)
		restore_flags(r, r->r11);
	if (at >= e->commit || (any && at >= e->posted && e->posted && has_answer(data)))
		return after_call(s, r, e->nr == GATE_NR_ANY ? data->result : e->nr == SYS_rt_sigprocmask ? 0 : r->rax);
	return before_call(s, r, nr, how == GATE_EXIT_TRAP || how == GATE_EXIT_FAULT);
}

enum gate_settled gate_settle(struct gate *g, struct hk_regs *r, struct gate_data *data, enum gate_exit how)
{
	const struct gate_entry *e = entry_of(r->rip);
	enum gate_settled done = how == GATE_EXIT_CALL ? GATE_MAKE_CALL : GATE_ELSEWHERE;
	struct gate_site *s;

	/* Without the lock: who comes out of a trampoline found the jump to it, which was written later than these. */
	if (!g->mm || (!e && (r->rip < __atomic_load_n(&g->low, __ATOMIC_RELAXED) ||
			      r->rip >= __atomic_load_n(&g->high, __ATOMIC_RELAXED))))
		return done;
	pthread_mutex_lock(&g->mm->lock);
	s = e ? NULL : gate_site_of_tramp(g, r->rip);
	if (e)
		done = in_gate(g, e, r, data, how);
	else if (s)
		done = in_trampoline(s, r, data, how);
	g->counts.settled += e || s;
	pthread_mutex_unlock(&g->mm->lock);
	return done;
}
