/* SPDX-License-Identifier: Apache-2.0 */
/* The run loop: one switch over what a vCPU can come back with. */
#include "monitor/internal.h"

#include "kern/family.h"
#include "kern/signal.h"
#include "syscalls/dispatch.h"

#include <errno.h>

static void on_syscall(struct thread *th)
{
	struct hk_regs *r = &th->vcpu.regs;
	struct hk_call call = { .nr = r->rax, .a = { r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9 }, .rip = r->rip };
	int64_t result;

	th->last_call = call.nr;
	gate_trapped(&th->m->gate, r, __atomic_load_n(&th->m->threads.live, __ATOMIC_RELAXED) == 1);
	server_saw_exit(th->m, th, call.nr);
	/* A signal that was noted on the way out came before the call. */
	inspection_at_call(th, call.nr);
	if (th->m->report_fd >= 0)
		ending_note(th, &call);
	result = hk_hostcall_cut ? -HK_ERESTARTNOINTR : hk_dispatch(&th->task, &call);
	if (th->m->report_fd >= 0)
		ending_result(th, result);
	inspection_behind_call(th);
	if (th->vcpu.data && gate_changes_ids(call.nr)) {
		server_stop(&th->m->server);
		gate_fill_ids(th->vcpu.data);
	}
	if (th->m->gate.masks && gate_sends_signals(call.nr))
		threads_hold_all(th->m);
	if (signal_was_kick(&th->task) && result == -EINTR)
		result = -HK_ERESTARTSYS;
	if (th->task.regs_replaced) {
		/* rt_sigreturn has set RAX itself. */
		th->task.regs_replaced = false;
	} else if (result == -HK_ERESTARTSYS || result == -HK_ERESTARTNOINTR) {
		th->task.signals.restart = true;
		th->task.signals.not_made = result == -HK_ERESTARTNOINTR;
		th->task.signals.restart_nr = call.nr;
	} else {
		r->rax = (uint64_t)result;
	}
}

/* Did the vCPU come out in the middle of a patched call? Then it is before or behind it now. True: e's event is dealt with. */
static bool settle(struct thread *th, struct vcpu_exit *e)
{
	static const enum gate_exit how[VCPU_EVENT_COUNT] = {
		[VCPU_SYSCALL] = GATE_EXIT_CALL, [VCPU_EXCEPTION] = GATE_EXIT_TRAP, [VCPU_FORBIDDEN] = GATE_EXIT_TRAP
	};
	bool page_fault = e->event == VCPU_EXCEPTION && e->vector == 14;

	if (!th->vcpu.data || e->event == VCPU_BROKEN)
		return false;
	switch (gate_settle(&th->m->gate, &th->vcpu.regs, th->vcpu.data,
			    page_fault ? GATE_EXIT_FAULT : how[e->event])) {
	case GATE_MAKE_CALL:
		e->event = VCPU_SYSCALL;
		return false;
	case GATE_ANSWERED:
		return e->event == VCPU_SYSCALL;
	default:
		return false;
	}
}

static void on_broken(struct thread *th, const struct vcpu_exit *e, struct hk_err *err)
{
	hk_err_set(err, -EIO, "the virtual machine stopped: %s", e->text);
	ending_report(th, err->text);
	th->task.exiting = true;
	th->task.exit_code = HUSK_EXIT_FAILURE;
}

/* May the program change its signal mask without an exit? Then it runs with all signals blocked but those that it has not. */
static void let_run(struct thread *th)
{
	struct gate_data *data = th->vcpu.data;

	if (data && th->m->gate.masks) {
		uint64_t held;

		data->blocked = th->task.signals.blocked;
		/* Cleared before the host is asked: what threads_hold_all sets from now on stays, what was sent before is seen. */
		__atomic_store_n(&data->held, 0, __ATOMIC_SEQ_CST);
		if (vcpu_hold_signals(&th->vcpu, signal_host_mask(data->blocked), &held) == 0) {
			__atomic_fetch_or(&data->held, held | signal_held(&th->task, ~0UL), __ATOMIC_SEQ_CST);
			signal_let_run(&th->task, &data->blocked);
		} else {
			data->masks = 0;
		}
	}
	server_let(th);
}

static void take(struct thread *th)
{
	server_take(th);
	if (th->task.signals.live)
		signal_ran(&th->task);
}

/* With what the program was left to run. */
struct left {
	enum vcpu_event event;
	uint64_t rip;
};

/* What the CPU time up to this exit was spent on, NULL: the program. One that has not moved behind its call was on the way back from it. */
static const char *spent(const struct thread *th, const struct vcpu_exit *e, const struct left *from)
{
	bool moved = e->event != VCPU_KICKED || from->event != VCPU_SYSCALL || from->rip != th->vcpu.regs.rip;

	return moved ? sampler_doing(e->event, th->vcpu.regs.rax) : sampler_doing(from->event, th->last_call);
}

void monitor_loop(struct thread *th, struct hk_err *err)
{
	struct hk_task *t = &th->task;
	struct left from;
	uint64_t rip;
	struct vcpu_exit e = { .event = VCPU_KICKED };

	if (th->vcpu.data)
		gate_fill(&th->m->gate, th->vcpu.data);
	server_join(&th->m->server, th);
	while (!t->exiting) {
		if (sampler_is_due(th))
			sampler_take(th, sampler_doing(e.event, th->last_call) ?: "husk");
		if (query_is_for(&t->proc->family->query, t->tid))
			inspection_answer(th);
		let_run(th);
		from = (struct left){ e.event, th->vcpu.regs.rip };
		vcpu_run(&th->vcpu, &e);
		family_count_exit(th->task.proc->family, th->slot);
		take(th);
		rip = th->vcpu.regs.rip;
		if (settle(th, &e))
			e.event = VCPU_KICKED;
		if (sampler_is_due(th))
			sampler_take(th, rip != th->vcpu.regs.rip ? "gate" : spent(th, &e, &from));
		switch (e.event) {
		case VCPU_SYSCALL:
			on_syscall(th);
			break;
		case VCPU_EXCEPTION:
			if (!inspection_at_trap(th, &e))
				monitor_exception(th, &e);
			break;
		case VCPU_FORBIDDEN:
			monitor_forbidden(th);
			break;
		case VCPU_KICKED:
			break;
		default:
			on_broken(th, &e, err);
			break;
		}
		if (!t->exiting)
			signal_deliver(t);
	}
	server_part(&th->m->server, th);
}
