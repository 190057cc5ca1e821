/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest threads: each is a host thread with a vCPU. KVM never takes a vCPU back, so a thread that ends leaves its struct thread, vCPU and all, to
 * one that comes. clone(2), exit(2), set_tid_address(2), get_robust_list(2).
 */
#include "monitor/internal.h"

#include "kern/family.h"
#include "kern/robust.h"
#include "kern/signal.h"
#include "mm/uaccess.h"

#include <errno.h>
#include <linux/futex.h>
#include <malloc.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

/* Of a host thread: the monitor's functions have paths and vectors on it. Only what is touched takes memory. */
#if defined(__SANITIZE_ADDRESS__)
#define STACK_SIZE (2UL << 20)
#else
#define STACK_SIZE (256UL << 10)
#endif

/* The C library takes this signal at its first thread, though it is the guest's. */
#define SIGNAL_SETXID 33

/* ---- the pool ---- */

static struct thread *take_idle(struct monitor *m)
{
	struct thread *th;

	pthread_mutex_lock(&m->threads.lock);
	th = m->threads.idle;
	if (th)
		m->threads.idle = th->next_idle;
	pthread_mutex_unlock(&m->threads.lock);
	return th;
}

static void give_back(struct thread *th)
{
	struct monitor *m = th->m;

	pthread_mutex_lock(&m->threads.lock);
	th->next_idle = m->threads.idle;
	m->threads.idle = th;
	pthread_mutex_unlock(&m->threads.lock);
}

/* The number of a vCPU that is still to be made, or -1. */
static int next_vcpu(struct monitor *m)
{
	int id = -1;

	pthread_mutex_lock(&m->threads.lock);
	if (m->threads.vcpus < m->vm.max_vcpus)
		id = (int)m->threads.vcpus++;
	pthread_mutex_unlock(&m->threads.lock);
	return id;
}

/* A struct thread with a vCPU of its own. NULL: *why says what is missing. */
static struct thread *make(struct monitor *m, const char **why)
{
	struct thread *th = calloc(1, sizeof(*th));
	struct hk_err err;
	int id;

	if (!th) {
		*why = "no memory for another thread";
		return NULL;
	}
	th->m = m;
	id = next_vcpu(m);
	if (id < 0 || vcpu_open(&th->vcpu, &m->vm, m->proc.mm, (unsigned)id, &err)) {
		/* The number is lost: KVM may have made the vCPU. */
		*why = id < 0 ? "the host allows no more virtual CPUs" : "the host makes no more virtual CPUs";
		free(th);
		return NULL;
	}
	pthread_mutex_lock(&m->threads.lock);
	th->next_made = m->threads.made;
	m->threads.made = th;
	pthread_mutex_unlock(&m->threads.lock);
	return th;
}

/* ---- making one ---- */

/* All that the new thread has from its parent. 0 or -errno. */
static int inherit(struct thread *th, struct thread *parent, const struct clone_request *req)
{
	uint64_t fs, gs;
	int r = parent->task.cpu->ops->get_fs_gs(parent->task.cpu, &fs, &gs);

	if (r == 0)
		r = vcpu_save_state(&parent->vcpu);
	if (r == 0)
		r = vcpu_copy_state(&th->vcpu, &parent->vcpu);
	if (r == 0)
		r = vcpu_set_bases(&th->vcpu, req->flags & CLONE_SETTLS ? req->tls : fs, gs);
	if (r)
		return r;
	th->vcpu.regs = parent->vcpu.regs;
	th->vcpu.regs.rax = 0;
	if (req->stack.v)
		th->vcpu.regs.rsp = req->stack.v;
	th->task = (struct hk_task){ .proc = parent->task.proc, .cpu = &th->vcpu.cpu };
	th->task.signals.blocked = parent->task.signals.blocked;
	th->task.signals.xsave_size = parent->task.signals.xsave_size;
	th->task.signals.xcr0 = parent->task.signals.xcr0;
	if (req->flags & CLONE_CHILD_CLEARTID)
		th->task.clear_child_tid = req->child_tid;
	th->unshare_fs = !(req->flags & CLONE_FS);
	th->killed_by = 0;
	th->mend_count = 0;
	th->may_run = false;
	th->samples_due = 0;
	return 0;
}

/* The number of a host thread; its clock's id is made of it (clock_getcpuclockid(3)), and there before the thread runs. */
static pid_t tid_of(pthread_t host)
{
	clockid_t clock;

	return pthread_getcpuclockid(host, &clock) ? 0 : ~(clock >> 3);
}

static void wait_for_leave(struct thread *th)
{
	while (!__atomic_load_n(&th->may_run, __ATOMIC_ACQUIRE))
		hk_hostcall_sure(SYS_futex, &th->may_run, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
}

static void give_leave(struct thread *th)
{
	__atomic_store_n(&th->may_run, 1, __ATOMIC_RELEASE);
	hk_hostcall_sure(SYS_futex, &th->may_run, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

static void *thread_main(void *arg)
{
	struct thread *th = arg;
	struct hk_err err = { 0 };

	wait_for_leave(th);
	if (th->unshare_fs)
		(void)!unshare(CLONE_FS);
	if (vcpu_load_state(&th->vcpu)) {
		hk_err_set(&err, -EIO, "a thread's virtual CPU does not take its state");
		th->task.exiting = true;
		th->task.exit_code = HUSK_EXIT_FAILURE;
	}
	signal_start_thread(&th->task);
	monitor_loop(th, &err);
	thread_leave(th, &err);
	return NULL;
}

int host_thread(struct monitor *m, void *(*fn)(void *), void *arg, uint64_t open, pthread_t *host)
{
	uint64_t blocked = ~open, mask;
	pthread_attr_t attr;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	/* Not by pthread_sigmask, which thinks that 32 and 33 are the library's. */
	hk_hostcall_sure(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, &mask, 8);
	r = pthread_create(host, &attr, fn, arg);
	if (r == 0 && !__atomic_exchange_n(&m->threads.any, true, __ATOMIC_RELAXED))
		signal_renew(&m->proc, SIGNAL_SETXID);
	hk_hostcall_sure(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
	pthread_attr_destroy(&attr);
	return -r;
}

static void set_live(struct monitor *m, int change)
{
	pthread_mutex_lock(&m->threads.lock);
	__atomic_add_fetch(&m->threads.live, (unsigned)change, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&m->threads.lock);
}

static int64_t start(struct thread *th, struct thread *parent, const struct clone_request *req)
{
	struct monitor *m = th->m;
	pthread_t host;
	pid_t tid;

	set_live(m, 1);
	/* It has its mask later. */
	if (host_thread(m, thread_main, th, 0, &host)) {
		set_live(m, -1);
		task_note(&parent->task, "the host starts no more threads");
		return -EAGAIN;
	}
	tid = tid_of(host);
	trace_many(m->trace);
	th->task.tid = th->vcpu.tid = tid;
	task_list_add(&m->proc.tasks, &th->task);
	family_fill(m->proc.family, th->slot, getpid(), tid, th->vcpu.id);
	/* As Linux, which does not mind if these cannot be written. */
	if (req->flags & CLONE_PARENT_SETTID)
		(void)!put_guest(req->parent_tid, &tid);
	if (req->flags & CLONE_CHILD_SETTID)
		(void)!put_guest(req->child_tid, &tid);
	give_leave(th);
	return tid;
}

static int64_t make_thread(struct hk_task *t, const struct clone_request *req)
{
	struct thread *parent = thread_of(t), *th;
	const char *why;
	int64_t r;

	if (t->proc != &parent->m->proc) {
		task_note(t, "a child of vfork makes no threads");
		return -EAGAIN;
	}
	th = take_idle(parent->m);
	if (!th)
		th = make(parent->m, &why);
	if (!th) {
		task_note(t, why);
		return -EAGAIN;
	}
	th->slot = family_claim(t->proc->family);
	r = th->slot < 0 ? -EAGAIN : inherit(th, parent, req);
	if (th->slot < 0)
		task_note(t, "as many processes and threads as --pids allows");
	else if (r)
		task_note(t, "the thread's processor state cannot be set");
	else
		r = start(th, parent, req);
	if (r < 0) {
		family_release(t->proc->family, th->slot);
		give_back(th);
		return -EAGAIN;
	}
	return r;
}

static void stop_world(struct hk_task *t)
{
	vm_stop(&thread_of(t)->m->vm);
}

static void resume_world(struct hk_task *t)
{
	vm_resume(&thread_of(t)->m->vm);
}

const struct hk_spawn_ops monitor_spawn_ops = {
	.thread = make_thread,
	.process = process_spawn,
	.exec = process_exec,
	.stop_world = stop_world,
	.resume_world = resume_world,
};

/* ---- the end of one ---- */

static HK_NORETURN void wait_for_the_end(void)
{
	for (;;)
		pause();
}

/* Tell who waits for the thread's end (pthread_join): one call that writes the zero, fault or not, and wakes. */
static void clear_tid(gva_t at)
{
	if (at.v && gva_range_ok(at, sizeof(uint32_t)))
		hk_hostcall_sure(SYS_futex, at.v, FUTEX_WAKE_OP, 1, 0, at.v,
				 FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_EQ, 0));
}

/* The thread is gone for the guest; what is left is the host thread. */
static void bury(struct thread *th)
{
	gva_t tid_at = th->task.clear_child_tid;

	trace_exited(th->m->trace, th->task.exit_code, 0);
	robust_end(&th->task);
	signal_end_thread(&th->task);
	/* The process lives on under the number of its first host thread, which so cannot end. */
	if (th->task.tid == getpid()) {
		family_end_first(th->m->proc.family, th->slot);
		clear_tid(tid_at);
		wait_for_the_end();
	}
	task_list_remove(&th->m->proc.tasks, &th->task);
	family_release(th->m->proc.family, th->slot);
	give_back(th);
	clear_tid(tid_at);
	pthread_detach(pthread_self());
}

void monitor_claim_end(struct monitor *m)
{
	if (pthread_mutex_trylock(&m->threads.end))
		wait_for_the_end();
}

/* One thread less. True: it was the last. */
static bool was_last(struct thread *th)
{
	struct monitor *m = th->m;
	bool last;

	pthread_mutex_lock(&m->threads.lock);
	last = __atomic_sub_fetch(&m->threads.live, 1, __ATOMIC_RELAXED) == 0;
	pthread_mutex_unlock(&m->threads.lock);
	return last;
}

void thread_leave(struct thread *th, struct hk_err *err)
{
	struct monitor *m = th->m;
	bool last = was_last(th);

	if (th->task.exit_alone && !last) {
		bury(th);
		return;
	}
	monitor_claim_end(m);
	m->status = th->task.exit_code;
	m->killed_by = th->killed_by;
	if (th == &m->first)
		return;
	monitor_finish(m);
	if (err->code)
		dprintf(STDERR_FILENO, "husk: %s\n", err->text);
	monitor_end(m);
}

void threads_hold_all(struct monitor *m)
{
	pthread_mutex_lock(&m->threads.lock);
	for (struct thread *th = m->threads.made; th; th = th->next_made)
		if (th->vcpu.data)
			__atomic_store_n(&th->vcpu.data->held, ~0UL, __ATOMIC_RELEASE);
	if (m->first.vcpu.data)
		__atomic_store_n(&m->first.vcpu.data->held, ~0UL, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&m->threads.lock);
}

static void init_locks(struct monitor *m)
{
	pthread_mutex_init(&m->threads.lock, NULL);
	pthread_mutex_init(&m->threads.end, NULL);
}

void threads_forked(struct thread *th)
{
	struct monitor *m = th->m;

	if (th != &m->first)
		vcpu_close(&m->first.vcpu);
	for (struct thread *o = m->threads.made; o; o = o->next_made)
		if (o != th)
			vcpu_close(&o->vcpu);
	/* Numbers of vCPUs are not used again: their pages are in the page tables. */
	m->threads = (struct thread_pool){ .live = 1, .vcpus = m->threads.vcpus, .any = m->threads.any };
	if (th != &m->first) {
		th->next_made = NULL;
		m->threads.made = th;
	}
	init_locks(m);
	task_list_init(&m->proc.tasks);
	aio_list_init(&m->proc.aio);
	task_list_add(&m->proc.tasks, &th->task);
	th->vcpu.tid = getpid();
}

void threads_init(struct monitor *m)
{
	init_locks(m);
	m->threads.live = m->threads.vcpus = 1;
	task_list_init(&m->proc.tasks);
	aio_list_init(&m->proc.aio);
	task_list_add(&m->proc.tasks, &m->first.task);
	m->proc.spawn = &monitor_spawn_ops;
	m->first.vcpu.tid = m->first.task.tid;
	m->vm.kick_thread = signal_kick;
}
