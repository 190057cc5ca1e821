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

	gate_trapped(&th->m->gate, r, __atomic_load_n(&th->m->threads.live, __ATOMIC_RELAXED) == 1);
	server_saw_exit(th->m, th, call.nr);
	/* A signal that was noted on the way out came before the call. */
	inspection_at_call(th, call.nr);
	result = hk_hostcall_cut ? -HK_ERESTARTNOINTR : hk_dispatch(&th->task, &call);
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

void monitor_loop(struct thread *th, struct hk_err *err)
{
	struct hk_task *t = &th->task;
	struct vcpu_exit e;

	if (th->vcpu.data)
		gate_fill(&th->m->gate, th->vcpu.data);
	server_join(&th->m->server, th);
	while (!t->exiting) {
		let_run(th);
		vcpu_run(&th->vcpu, &e);
		family_count_exit(th->task.proc->family, th->slot);
		take(th);
		if (settle(th, &e))
			e.event = VCPU_KICKED;
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
