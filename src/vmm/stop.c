/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stopping the program on all its vCPUs. A vCPU says that it enters the VM before it looks whether it may; who stops forbids it before looking who is
 * inside: one of the two sees the other. Threads in the monitor are not disturbed, they wait on their way back into the VM.
 */
#include "base/hostcall.h"
#include "vmm/vcpu.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

/* A kick could be lost to a signal of the same number that is pending: it is repeated. */
#define AGAIN_NS 1000000

static uint32_t load(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static void store(uint32_t *p, uint32_t value)
{
	__atomic_store_n(p, value, __ATOMIC_SEQ_CST);
}

void vcpu_leave(struct vcpu *v)
{
	struct vm *vm = v->vm;

	store(&v->inside, 0);
	if (!load(&vm->stopped))
		return;
	__atomic_add_fetch(&vm->left, 1, __ATOMIC_SEQ_CST);
	hk_hostcall_sure(SYS_futex, &vm->left, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

void vcpu_enter(struct vcpu *v)
{
	struct vm *vm = v->vm;

	for (;;) {
		store(&v->inside, 1);
		if (!load(&vm->stopped))
			return;
		vcpu_leave(v);
		hk_hostcall_sure(SYS_futex, &vm->stopped, FUTEX_WAIT_PRIVATE, 1, 0, 0, 0);
	}
}

static int hold(struct vcpu *v, uint64_t mask)
{
	union {
		struct kvm_signal_mask head;
		char room[sizeof(struct kvm_signal_mask) + sizeof(mask)];
	} m = { .head.len = sizeof(mask) };

	memcpy(m.head.sigset, &mask, sizeof(mask));
	if (ioctl(v->fd, KVM_SET_SIGNAL_MASK, &m))
		return -errno;
	v->held = mask;
	v->holds = true;
	return 0;
}

int vcpu_hold_signals(struct vcpu *v, uint64_t mask, uint64_t *held)
{
	uint64_t to = !v->holds ? 0 : v->raised ? mask : v->held & mask;
	int r = v->holds && to == v->held ? 0 : hold(v, to);

	v->raised = false;
	*held = to;
	return r;
}

void vcpu_was_kicked(struct vcpu *v)
{
	/* A signal that stays pending would end each run before it begins. */
	if (v->holds && hold(v, ~0UL) == 0)
		v->raised = true;
}

void vm_add_vcpu(struct vm *vm, struct vcpu *v)
{
	v->next = __atomic_load_n(&vm->vcpus, __ATOMIC_SEQ_CST);
	while (!__atomic_compare_exchange_n(&vm->vcpus, &v->next, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

static void kick(struct vcpu *v)
{
	pid_t tid = __atomic_load_n(&v->tid, __ATOMIC_SEQ_CST);

	__atomic_store_n(&v->run->immediate_exit, 1, __ATOMIC_RELEASE);
	if (tid && v->vm->kick_thread)
		v->vm->kick_thread(tid);
}

void vcpu_nudge(struct vcpu *v)
{
	if (load(&v->inside))
		kick(v);
}

static void wait_outside(struct vm *vm, struct vcpu *v)
{
	const struct timespec again = { .tv_nsec = AGAIN_NS };

	for (;;) {
		uint32_t left = load(&vm->left);

		if (!load(&v->inside))
			return;
		if (hk_hostcall_sure(SYS_futex, &vm->left, FUTEX_WAIT_PRIVATE, left, &again, 0, 0) && load(&v->inside))
			kick(v);
	}
}

void vm_stop(struct vm *vm)
{
	struct vcpu *first;

	pthread_mutex_lock(&vm->stop_lock);
	store(&vm->stopped, 1);
	/* One that is added later finds the world stopped. */
	first = __atomic_load_n(&vm->vcpus, __ATOMIC_SEQ_CST);
	for (struct vcpu *v = first; v; v = v->next)
		if (load(&v->inside))
			kick(v);
	for (struct vcpu *v = first; v; v = v->next)
		wait_outside(vm, v);
}

void vm_resume(struct vm *vm)
{
	store(&vm->stopped, 0);
	hk_hostcall_sure(SYS_futex, &vm->stopped, FUTEX_WAKE_PRIVATE, INT32_MAX, 0, 0, 0);
	pthread_mutex_unlock(&vm->stop_lock);
}
