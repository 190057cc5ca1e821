/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entering and leaving the guest's signal handlers. The extended state (x87, SSE, AVX…) is saved and restored by the gate's code at ring 3,
 * with the processor's own XSAVE: what the host's KVM would hand out may be less than what the guest has.
 */
#include "kern/sigframe.h"

#include "abi/layout.h"
#include "base/hostcall.h"
#include "kern/task.h"
#include "mm/uaccess.h"

#include <errno.h>
#include <string.h>

#define BIT(sig) (1UL << ((sig)-1))
#define RED_ZONE 128
#define FLAG_DF  0x400u
#define FLAG_TF  0x100u
#define FLAG_RF  0x10000u
/* What a handler may change in the flags that rt_sigreturn restores: AC RF OF DF TF SF ZF AF PF CF. */
#define FLAGS_RESTORED 0x50dd5u
#define FLAGS_PLAIN    0x202u
#define MINSIGSTKSZ_   2048

static struct hk_regs *regs_of(struct hk_task *t)
{
	return t->cpu->ops->regs(t->cpu);
}

static uint32_t fpstate_size(const struct signal_state *s)
{
	return s->xsave_size ? s->xsave_size : FXSAVE_SIZE;
}

static bool on_altstack(const struct hk_sigstack *alt, uint64_t sp)
{
	return alt->size && sp > alt->sp && sp - alt->sp <= alt->size;
}

struct hk_sigstack signal_altstack(const struct hk_task *t, uint64_t sp)
{
	const struct hk_sigstack *alt = &t->signals.alt;
	int autodisarm = alt->flags & (int)SS_AUTODISARM;

	return (struct hk_sigstack){ .sp = alt->sp,
				     .size = alt->size,
				     .flags = autodisarm | (!alt->size                            ? SS_DISABLE
							    : !autodisarm && on_altstack(alt, sp) ? SS_ONSTACK
												  : 0) };
}

int64_t signal_set_altstack(struct hk_task *t, const struct hk_sigstack *to, uint64_t sp)
{
	struct hk_sigstack *alt = &t->signals.alt;
	int mode = to->flags & ~(int)SS_AUTODISARM;

	if (on_altstack(alt, sp) && !(alt->flags & (int)SS_AUTODISARM))
		return -EPERM;
	if (mode != 0 && mode != SS_ONSTACK && mode != SS_DISABLE)
		return -EINVAL;
	/* To newer kernels what changes nothing is right. */
	if (alt->sp == to->sp && alt->size == to->size && alt->flags == to->flags)
		return 0;
	if (mode != SS_DISABLE && to->size < MINSIGSTKSZ_)
		return -ENOMEM;
	*alt = (struct hk_sigstack){ .flags = to->flags };
	if (mode != SS_DISABLE) {
		alt->sp = to->sp;
		alt->size = to->size;
	}
	return 0;
}

/* Where the frame and the extended state go. False: the stack has no room (alternate) or lies nowhere. */
static bool place(struct hk_task *t, const struct hk_sigaction *act, uint64_t *frame, uint64_t *fpstate)
{
	struct signal_state *s = &t->signals;
	uint64_t sp = regs_of(t)->rsp - RED_ZONE;
	bool alt = on_altstack(&s->alt, regs_of(t)->rsp), enter = (act->flags & SA_ONSTACK) && s->alt.size && !alt;

	if (enter)
		sp = s->alt.sp + s->alt.size;
	*fpstate = hk_align_down(sp - fpstate_size(s) - 4, 64);
	/* As at a function's first instruction: RSP + 8 is 16-byte aligned. */
	*frame = hk_align_down(*fpstate - sizeof(struct sigframe), 16) - 8;
	if ((alt || enter) && !on_altstack(&s->alt, *frame))
		return false;
	return *frame < sp && gva_range_ok(GVA(*frame), sp - *frame);
}

static void fill_context(const struct hk_task *t, const struct hk_regs *r, uint64_t fpstate, struct sigframe_context *c)
{
	*c = (struct sigframe_context){
		.r8 = r->r8,
		.r9 = r->r9,
		.r10 = r->r10,
		.r11 = r->r11,
		.r12 = r->r12,
		.r13 = r->r13,
		.r14 = r->r14,
		.r15 = r->r15,
		.rdi = r->rdi,
		.rsi = r->rsi,
		.rbp = r->rbp,
		.rbx = r->rbx,
		.rdx = r->rdx,
		.rax = r->rax,
		.rcx = r->rcx,
		.rsp = r->rsp,
		.rip = r->rip,
		.rflags = r->rflags,
		.cs = GATE_SEL_USER_CS,
		.ss = GATE_SEL_USER_SS,
		.error = t->signals.error,
		.trapno = t->signals.trapno,
		.oldmask = t->signals.blocked,
		.cr2 = t->signals.cr2,
		.fpstate = fpstate,
	};
}

/* The parts of the XSAVE area that XSAVE itself does not write. */
static int prepare_fpstate(const struct signal_state *s, uint64_t fpstate)
{
	struct xsave_sw sw = { 0 };
	uint32_t magic2 = FP_MAGIC2;
	int r;

	if (s->xsave_size) {
		sw = (struct xsave_sw){ .magic1 = FP_MAGIC1,
					.extended_size = s->xsave_size + 4,
					.xfeatures = s->xcr0,
					.xstate_size = s->xsave_size };
		r = clear_guest(GVA(fpstate + XSAVE_HEADER_OFFSET), XSAVE_HEADER_SIZE);
		if (r == 0)
			r = put_guest(GVA(fpstate + s->xsave_size), &magic2);
		if (r)
			return r;
	}
	return put_guest(GVA(fpstate + XSAVE_SW_OFFSET), &sw);
}

/* Push the frame and point the registers at the gate's entry. False: the guest's stack cannot take it. */
static bool push(struct hk_task *t, int sig, const siginfo_t *info, const struct hk_sigaction *act)
{
	struct signal_state *s = &t->signals;
	struct hk_regs *r = regs_of(t);
	struct sigframe f = { .restorer = act->restorer };
	uint64_t at, fpstate;

	if (!place(t, act, &at, &fpstate))
		return false;
	f.uc.flags = (s->xsave_size ? UC_FP_XSTATE : 0) | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	f.uc.stack = s->alt;
	f.uc.mask = s->blocked;
	fill_context(t, r, fpstate, &f.uc.context);
	memcpy(f.info, info, sizeof(f.info));
	if (prepare_fpstate(s, fpstate) || put_guest(GVA(at), &f))
		return false;
	r->rdi = (uint64_t)sig;
	r->rsi = at + offsetof(struct sigframe, info);
	r->rdx = at + offsetof(struct sigframe, uc);
	r->rcx = fpstate;
	r->r8 = act->handler;
	r->rsp = at;
	r->rflags &= ~(uint64_t)(FLAG_DF | FLAG_TF | FLAG_RF);
	r->rip = GATE_CODE_VA + (s->xsave_size ? GATE_SIGNAL_XSAVE : GATE_SIGNAL_FXSAVE);
	return true;
}

/* The mask that lets signals in just now. */
static uint64_t open_mask(const struct signal_state *s)
{
	return s->waited ? s->wait_mask : s->blocked;
}

/* Run the guest's handler of sig, by that action. False: there is none to run, or no stack for it. */
static bool enter(struct hk_task *t, int sig, const siginfo_t *info, const struct hk_sigaction *act)
{
	uint64_t mask = open_mask(&t->signals) | act->mask;

	if (act->handler <= 1 || !push(t, sig, info, act))
		return false;
	if (t->proc->trace && t->proc->trace->signal)
		t->proc->trace->signal(t->proc->trace->ctx, info);
	if (!(act->flags & SA_NODEFER))
		mask |= BIT(sig);
	if (t->signals.alt.flags & (int32_t)SS_AUTODISARM)
		t->signals.alt = (struct hk_sigstack){ .flags = SS_DISABLE };
	t->signals.waited = false;
	signal_set_mask(t, mask);
	return true;
}

/* The call that the signal interrupted: start it again, or tell the guest EINTR. */
static void settle_call(struct hk_task *t, bool again)
{
	struct hk_regs *r = regs_of(t);

	if (!t->signals.restart)
		return;
	t->signals.restart = false;
	if (again || t->signals.not_made) {
		r->rax = t->signals.restart_nr;
		r->rip -= 2; /* back onto the SYSCALL instruction */
	} else {
		r->rax = (uint64_t)-EINTR;
	}
}

/* The frame of sig has no room: SIGSEGV instead, whose handler may have a stack of its own. */
static void no_frame(struct hk_task *t, int sig)
{
	if (sig != SIGSEGV && signal_fault(t, SIGSEGV, SI_KERNEL, 0))
		return;
	t->exiting = true;
	t->exit_code = 128 + SIGSEGV;
	t->killed_by_frame = true;
}

static void deliver_one(struct hk_task *t, const struct signal_caught *c)
{
	const struct hk_sigaction act = signal_take_action(t, c->sig);

	if (act.handler > 1)
		settle_call(t, act.flags & SA_RESTART);
	if (enter(t, c->sig, &c->info, &act))
		return;
	if (act.handler <= 1) {
		/* Its disposition changed after it was caught: let the host do what it now is. */
		hk_hostcall_sure(SYS_rt_tgsigqueueinfo, getpid(), t->tid, c->sig, &c->info);
		signal_set_mask(t, t->signals.blocked);
		return;
	}
	no_frame(t, c->sig);
}

/* The next signal that may have its handler now. */
static bool next_signal(struct hk_task *t, struct signal_caught *c)
{
	struct signal_state *s = &t->signals;

	c->sig = signal_take_held(t, ~open_mask(s), &c->info);
	if (c->sig)
		return true;
	if (!s->caught_count)
		return false;
	*c = s->caught[0];
	memmove(&s->caught[0], &s->caught[1], (SIGNAL_CAUGHT_MAX - 1) * sizeof(*c));
	s->caught_count--;
	return true;
}

/*
 * A signal came when rt_sigreturn was made but the gate has not begun to leave (leave_through_gate). Leave now: the new frame goes where the program's
 * stack is, as on Linux. On top of the dead frame a flood of signals would walk down the stack.
 */
static void finish_leaving(struct hk_task *t)
{
	struct hk_regs *r = regs_of(t);
	uint64_t at = r->rip - GATE_CODE_VA;
	struct gate_leave last;

	if ((at != GATE_SIGNAL_XRSTOR && at != GATE_SIGNAL_FXRSTOR) || get_guest(&last, GVA(r->rsp)) ||
	    t->cpu->ops->load_state(t->cpu, r->rcx, at == GATE_SIGNAL_XRSTOR))
		return; /* it faults: then let it, where the program sees it */
	r->rax = last.rax;
	r->rcx = last.rcx;
	r->rdx = last.rdx;
	r->rip = last.frame.rip;
	r->rflags = last.frame.rflags;
	r->rsp = last.frame.rsp;
}

void signal_deliver(struct hk_task *t)
{
	struct signal_caught c;

	if (t->signals.caught_count)
		finish_leaving(t);
	/* Opening the mask after a frame may let the next one in: it is caught at the end of the list and gets its frame on top. */
	while (!t->exiting && next_signal(t, &c))
		deliver_one(t, &c);
	t->signals.waited = false;
	settle_call(t, true);
	signal_uncut(t);
}

bool signal_fault(struct hk_task *t, int sig, int code, uint64_t addr)
{
	siginfo_t info = { .si_signo = sig, .si_code = code };
	struct hk_sigaction act;

	if (t->signals.blocked & BIT(sig))
		return false;
	info.si_addr = (void *)(uintptr_t)addr;
	act = signal_take_action(t, sig);
	return enter(t, sig, &info, &act);
}

/* ---- sigreturn ---- */

static void take_context(struct hk_regs *r, const struct sigframe_context *c)
{
	uint64_t kept = r->rflags & ~(uint64_t)FLAGS_RESTORED;

	*r = (struct hk_regs){
		.rax = c->rax,
		.rbx = c->rbx,
		.rcx = c->rcx,
		.rdx = c->rdx,
		.rsi = c->rsi,
		.rdi = c->rdi,
		.rbp = c->rbp,
		.rsp = c->rsp,
		.r8 = c->r8,
		.r9 = c->r9,
		.r10 = c->r10,
		.r11 = c->r11,
		.r12 = c->r12,
		.r13 = c->r13,
		.r14 = c->r14,
		.r15 = c->r15,
		.rip = c->rip,
		.rflags = (c->rflags & FLAGS_RESTORED) | kept,
	};
}

/* Leave through the gate, which restores the extended state at fpstate and then the last registers from the dead frame at `at`. */
static int leave_through_gate(struct hk_task *t, uint64_t at, uint64_t fpstate)
{
	struct hk_regs *r = regs_of(t);
	struct xsave_sw sw;
	struct gate_leave last = { .rax = r->rax,
				   .rcx = r->rcx,
				   .rdx = r->rdx,
				   .frame = { .rip = r->rip,
					      .cs = GATE_SEL_USER_CS,
					      .rflags = r->rflags,
					      .rsp = r->rsp,
					      .ss = GATE_SEL_USER_SS } };
	bool extended =
		t->signals.xsave_size && get_guest(&sw, GVA(fpstate + XSAVE_SW_OFFSET)) == 0 && sw.magic1 == FP_MAGIC1;
	int err = put_guest(GVA(at), &last);

	if (err)
		return err;
	r->rsp = at;
	r->rcx = fpstate;
	r->rflags = FLAGS_PLAIN; /* with NT the gate's IRET would fail, with TF it would be stepped through */
	r->rip = GATE_CODE_VA + (extended ? GATE_SIGNAL_XRSTOR : GATE_SIGNAL_FXRSTOR);
	return 0;
}

int64_t signal_return(struct hk_task *t)
{
	struct hk_regs *r = regs_of(t);
	uint64_t at = r->rsp - 8; /* the handler's RET has popped the restorer */
	struct sigframe f;
	int err = get_guest(&f, GVA(at));

	t->regs_replaced = true;
	if (err == 0) {
		take_context(r, &f.uc.context);
		(void)!signal_set_altstack(t, &f.uc.stack, r->rsp); /* as Linux: what does not fit is left */
		signal_set_mask(t, f.uc.mask);
		if (f.uc.context.fpstate)
			err = leave_through_gate(t, at, f.uc.context.fpstate);
	}
	if (err)
		no_frame(t, 0);
	return 0;
}
