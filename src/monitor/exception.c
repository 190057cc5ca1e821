/* SPDX-License-Identifier: Apache-2.0 */
/* What the processor or the host refused the guest: mend it where the VMA tree allows, else it is a signal, as on Linux. */
#include "monitor/internal.h"

#include "crash/access.h"
#include "crash/report.h"
#include "mm/uaccess.h"
#include "trace/trace.h"

#include <string.h>

#define LINUX_TASK_SIZE 0x7ffffffff000UL

#define PF_PRESENT 0x1u
#define PF_WRITE   0x2u
#define PF_FETCH   0x10u

/* A fault that was mended so often at one place without any progress is not mended at all. */
#define MEND_MOST 1000

enum vector {
	VEC_DE = 0,
	VEC_DB = 1,
	VEC_BP = 3,
	VEC_OF = 4,
	VEC_BR = 5,
	VEC_UD = 6,
	VEC_SS = 12,
	VEC_GP = 13,
	VEC_PF = 14,
	VEC_MF = 16,
	VEC_AC = 17,
	VEC_XM = 19,
	VEC_CP = 21,
};

/* The fault at addr is said to be mended. False if that was said too often already, with nothing happening in between: a loop that walks
 * through memory faults at one place, too, but its registers change. */
static bool mended(struct thread *th, uint64_t addr)
{
	if (th->mend_addr != addr || memcmp(&th->mend_regs, &th->vcpu.regs, sizeof(th->mend_regs)) != 0) {
		th->mend_regs = th->vcpu.regs;
		th->mend_addr = addr;
		th->mend_count = 0;
	}
	return ++th->mend_count < MEND_MOST;
}

static void end_with_report(struct thread *th, const struct access_fault *fault, int vector)
{
	struct report r = {
		.program = th->task.proc->image.exe, .fault = *fault, .vector = vector, .mm = th->task.proc->mm
	};

	r.cpu.regs = th->vcpu.regs;
	if (th->task.cpu->ops->get_fs_gs(th->task.cpu, &r.cpu.fs_base, &r.cpu.gs_base))
		r.cpu.fs_base = r.cpu.gs_base = 0;
	report_fault(STDERR_FILENO, &r);
	if (th->m->report_fd >= 0) {
		report_fault(th->m->report_fd, &r);
		ending_report(th, NULL);
	}
	th->task.exiting = true;
	th->task.exit_code = 128 + fault->signo;
	th->killed_by = fault->signo;
}

/* Send the guest the signal; without a handler it dies of it, and somebody wants to know why. */
static void signal_or_die(struct thread *th, const struct access_fault *fault, int vector, uint32_t error)
{
	siginfo_t info = { .si_signo = fault->signo, .si_code = fault->code };

	info.si_addr = (void *)(uintptr_t)fault->addr;
	th->task.signals.trapno = (uint64_t)vector;
	th->task.signals.error = error;
	th->task.signals.cr2 = vector == VEC_PF ? fault->addr : 0;
	trace_signal(th->m->trace, &info);
	if (!signal_fault(&th->task, fault->signo, fault->code, fault->addr))
		end_with_report(th, fault, vector);
}

static void on_page_fault(struct thread *th, const struct vcpu_exit *e)
{
	enum mm_access how = e->error & PF_FETCH ? MM_EXEC : e->error & PF_WRITE ? MM_WRITE : MM_READ;
	enum mm_verdict verdict = mm_fault(th->task.proc->mm, GVA(e->cr2), how);
	struct access_fault fault = { .signo = SIGSEGV, .addr = e->cr2 };

	if (verdict == MM_RESUME && mended(th, e->cr2))
		return;
	fault.code = verdict == MM_ACCERR ? SEGV_ACCERR : SEGV_MAPERR;
	/* As Linux, which says of no page of its own whether it is there. */
	signal_or_die(th, &fault, VEC_PF, e->error | (e->cr2 >= LINUX_TASK_SIZE ? PF_PRESENT : 0));
}

/* Which of the unmasked x87 or SSE exceptions it was: their flags are in the same order in both. */
static int fp_code(struct thread *th, unsigned vector)
{
	uint16_t fcw, fsw;
	uint32_t mxcsr, raised;

	if (th->task.cpu->ops->get_fp_status(th->task.cpu, &fcw, &fsw, &mxcsr))
		return FPE_FLTINV;
	raised = vector == VEC_MF ? fsw & ~(uint32_t)fcw : mxcsr & ~(mxcsr >> 7);
	return raised & 0x01   ? FPE_FLTINV
	       : raised & 0x04 ? FPE_FLTDIV
	       : raised & 0x08 ? FPE_FLTOVF
	       : raised & 0x12 ? FPE_FLTUND
	       : raised & 0x20 ? FPE_FLTRES
			       : 0;
}

static void exception_signal(struct thread *th, unsigned vector, struct access_fault *f)
{
	f->addr = th->vcpu.regs.rip;
	switch (vector) {
	case VEC_DE:
		f->signo = SIGFPE;
		f->code = FPE_INTDIV;
		break;
	case VEC_MF:
	case VEC_XM:
		f->signo = SIGFPE;
		f->code = fp_code(th, vector);
		break;
	case VEC_UD:
		f->signo = SIGILL;
		f->code = ILL_ILLOPN;
		break;
	case VEC_DB:
		f->signo = SIGTRAP;
		f->code = TRAP_TRACE;
		break;
	case VEC_BP:
		f->signo = SIGTRAP;
		f->code = SI_KERNEL;
		f->addr = 0;
		break;
	case VEC_AC:
		f->signo = SIGBUS;
		f->code = BUS_ADRALN;
		f->addr = 0;
		break;
	case VEC_SS:
		f->signo = SIGBUS;
		f->code = SI_KERNEL;
		f->addr = 0;
		break;
	default: /* #GP and the like */
		f->signo = SIGSEGV;
		f->code = SI_KERNEL;
		f->addr = 0;
		break;
	}
}

/* `int n` of a vector that the program may not raise is #GP; some hosts, which emulate it, say #UD. */
static bool is_software_interrupt(const struct thread *th)
{
	uint8_t opcode;

	return get_guest(&opcode, GVA(th->vcpu.regs.rip)) == 0 && opcode == 0xcd;
}

void monitor_exception(struct thread *th, const struct vcpu_exit *e)
{
	struct access_fault fault = { 0 };
	unsigned vector;

	if (e->vector == VEC_GP && gate_is_site(&th->m->gate, th->vcpu.regs.rip) && mended(th, th->vcpu.regs.rip))
		return;
	vector = e->vector == VEC_UD && is_software_interrupt(th) ? VEC_GP : e->vector;

	if (e->vector == VEC_PF) {
		on_page_fault(th, e);
		return;
	}
	exception_signal(th, vector, &fault);
	signal_or_die(th, &fault, (int)vector, e->error);
}

/*
 * KVM_RUN ended with EFAULT: the host mapping forbids what the instruction at RIP wants. Its operands tell the address. If the tree and the host
 * both allow every one of them, the cause has gone in the meantime.
 */
void monitor_forbidden(struct thread *th)
{
	struct access_cpu cpu = { .regs = th->vcpu.regs };
	struct access_fault fault = { 0 };

	if (th->task.cpu->ops->get_fs_gs(th->task.cpu, &cpu.fs_base, &cpu.gs_base))
		cpu.fs_base = cpu.gs_base = 0;
	access_fetch(&cpu);
	switch (access_find(th->task.proc->mm, &cpu, &fault)) {
	case ACCESS_FOUND:
		break;
	case ACCESS_SPURIOUS:
		if (mended(th, 0))
			return;
		fault = (struct access_fault){ .signo = SIGSEGV, .code = SEGV_MAPERR, .addr = cpu.regs.rip };
		break;
	case ACCESS_UNCERTAIN:
		/* A gather, say: if another try gets no further, the guess has to do. */
		if (mended(th, 0))
			return;
		break;
	}
	signal_or_die(th, &fault, VEC_PF, PF_PRESENT | 4 | (fault.op.how & MM_WRITE ? PF_WRITE : 0));
}
