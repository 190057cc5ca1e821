/* SPDX-License-Identifier: Apache-2.0 */
/* The run loop: one switch over what a vCPU can come back with. */
#include "monitor/internal.h"

#include "kern/signal.h"
#include "syscalls/dispatch.h"

#include <errno.h>

static void on_syscall(struct thread *th)
{
	struct hk_regs *r = &th->vcpu.regs;
	struct hk_call call = { .nr = r->rax, .a = { r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9 }, .rip = r->rip };
	int64_t result = hk_dispatch(&th->task, &call);

	if (signal_was_kick(&th->task) && result == -EINTR)
		result = -HK_ERESTARTSYS;
	if (th->task.regs_replaced) {
		/* rt_sigreturn has set RAX itself. */
		th->task.regs_replaced = false;
	} else if (result == -HK_ERESTARTSYS) {
		th->task.signals.restart = true;
		th->task.signals.restart_nr = call.nr;
	} else {
		r->rax = (uint64_t)result;
	}
}

static void on_broken(struct thread *th, const struct vcpu_exit *e, struct hk_err *err)
{
	hk_err_set(err, -EIO, "the virtual machine stopped: %s", e->text);
	th->task.exiting = true;
	th->task.exit_code = HUSK_EXIT_FAILURE;
}

void monitor_loop(struct thread *th, struct hk_err *err)
{
	struct hk_task *t = &th->task;
	struct vcpu_exit e;

	while (!t->exiting) {
		vcpu_run(&th->vcpu, &e);
		switch (e.event) {
		case VCPU_SYSCALL:
			on_syscall(th);
			break;
		case VCPU_EXCEPTION:
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
}
