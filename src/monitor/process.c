/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes. fork: the host's fork copies the monitor with the guest's memory, and the child makes a VM of its own over its copy. vfork: the child is a
 * process in the same memory, and so may run its sleeping parent's vCPU. clone(2), fork(2), vfork(2).
 */
#include "monitor/internal.h"

#include "base/output.h"
#include "kern/family.h"
#include "kern/rlimit.h"
#include "kern/signal.h"
#include "mm/uaccess.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000UL /* <linux/sched.h> does not go with <sched.h> */
#endif

/* What a child in memory of its own may share with its parent, and what is without meaning to one. */
#define FORK_HOST_FLAGS (CLONE_FS | CLONE_SYSVSEM | CLONE_IO | CLONE_PARENT | CLONE_PIDFD)

/* What the parent knows and the child needs. */
struct forking {
	struct thread *th;
	const struct clone_request *req;
	uint64_t fs, gs;
	uint64_t mask; /* the host's, before signals were held back */
	int pidfd;
	int slot;               /* the child's in the family */
	struct borrower *child; /* vfork's */
};

static int64_t refuse(struct hk_task *t, const char *why, int error)
{
	task_note(t, why);
	return -error;
}

/* ---- state that both sides need whole ---- */

static void lock_all(struct monitor *m)
{
	pthread_mutex_lock(&m->mm.lock);
	pthread_mutex_lock(&m->proc.actions.lock);
	fd_guard_lock(&m->proc.fds);
	trace_lock(m->trace);
	profile_lock(m->profile);
}

static void unlock_parent(struct monitor *m)
{
	profile_unlock(m->profile);
	trace_unlock(m->trace);
	fd_guard_unlock(&m->proc.fds);
	pthread_mutex_unlock(&m->proc.actions.lock);
	pthread_mutex_unlock(&m->mm.lock);
}

static void unlock_child(struct monitor *m, struct hk_call *call)
{
	trace_forked(m->trace, call);
	fd_guard_forked(&m->proc.fds);
	pthread_mutex_unlock(&m->proc.actions.lock);
	pthread_mutex_unlock(&m->mm.lock);
}

/* ---- fork ---- */

/* A child whose end nobody waits for may be gone before a pidfd of it can be opened. */
static bool is_kept(const struct hk_process *p)
{
	const struct hk_sigaction *a = &p->actions.act[SIGCHLD];

	return a->handler != 1 && !(a->flags & SA_NOCLDWAIT);
}

/* The C library's fork, and a pidfd whose number is taken before: afterwards it is too late to fail. In a room for descriptors. */
static pid_t fork_with_pidfd(struct forking *f)
{
	int number = (int)syscall(SYS_pidfd_open, getpid(), 0), fd;
	pid_t pid;

	if (number >= 0 && (uint64_t)number >= f->th->task.proc->fds.rooms_soft) {
		close(number);
		errno = EMFILE;
		return -1;
	}
	if (number < 0)
		return -1;
	pid = fork();
	if (pid <= 0) {
		int e = errno;

		close(number);
		errno = e;
		return pid;
	}
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	/* Not a descriptor of somebody else, whatever happens. */
	if (fd < 0 || dup3(fd, number, O_CLOEXEC) < 0) {
		close(number);
		number = -1;
	}
	if (fd >= 0)
		close(fd);
	f->pidfd = number;
	return pid;
}

/* The C library's own fork where it will do: it sees to its locks if other threads hold them. */
static pid_t host_fork(struct forking *f)
{
	uint64_t flags = f->req->flags & FORK_HOST_FLAGS;

	if (!flags && f->req->exit_signal == SIGCHLD)
		return fork();
	if (flags == CLONE_PIDFD && f->req->exit_signal == SIGCHLD && is_kept(f->th->task.proc))
		return fork_with_pidfd(f);
	return (pid_t)syscall(SYS_clone, flags | (unsigned)f->req->exit_signal, 0, &f->pidfd, 0, 0);
}

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* The child shows itself to the others. */
static void enter_family(const struct thread *th)
{
	struct family *f = th->task.proc->family;

	family_fill(f, th->slot, getpid(), getpid(), th->vcpu.id);
	family_show(f, th->slot, th->task.proc->image.exe);
	__atomic_fetch_add(&f->processes, 1, __ATOMIC_RELAXED);
}

/* The VM and the vCPU of a child: it has run nothing yet, so that its end says nothing but that. */
static void renew_machine(struct forking *f)
{
	struct thread *th = f->th;
	struct vcpu *v = &th->vcpu;
	struct hk_err err = { 0 };
	int r = vm_renew(&th->m->vm, &err);

	if (r == 0)
		r = vcpu_renew(v, &th->m->mm, &err);
	if (r == 0 &&
	    (vcpu_set_bases(v, f->req->flags & CLONE_SETTLS ? f->req->tls : f->fs, f->gs) || vcpu_load_state(v)))
		r = hk_err_set(&err, -EIO, "cannot set the registers");
	if (r == 0)
		return;
	dprintf(STDERR_FILENO, "husk: a child process cannot start: %s\n", err.text);
	monitor_die_of(SIGKILL);
}

static void clear_handlers(struct hk_task *t)
{
	for (int sig = 1; sig <= SIGNAL_COUNT; sig++)
		if (t->proc->actions.act[sig].handler > 1)
			signal_action(t, sig, &(struct hk_sigaction){ 0 }, NULL);
}

/* What clone's flags say of the child, but for its segment base. */
static void apply_request(struct hk_task *t, const struct clone_request *req)
{
	t->clear_child_tid = GVA(req->flags & CLONE_CHILD_CLEARTID ? req->child_tid.v : 0);
	if (req->flags & CLONE_CHILD_SETTID)
		(void)!put_guest(req->child_tid, &t->tid);
	if (req->flags & CLONE_CLEAR_SIGHAND)
		clear_handlers(t);
	if (req->stack.v)
		t->cpu->ops->regs(t->cpu)->rsp = req->stack.v;
}

static void ahead(struct thread *th)
{
	struct mm *mm = th->task.proc->mm;

	pthread_mutex_lock(&mm->lock);
	mm_ahead_forked(mm, th->vcpu.regs.rsp);
	pthread_mutex_unlock(&mm->lock);
}

static void begin_child(struct forking *f)
{
	struct thread *th = f->th;
	struct hk_task *t = &th->task;

	hk_output_forked();
	unlock_child(th->m, t->call);
	trace_many(th->m->trace);
	threads_forked(th);
	th->slot = f->slot;
	enter_family(th);
	th->task.proc->is_child = true;
	t->tid = getpid();
	t->robust_list = GVA(0);
	t->proc->start_ns = now(CLOCK_BOOTTIME);
	renew_machine(f);
	server_forked(&th->m->server);
	server_join(&th->m->server, th);
	if (th->vcpu.data)
		gate_fill(&th->m->gate, th->vcpu.data);
	sampler_forked(th);
	apply_request(t, f->req);
	ahead(th);
	signal_forked(t);
}

static int64_t begin_parent(struct forking *f, pid_t pid)
{
	int fd = f->pidfd;

	unlock_parent(f->th->m);
	trace_many(f->th->m->trace);
	signal_release(f->mask);
	if (pid < 0) {
		family_release(f->th->task.proc->family, f->slot);
		return pid;
	}
	family_name(f->th->task.proc->family, f->slot, pid);
	ahead(f->th);
	if (f->req->flags & CLONE_PARENT_SETTID)
		(void)!put_guest(f->req->parent_tid, &pid);
	if (f->req->flags & CLONE_PIDFD)
		(void)!put_guest(f->req->pidfd, &fd);
	return pid;
}

static int64_t process_fork(struct forking *f)
{
	pid_t pid;
	bool room = f->req->flags & CLONE_PIDFD;
	int64_t r;

	signal_hold(&f->mask);
	if (room)
		fd_guard_room(&f->th->task.proc->fds);
	lock_all(f->th->m);
	pid = host_fork(f);
	if (pid == 0) {
		begin_child(f);
		return 0;
	}
	r = begin_parent(f, pid < 0 ? -errno : pid);
	if (room)
		fd_guard_room_end(&f->th->task.proc->fds);
	return r;
}

/* ---- vfork ---- */

#define VFORK_STACK      (1UL << 20)
#define VFORK_HOST_FLAGS (FORK_HOST_FLAGS | CLONE_FILES | CLONE_PARENT_SETTID)

/* A child that lives in its parent's memory, on its parent's vCPU, while the parent's thread sleeps. */
struct borrower {
	struct thread th;
	struct hk_process proc; /* its own but for the memory */
};

static struct borrower *borrower_new(struct forking *f)
{
	struct borrower *b = malloc(sizeof(*b));
	struct thread *parent = f->th;

	if (!b)
		return NULL;
	b->th = *parent;
	pthread_mutex_lock(&parent->task.proc->actions.lock);
	fd_guard_lock(&parent->task.proc->fds);
	b->proc = *parent->task.proc;
	fd_guard_unlock(&parent->task.proc->fds);
	pthread_mutex_unlock(&parent->task.proc->actions.lock);
	b->proc.fds.borrowed = true;
	fd_guard_forked(&b->proc.fds);
	pthread_mutex_init(&b->proc.actions.lock, NULL);
	b->proc.is_child = true;
	b->th.task.proc = &b->proc;
	b->th.task.cpu = &b->th.vcpu.cpu;
	b->th.task.call = NULL;
	task_list_init(&b->proc.tasks);
	aio_list_init(&b->proc.aio);
	task_list_add(&b->proc.tasks, &b->th.task);
	b->th.task.leftover = NULL;
	b->th.vcpu.regs.rax = 0;
	memset(b->th.vcpu.exits, 0, sizeof(b->th.vcpu.exits));
	b->th.vcpu.state_by_kvm = NULL;
	return b;
}

/* As the kernel does at the end of a process whose memory goes on living. */
static void clear_tid(struct hk_task *t)
{
	const int zero = 0;

	if (t->clear_child_tid.v && put_guest(t->clear_child_tid, &zero) == 0)
		hk_hostcall_sure(SYS_futex, t->clear_child_tid.v, FUTEX_WAKE, 1, 0, 0, 0);
}

static int borrower_main(void *arg)
{
	struct forking *f = arg;
	struct thread *th = &f->child->th;
	struct hk_task *t = &th->task;
	struct hk_err err = { 0 };

	t->tid = getpid();
	th->slot = f->slot;
	enter_family(th);
	t->robust_list = GVA(0);
	t->proc->start_ns = now(CLOCK_BOOTTIME);
	apply_request(t, f->req);
	if ((f->req->flags & CLONE_SETTLS) && t->cpu->ops->set_fs(t->cpu, f->req->tls))
		return HUSK_EXIT_FAILURE;
	signal_forked(t);
	monitor_loop(th, &err);
	if (err.code)
		dprintf(STDERR_FILENO, "husk: %s\n", err.text);
	trace_exited(th->m->trace, t->exit_code, th->killed_by);
	clear_tid(t);
	if (th->killed_by)
		monitor_die_of(th->killed_by);
	return t->exit_code; /* of the process: it has this thread only */
}

/* The vCPU again as it was: the child may have been killed anywhere. */
static int take_back(struct forking *f)
{
	struct vcpu *v = &f->th->vcpu;
	int r = vcpu_reclaim(v, &f->th->m->mm);

	for (int i = 0; i < VCPU_EVENT_COUNT; i++)
		v->exits[i] += f->child->th.vcpu.exits[i];
	v->holds = false;
	if (v->data)
		gate_fill(&f->th->m->gate, v->data);
	if (r == 0)
		r = vcpu_set_bases(v, f->fs, f->gs);
	return r ? r : vcpu_load_state(v);
}

static int64_t run_borrower(struct forking *f, char *stack)
{
	const struct clone_request *req = f->req;
	int flags = (int)(CLONE_VM | CLONE_VFORK | (req->flags & VFORK_HOST_FLAGS)) | req->exit_signal;
	void *ptid = (void *)(uintptr_t)(req->flags & CLONE_PIDFD ? req->pidfd.v : req->parent_tid.v);
	int64_t pid;

	signal_hold(&f->mask);
	server_part(&f->th->m->server, f->th);
	pid = clone(borrower_main, stack + VFORK_STACK, flags, f, ptid, NULL, NULL);
	if (pid < 0) {
		pid = -errno;
		family_release(f->th->task.proc->family, f->slot);
	}
	signal_resumed(&f->th->task);
	if (pid > 0 && take_back(f)) {
		dprintf(STDERR_FILENO, "husk: the virtual CPU that a child of vfork used cannot be used again\n");
		monitor_die_of(SIGKILL);
	}
	server_join(&f->th->m->server, f->th);
	rlimit_tell_output(f->th->task.proc);
	signal_release(f->mask);
	return pid;
}

static int64_t process_vfork(struct forking *f)
{
	char *stack = mmap(NULL, VFORK_STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	int64_t r = -ENOMEM;

	trace_many(f->th->m->trace);
	f->child = borrower_new(f);
	if (stack != MAP_FAILED && f->child) {
		r = run_borrower(f, stack);
		free(f->child->th.task.leftover);
		free(f->child->th.vcpu.state_by_kvm);
	}
	if (stack != MAP_FAILED)
		munmap(stack, VFORK_STACK);
	free(f->child);
	return r;
}

int64_t process_spawn(struct hk_task *t, const struct clone_request *req)
{
	struct forking f = { .th = thread_of(t), .req = req, .pidfd = -1 };
	bool vfork = (req->flags & CLONE_VM) && (req->flags & CLONE_VFORK);
	int r;

	if (((req->flags & CLONE_VM) && !vfork) || (req->flags & CLONE_SIGHAND))
		return refuse(t, "processes in one memory that both run are not offered", EINVAL);
	if ((req->flags & CLONE_FILES) && !vfork)
		return refuse(t, "processes with one table of descriptors need one memory, too", EINVAL);
	f.slot = family_claim(t->proc->family);
	if (f.slot < 0)
		return refuse(t, "as many processes and threads as --pids allows", EAGAIN);
	r = vcpu_save_state(&f.th->vcpu);
	if (r == 0)
		r = t->cpu->ops->get_fs_gs(t->cpu, &f.fs, &f.gs);
	if (r) {
		family_release(t->proc->family, f.slot);
		return r;
	}
	return vfork ? process_vfork(&f) : process_fork(&f);
}

/* ---- the end ---- */

void monitor_end(struct monitor *m)
{
	if (m->proc.is_child && m->killed_by)
		monitor_die_of(m->killed_by);
	_exit(m->status);
}

void monitor_die_of(int sig)
{
	const struct rlimit none = { 0 };
	uint64_t open = 0;

	/* The core would be the monitor's. */
	setrlimit(RLIMIT_CORE, &none);
	signal(sig, SIG_DFL);
	signal_release(open);
	syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), sig);
	_exit(128 + sig); /* a signal that kills nobody by default: not one that we are told to die of */
}
