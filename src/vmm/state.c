/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU that goes on where another one stands, for clone. The extended state travels as in a signal frame: the gate's own XSAVE and XRSTOR, run by the
 * program's processor at ring 3, since KVM may hand out less than the guest has. The area lies in the gate's pages; what another thread scribbles
 * there in between is restored by that processor at ring 3, and never looked at here.
 */
#include "guest/gate.h"
#include "vmm/vcpu.h"

#include <errno.h>
#include <string.h>

#define FXSAVE_SIZE         512
#define XSAVE_HEADER_OFFSET 512
#define XSAVE_HEADER_SIZE   64
#define RFLAGS_PLAIN        0x202

static uint64_t area_va(const struct vcpu *v)
{
	return GATE_STATE_VA + (uint64_t)v->id * GATE_STATE_SIZE;
}

/* Where struct gate_leave lies behind the extended state. */
static uint64_t leave_offset(const struct vcpu *v)
{
	return hk_align_up(v->vm->xsave_size ? v->vm->xsave_size : FXSAVE_SIZE, 64);
}

static int map_area(struct vcpu *v, uint64_t size)
{
	uint8_t *first = NULL;

	for (uint64_t at = 0; at < size; at += GATE_PAGE_SIZE) {
		void *page;
		gpa_t gpa;
		int r = pt_alloc_page(&v->mm->pt, &gpa, &page);

		if (r == 0)
			r = pt_map_gate(&v->mm->pt, area_va(v) + at, gpa, true, true, false);
		if (r)
			return r;
		/* With the lock held they follow each other. */
		first = first ? first : page;
	}
	v->area = first;
	return 0;
}

static int need_area(struct vcpu *v)
{
	uint64_t size = leave_offset(v) + sizeof(struct gate_leave);
	int r = 0;

	if (size > GATE_STATE_SIZE)
		return -ENOMEM;
	if (v->area)
		return 0;
	pthread_mutex_lock(&v->mm->lock);
	r = map_area(v, size);
	pthread_mutex_unlock(&v->mm->lock);
	return r;
}

int vcpu_save_state(struct vcpu *v)
{
	struct hk_regs saved = v->regs;
	struct vcpu_exit e;
	int r = need_area(v);

	if (r)
		return r;
	if (v->vm->xsave_size)
		memset(v->area + XSAVE_HEADER_OFFSET, 0, XSAVE_HEADER_SIZE);
	v->regs.rcx = area_va(v);
	v->regs.rflags = RFLAGS_PLAIN;
	v->regs.rip = GATE_CODE_VA + (v->vm->xsave_size ? GATE_SAVE_XSAVE : GATE_SAVE_FXSAVE);
	do
		vcpu_run(v, &e);
	while (e.event == VCPU_KICKED);
	v->regs = saved;
	return e.event == VCPU_SYSCALL ? 0 : -EIO;
}

int vcpu_copy_state(struct vcpu *to, const struct vcpu *from)
{
	int r = need_area(to);

	if (r == 0)
		memcpy(to->area, from->area, leave_offset(from));
	return r;
}

void vcpu_enter_with_state(struct vcpu *v)
{
	struct hk_regs *r = &v->regs;
	struct gate_leave *leave = (struct gate_leave *)(v->area + leave_offset(v));

	*leave = (struct gate_leave){ .rax = r->rax,
				      .rcx = r->rcx,
				      .rdx = r->rdx,
				      .frame = { .rip = r->rip,
						 .cs = GATE_SEL_USER_CS,
						 .rflags = r->rflags,
						 .rsp = r->rsp,
						 .ss = GATE_SEL_USER_SS } };
	r->rcx = area_va(v);
	r->rsp = area_va(v) + leave_offset(v);
	r->rflags = RFLAGS_PLAIN;
	r->rip = GATE_CODE_VA + (v->vm->xsave_size ? GATE_SIGNAL_XRSTOR : GATE_SIGNAL_FXRSTOR);
}
