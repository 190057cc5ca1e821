/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU that goes on where another one stands, for clone. Where KVM knows all of the guest's extended state, it hands it out and takes it. Elsewhere it
 * travels as in a signal frame: by the gate's own XSAVE and XRSTOR, run by the program's processor at ring 3, which costs an exit each. The area then lies in
 * the gate's pages; what another thread scribbles there in between is restored by that processor at ring 3, and never looked at here.
 */
#include "guest/gate.h"
#include "vmm/vcpu.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define FXSAVE_SIZE         512
#define XSAVE_HEADER_OFFSET 512
#define XSAVE_HEADER_SIZE   64
#define RFLAGS_PLAIN        0x202

static int need_state(struct vcpu *v)
{
	if (!v->state_by_kvm)
		v->state_by_kvm = malloc(sizeof(*v->state_by_kvm));
	return v->state_by_kvm ? 0 : -ENOMEM;
}

static uint64_t area_va(const struct vcpu *v)
{
	return GATE_STATE_VA + (uint64_t)v->id * GATE_STATE_SIZE;
}

static uint64_t area_size(const struct vcpu *v)
{
	return v->vm->facts.xsave_size ? v->vm->facts.xsave_size : FXSAVE_SIZE;
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
	uint64_t size = area_size(v);
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

/* Run the gate's code at ring 3, with RCX at an area, up to its SYSCALL. */
static int run_on(struct vcpu *v, uint64_t area, uint64_t code)
{
	struct hk_regs saved = v->regs;
	struct vcpu_exit e;

	v->regs.rcx = area;
	v->regs.rflags = RFLAGS_PLAIN;
	v->regs.rip = GATE_CODE_VA + code;
	do
		vcpu_run(v, &e);
	while (e.event == VCPU_KICKED);
	v->regs = saved;
	return e.event == VCPU_SYSCALL ? 0 : -EIO;
}

int vcpu_save_state(struct vcpu *v)
{
	int r = v->vm->facts.state_by_kvm ? need_state(v) : need_area(v);

	if (r)
		return r;
	if (v->vm->facts.state_by_kvm)
		return ioctl(v->fd, KVM_GET_XSAVE, v->state_by_kvm) ? -errno : 0;
	if (v->vm->facts.xsave_size)
		memset(v->area + XSAVE_HEADER_OFFSET, 0, XSAVE_HEADER_SIZE);
	return run_on(v, area_va(v), v->vm->facts.xsave_size ? GATE_SAVE_XSAVE : GATE_SAVE_FXSAVE);
}

int vcpu_load_state(struct vcpu *v)
{
	if (v->vm->facts.state_by_kvm)
		return ioctl(v->fd, KVM_SET_XSAVE, v->state_by_kvm) ? -errno : 0;
	return run_on(v, area_va(v), v->vm->facts.xsave_size ? GATE_LOAD_XRSTOR : GATE_LOAD_FXRSTOR);
}

int vcpu_load_from(struct vcpu *v, uint64_t area, bool extended)
{
	return run_on(v, area, extended ? GATE_LOAD_XRSTOR : GATE_LOAD_FXRSTOR);
}

int vcpu_copy_state(struct vcpu *to, const struct vcpu *from)
{
	int r = to->vm->facts.state_by_kvm ? need_state(to) : need_area(to);

	if (r)
		return r;
	if (to->vm->facts.state_by_kvm)
		memcpy(to->state_by_kvm, from->state_by_kvm, sizeof(*to->state_by_kvm));
	else
		memcpy(to->area, from->area, area_size(from));
	return 0;
}
