/* SPDX-License-Identifier: Apache-2.0 */
/* The run loop: one switch over what a vCPU can come back with. */
#include "monitor/internal.h"

#include "kern/signal.h"
#include "syscalls/dispatch.h"

#include <errno.h>

static void on_syscall(struct monitor *m)
{
	struct hk_regs *r = &m->vcpu.regs;
	struct hk_call call = { .nr = r->rax, .a = { r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9 }, .rip = r->rip };
	int64_t result = hk_dispatch(&m->task, &call);

	if (m->task.regs_replaced) {
		/* rt_sigreturn has set RAX itself. */
		m->task.regs_replaced = false;
	} else if (result == -HK_ERESTARTSYS) {
		m->task.signals.restart = true;
		m->task.signals.restart_nr = call.nr;
	} else {
		r->rax = (uint64_t)result;
	}
}

static void on_broken(struct monitor *m, const struct vcpu_exit *e, struct hk_err *err)
{
	hk_err_set(err, -EIO, "the virtual machine stopped: %s", e->text);
	m->task.exiting = true;
	m->task.exit_code = HUSK_EXIT_FAILURE;
}

void monitor_loop(struct monitor *m, struct hk_err *err)
{
	struct hk_task *t = &m->task;
	struct vcpu_exit e;

	while (!t->exiting) {
		vcpu_run(&m->vcpu, &e);
		switch (e.event) {
		case VCPU_SYSCALL:
			on_syscall(m);
			break;
		case VCPU_EXCEPTION:
			monitor_exception(m, &e);
			break;
		case VCPU_FORBIDDEN:
			monitor_forbidden(m);
			break;
		case VCPU_KICKED:
			break;
		default:
			on_broken(m, &e, err);
			break;
		}
		if (!t->exiting)
			signal_deliver(t);
	}
	m->status = t->exit_code;
}
