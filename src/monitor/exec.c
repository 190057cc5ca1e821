/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execve: everything that may fail is tried first; then husk starts itself anew in this process and goes on with the new program (decision 005). What exec
 * does to descriptors, signals, timers, threads and a waiting parent is then the host kernel's own.
 */
#include "monitor/handover.h"

#include "kern/exec.h"
#include "kern/family.h"
#include "kern/signal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#define BIT(sig) (1UL << ((sig)-1))

/* Of the monitor's own environment, what a successor needs to start as it did. */
static bool is_monitors_variable(const char *v)
{
	static const char *const names[] = { "LD_LIBRARY_PATH=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=" };

	for (size_t i = 0; i < HK_ARRAY_LEN(names); i++)
		if (strncmp(v, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* husk by the dynamic linker that was kept, with the libraries that were kept: nothing of it comes from the guest's root. -errno. */
static int start_by_loader(const struct handover *h, char *const *argv, char *const *envp)
{
	char library[32], self[32];
	char *const head[] = { "husk", "--inhibit-cache", "--library-path", library, self };
	size_t n = 0;
	char **v;

	snprintf(library, sizeof(library), "/proc/self/fd/%d", h->library_fd);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", h->self_fd);
	while (argv[n])
		n++;
	v = calloc(HK_ARRAY_LEN(head) + n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	memcpy(v, head, sizeof(head));
	/* the program's own name is lost to the host's list of processes */
	if (n > 1)
		memcpy(v + HK_ARRAY_LEN(head), argv + 1, (n - 1) * sizeof(*v));
	syscall(SYS_execveat, h->loader_fd, "", v, envp, AT_EMPTY_PATH);
	n = (size_t)errno;
	free(v);
	return -(int)n;
}

/* Run husk once more: the one place that knows how. Comes back only with -errno. */
static int start_anew(const struct handover *h, int handover_fd, char *const *argv)
{
	char variable[40], *envp[8] = { variable };
	size_t n = 1;

	snprintf(variable, sizeof(variable), HANDOVER_VARIABLE "=%d", handover_fd);
	for (char **e = environ; *e && n < HK_ARRAY_LEN(envp) - 1; e++)
		if (is_monitors_variable(*e))
			envp[n++] = *e;
	/* The guest's arguments show in the host's list of processes. */
	if (h->loader_fd >= 0)
		return start_by_loader(h, argv, envp);
	syscall(SYS_execveat, h->self_fd, "", argv, envp, AT_EMPTY_PATH);
	return -errno;
}

static uint64_t ignored(const struct hk_process *proc)
{
	return (proc->actions.act[SIGSEGV].handler == 1 ? BIT(SIGSEGV) : 0) |
	       (proc->actions.act[SIGBUS].handler == 1 ? BIT(SIGBUS) : 0);
}

static struct handover fill(const struct thread *th, int program_fd)
{
	const struct monitor *m = th->m;
	const struct monitor_options *o = m->opt;
	const struct hk_process *proc = th->task.proc;
	struct handover h = {
		.kvm_fd = m->vm.kvm_fd,
		.trace_fd = m->trace_fd,
		.self_fd = m->self_fd,
		.family_fd = m->family_fd,
		.slot = th->slot,
		.loader_fd = m->loader_fd,
		.library_fd = m->library_fd,
		.program_fd = program_fd,
		.report_fd = m->inspection.report_fd,
		.svg_fd = m->inspection.svg_fd,
		.profile_fd = m->profile_fd,
		.ending_fd = m->report_fd,
		.profile_cpu = o->profile_cpu,
		.inspect = o->inspect,
		.inspect_seen = m->inspection.seen,
		.is_child = proc->is_child,
		.no_new_privs = proc->no_new_privs,
		.has_kmsg = proc->has_kmsg,
		.aslr = o->aslr,
		.patch = o->patch,
		.patch_after = o->patch_after,
		.io = (int)o->io,
		.stats = o->stats,
		.observe = o->observe,
		.classic_numbers = o->classic_numbers,
		.trace = o->trace,
		.trace_json = o->trace_json,
		.trace_rip = o->trace_rip,
		.trace_where = o->trace_where,
		.has_filter = o->trace_filter,
		.trace_time = o->trace_time,
		.trace_string = o->trace_string,
		.mem = o->mem,
		.policy = o->policy,
		.net = proc->net,
		.timeout_ns = o->timeout_ns,
		.limits = o->limits,
		.deadline_ns = m->deadline_ns,
		.blocked = th->task.signals.blocked,
		.ignored = ignored(proc),
		.rlim_own = proc->rlim_own,
		.facts = m->vm.facts,
	};

	h.limits.files = (unsigned)proc->fds.cap;
	h.files_capped = proc->fds.capped;
	h.files_soft = proc->fds.rooms_soft;
	memcpy(h.rlim, proc->rlim, sizeof(h.rlim));
	return h;
}

static void close_on_exec(const struct handover *h, bool yes)
{
	const int fds[] = {
		h->kvm_fd,     h->trace_fd,  h->self_fd, h->family_fd,  h->loader_fd, h->library_fd,
		h->program_fd, h->report_fd, h->svg_fd,  h->profile_fd, h->ending_fd,
	};

	for (size_t i = 0; i < HK_ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			fcntl(fds[i], F_SETFD, yes ? FD_CLOEXEC : 0);
}

/* Signals that were caught for handlers that will be gone are pending again. */
static void put_back_caught(struct hk_task *t)
{
	struct signal_state *s = &t->signals;

	for (int i = 0; i < s->caught_count; i++)
		syscall(SYS_rt_tgsigqueueinfo, getpid(), t->tid, s->caught[i].sig, &s->caught[i].info);
	s->caught_count = 0;
	hk_hostcall_cut = 0;
}

static int hand_over(struct thread *th, int *program_fd, const struct exec_program *p)
{
	struct fd_guard *guard = &th->task.proc->fds;
	struct handover h;
	uint64_t was;
	int r = fd_guard_adopt(guard, program_fd), fd;

	if (r)
		return r;
	h = fill(th, *program_fd);
	fd = handover_write(th->m, &h, p);
	if (fd < 0)
		return fd;
	/* The successor opens the mask. */
	signal_hold(&was);
	put_back_caught(&th->task);
	close_on_exec(&h, false);
	if (!guard->borrowed) {
		monitor_add_up(th->m);
		sampler_write(th->m, false);
	}
	family_forget(th->task.proc->family, getpid(), th->slot);
	family_unmark(th->task.proc->family, th->slot);
	if (th->task.proc->trace && th->task.call)
		th->task.proc->trace->leave(th->task.proc->trace->ctx, th->task.call, 0);
	r = start_anew(&h, fd, p->argv);
	close_on_exec(&h, true);
	close(fd);
	signal_release(signal_host_mask(th->task.signals.blocked));
	return r;
}

int64_t process_exec(struct hk_task *t, const struct exec_program *p)
{
	struct exec_request req = {
		.path = p->path, .fd = p->fd, .closes = p->closes, .argv = p->argv, .envp = p->envp
	};
	struct thread *th = thread_of(t);
	struct hk_err err = { 0 };
	int fd, r = exec_check(t, &req, &err);

	fd = req.fd;
	if (r == 0)
		r = hand_over(th, &fd, p);
	if (fd >= 0 && fd_is_ours(&t->proc->fds, fd))
		fd_guard_drop(&t->proc->fds, &fd);
	else if (fd >= 0)
		close(fd);
	return r;
}
