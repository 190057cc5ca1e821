/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KVM_RUN and its exits: the program's registers into the run page, the reason out of it. Whatever the privilege level
 * the host left the vCPU at, the rest of the monitor sees ring-3 registers only.
 */
#include "vmm/vcpu.h"

#include "guest/gate.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define TIMED_RUNS 24

#define RFLAGS_FIXED 0x2u
#define RFLAGS_IF    0x200u
#define RFLAGS_TF    0x100u
#define RFLAGS_RF    0x10000u
/* What a program may have set: CF PF AF ZF SF TF DF OF NT RF AC ID. */
#define RFLAGS_USER 0x254dd5u

#define VECTOR_GP 13
#define VECTOR_PF 14

static uint64_t user_flags(uint64_t rflags)
{
	return (rflags & RFLAGS_USER) | RFLAGS_FIXED | RFLAGS_IF;
}

static bool in_gate(uint64_t rip)
{
	return rip >= GATE_CODE_VA && rip < GATE_CODE_VA + GATE_PAGE_SIZE;
}

/* In a stub that runs at ring 0 (or, for SYSCALL, where ring 0 would be): not in the gate's other code for ring 3. */
static bool in_stub(uint64_t rip)
{
	uint64_t at = rip - GATE_CODE_VA;

	return in_gate(rip) && (at < GATE_SIGNAL_XSAVE || (at >= GATE_SIGNAL_END && at < GATE_STMXCSR));
}

/* In a stub, behind its `out`: on the way back to the program. */
static bool is_leaving(uint64_t rip)
{
	uint64_t at = rip - GATE_CODE_VA;

	if (!in_stub(rip))
		return false;
	if (at < GATE_VECTOR)
		return at > GATE_SYSCALL && at < GATE_PROBE;
	if (at / GATE_VECTOR_SIZE == (GATE_VECTOR + VECTOR_PF * GATE_VECTOR_SIZE) / GATE_VECTOR_SIZE)
		return at % GATE_VECTOR_SIZE > GATE_VECTOR_PF_OUT;
	return at % GATE_VECTOR_SIZE > 0;
}

/* The gate's code can be run at ring 3 too, by a program that jumps there. An error counts as ring 0: then nothing of the program's runs. */
static bool at_ring0(const struct vcpu *v)
{
	struct kvm_sregs s;

	return ioctl(v->fd, KVM_GET_SREGS, &s) || s.cs.dpl == 0;
}

/* ---- in: towards the VM ---- */

static uint64_t frame_va(const struct vcpu *v)
{
	return GATE_CPU_VA + (uint64_t)v->id * GATE_PAGE_SIZE + GATE_CPU_STACK - sizeof(*v->frame);
}

static void fill_frame(struct vcpu *v)
{
	*v->frame = (struct gate_frame){ .rip = v->regs.rip,
					 .cs = GATE_SEL_USER_CS,
					 .rflags = user_flags(v->regs.rflags),
					 .rsp = v->regs.rsp,
					 .ss = GATE_SEL_USER_SS };
}

static bool is_canonical(uint64_t a)
{
	return (uint64_t)((int64_t)(a << 16) >> 16) == a;
}

/*
 * SYSRET takes RIP and RFLAGS from RCX and R11. After rt_sigreturn both are the program's to choose: R11 with IOPL set would give it the ports, so it
 * must be exactly what the flags shall be. A trap flag would strike before the first instruction.
 */
static bool fits_sysret(const struct hk_regs *r)
{
	return r->rip == r->rcx && r->rip < HK_GUEST_MAX && user_flags(r->rflags) == r->r11 &&
	       !(r->r11 & (RFLAGS_TF | RFLAGS_RF));
}

/* Put the registers where the vCPU's state wants them. The run page's RIP and RSP still hold the stub's after an exit from ring 0. */
static void load_registers(struct vcpu *v)
{
	struct kvm_regs *k = &v->run->s.regs.regs;
	uint64_t stub_rip = k->rip, stub_rsp = k->rsp, stub_flags = k->rflags;

	memcpy(k, &v->regs, sizeof(*k));
	k->rflags = user_flags(v->regs.rflags);
	switch (v->state) {
	case VCPU_AT_RING3:
		break;
	case VCPU_IN_SYSCALL:
		k->rflags = stub_flags;
		/* What SYSRET cannot express goes by IRET. */
		if (fits_sysret(&v->regs)) {
			k->rip = stub_rip;
		} else {
			fill_frame(v);
			k->rip = GATE_CODE_VA + GATE_IRET;
			k->rsp = frame_va(v);
		}
		break;
	case VCPU_IN_VECTOR:
		fill_frame(v);
		k->rip = stub_rip;
		k->rsp = stub_rsp;
		k->rflags = stub_flags;
		break;
	}
	v->run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
}

/* ---- out: from the VM ---- */

static void broken(struct vcpu_exit *out, const char *what, uint64_t a, uint64_t b)
{
	out->event = VCPU_BROKEN;
	snprintf(out->text, sizeof(out->text), "%s (%#lx, %#lx)", what, a, b);
}

static void take_registers(struct vcpu *v)
{
	memcpy(&v->regs, &v->run->s.regs.regs, sizeof(v->regs));
}

static void exit_syscall(struct vcpu *v, struct vcpu_exit *out)
{
	v->state = v->vm->facts.syscall == VM_SYSCALL_RING0 ? VCPU_IN_SYSCALL : VCPU_AT_RING3;
	v->regs.rip = v->regs.rcx;
	v->regs.rflags = user_flags(v->regs.r11);
	out->event = VCPU_SYSCALL;
	/* A program that jumps to the stub chooses RCX: never return to where it could not have come from. */
	if (v->regs.rip >= HK_GUEST_MAX && !in_gate(v->regs.rip)) {
		out->event = VCPU_EXCEPTION;
		out->vector = VECTOR_GP;
		out->error = 0;
	}
}

static void exit_vector(struct vcpu *v, unsigned vector, struct vcpu_exit *out)
{
	const uint64_t *below = (const uint64_t *)v->frame;
	struct gate_frame frame = *v->frame;

	v->state = VCPU_IN_VECTOR;
	if (frame.cs != GATE_SEL_USER_CS) {
		broken(out, "an exception in the gate", vector, frame.rip);
		return;
	}
	v->regs.rip = frame.rip;
	v->regs.rsp = frame.rsp;
	v->regs.rflags = user_flags(frame.rflags);
	out->event = VCPU_EXCEPTION;
	out->vector = vector;
	out->error = gate_has_error(vector) ? (uint32_t)below[-1] : 0;
	out->cr2 = vector == VECTOR_PF ? below[-2] : 0;
}

static void exit_io(struct vcpu *v, struct vcpu_exit *out)
{
	unsigned port = v->run->io.port;
	bool stub = v->run->io.direction == KVM_EXIT_IO_OUT && in_gate(v->regs.rip);

	if (stub && port == GATE_PORT_SYSCALL) {
		exit_syscall(v, out);
	} else if (stub && port >= GATE_PORT_VECTOR && port < GATE_PORT_VECTOR + GATE_VECTORS) {
		exit_vector(v, port - GATE_PORT_VECTOR, out);
	} else {
		/* The program's own `out` to the one port that ring 3 may use on some hosts. */
		out->event = VCPU_EXCEPTION;
		out->vector = VECTOR_GP;
		v->state = VCPU_AT_RING3;
	}
}

/* A host that may not make KVM's helper thread says so again and again. */
#define AGAIN_MOST 1000

static void exit_failed(struct vcpu *v, int error, struct vcpu_exit *out)
{
	v->again = error == EAGAIN ? v->again + 1 : 0;
	if (v->again > AGAIN_MOST) {
		out->event = VCPU_BROKEN;
		snprintf(out->text, sizeof(out->text),
			 "KVM does not run it: %s; no more processes allowed (ulimit -u)?", strerror(error));
	} else if (error == EINTR || error == EAGAIN) {
		__atomic_store_n(&v->run->immediate_exit, 0, __ATOMIC_RELEASE);
		out->event = VCPU_KICKED;
	} else if (error == EFAULT && (!in_stub(v->regs.rip) || !at_ring0(v))) {
		v->state = VCPU_AT_RING3;
		out->event = VCPU_FORBIDDEN;
	} else {
		broken(out, strerror(error), v->regs.rip, v->regs.rsp);
	}
}

static void exit_reason(struct vcpu *v, struct vcpu_exit *out)
{
	switch (v->run->exit_reason) {
	case KVM_EXIT_IO:
		exit_io(v, out);
		break;
	case KVM_EXIT_INTR:
		out->event = VCPU_KICKED;
		break;
	case KVM_EXIT_SHUTDOWN:
		broken(out, "the virtual CPU shut down (triple fault)", v->regs.rip, v->regs.rsp);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		broken(out, "the host CPU refused to enter the virtual machine",
		       v->run->fail_entry.hardware_entry_failure_reason, v->regs.rip);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		broken(out, "KVM could not go on (suberror, rip)", v->run->internal.suberror, v->regs.rip);
		break;
	case KVM_EXIT_MMIO:
		broken(out, "an access outside guest memory (address, rip)", v->run->mmio.phys_addr, v->regs.rip);
		break;
	default:
		broken(out, "an unexpected exit (reason, rip)", v->run->exit_reason, v->regs.rip);
		break;
	}
}

/*
 * A kick came. At ring 3 there is nothing to do. In a stub before its `out`, the exit is an instruction away: false, let it come. Behind
 * the `out`, the program has not run since `before`: its registers are those, and the way back starts again at the IRET.
 */
static bool settle_kick(struct vcpu *v, const struct hk_regs *before)
{
	struct kvm_regs *k = &v->run->s.regs.regs;

	if (in_stub(v->regs.rip) && !is_leaving(v->regs.rip))
		return false;
	if (!in_stub(v->regs.rip) || !at_ring0(v)) {
		v->state = VCPU_AT_RING3;
		return true;
	}
	v->regs = *before;
	v->state = VCPU_IN_VECTOR;
	k->rip = GATE_CODE_VA + GATE_IRET;
	k->rsp = frame_va(v);
	return true;
}

/* The shortest of the first runs is little more than an exit: programs begin with calls one after the other. */
static void take_time(struct vcpu *v, uint64_t tsc)
{
	if (v->timed >= TIMED_RUNS)
		return;
	if (v->timed++ == 0 || tsc < v->exit_tsc)
		v->exit_tsc = tsc;
}

void vcpu_run(struct vcpu *v, struct vcpu_exit *out)
{
	struct hk_regs before = v->regs;

	memset(out, 0, offsetof(struct vcpu_exit, text) + 1);
	if (!is_canonical(v->regs.rip)) {
		/* No way to ring 3 leads there: what the program would get at its first instruction. */
		out->event = VCPU_EXCEPTION;
		out->vector = VECTOR_GP;
		return;
	}
	load_registers(v);
	do {
		uint64_t began;
		int r, error;

		vcpu_enter(v);
		began = __builtin_ia32_rdtsc();
		r = ioctl(v->fd, KVM_RUN, 0);
		error = errno;
		take_time(v, __builtin_ia32_rdtsc() - began);
		vcpu_leave(v);
		take_registers(v);
		if (r < 0)
			exit_failed(v, error, out);
		else
			exit_reason(v, out);
		if (out->event == VCPU_KICKED)
			vcpu_was_kicked(v);
	} while (out->event == VCPU_KICKED && !settle_kick(v, &before));
	/* The thread's own; at the end another one adds them up. */
	__atomic_store_n(&v->exits[out->event], v->exits[out->event] + 1, __ATOMIC_RELAXED);
}
