/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a guest process: each part made in order, run, and taken down. */
#include "monitor/handover.h"

#include "jail/cage.h"
#include "kern/exec.h"
#include "kern/family.h"
#include "kern/path.h"
#include "kern/rlimit.h"
#include "kern/signal.h"
#include "mm/uaccess.h"
#include "syscalls/dispatch.h"
#include "trace/stats.h"
#include "trace/trace.h"
#include "vmm/cpuid.h"
#include "vmm/vdso.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#define HWCAP2_FSGSBASE 2u

/* So many exits make an instruction worth replacing, which costs as much as some: where exits are dear, and where they are not. */
#define PATCH_AFTER_DEAR 4
#define PATCH_AFTER      16

/* ---- finding the program ---- */

static const char *guest_env(char *const *envp, const char *name)
{
	size_t n = strlen(name);

	for (; *envp; envp++)
		if (!strncmp(*envp, name, n) && (*envp)[n] == '=')
			return *envp + n + 1;
	return NULL;
}

/* Try one directory of PATH. True if that is the program; *denied is set if it would be but for its permissions. */
static bool found_in(const char *dir, size_t len, const char *name, char *out, bool *denied)
{
	int n = snprintf(out, PATH_MAX, "%.*s%s%s", (int)len, dir, len ? "/" : "./", name);

	if (n >= PATH_MAX || access(out, F_OK))
		return false;
	if (access(out, X_OK) == 0)
		return true;
	*denied = true;
	return false;
}

/* As execvp(3) looks a program up, in the guest's own PATH. out holds PATH_MAX bytes. */
static int look_up(const struct monitor_options *opt, char *out, struct hk_err *err)
{
	const char *name = opt->argv[0], *path = guest_env(opt->envp, "PATH");
	bool denied = false;

	if (!*name)
		return hk_err_set(err, -ENOENT, "the program's name is empty");
	if (strchr(name, '/')) {
		if (strlen(name) >= PATH_MAX)
			return hk_err_set(err, -ENAMETOOLONG, "the program's path is longer than %d bytes",
					  PATH_MAX - 1);
		strcpy(out, name);
		return 0;
	}
	if (!path)
		path = "/bin:/usr/bin";
	for (;;) {
		size_t len = strcspn(path, ":");

		if (found_in(path, len, name, out, &denied))
			return 0;
		if (!path[len])
			break;
		path += len + 1;
	}
	if (denied)
		return hk_err_set(err, -EACCES, "cannot run %s: found in PATH, but without permission to execute",
				  name);
	return hk_err_set(err, -ENOENT, "cannot find %s in PATH", name);
}

/* ---- start-up, in order ---- */

static void stamp(struct monitor *m, enum phase done)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	m->stamp[done] = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int start_process(struct monitor *m, struct hk_err *err)
{
	struct hk_process *proc = &m->proc;
	struct timespec now;
	int r = uaccess_init();

	if (r == 0)
		r = fd_guard_init(&proc->fds);
	proc->net = m->opt->net;
	if (m->self_fd < 0) /* not the successor of one that knew */
		proc->net.isolated = !m->opt->jail.unconfined && !m->opt->jail.net_host;
	if (r == 0)
		r = net_policy_drop_capabilities(&proc->net);
	if (r)
		return hk_err_set(err, r, "cannot set up the process: %s", strerror(-r));
	if (m->self_fd < 0) {
		m->self_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
		r = m->self_fd < 0 ? -errno : fd_guard_adopt(&proc->fds, &m->self_fd);
		if (r)
			return hk_err_set(err, r, "cannot open husk itself: %s", strerror(-r));
	}
	clock_gettime(CLOCK_BOOTTIME, &now);
	proc->start_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	proc->aslr = m->opt->aslr && !(personality(0xffffffff) & ADDR_NO_RANDOMIZE);
	proc->classic_numbers = m->opt->classic_numbers;
	proc->cpus = m->opt->limits.cpus;
	proc->mem_limit = m->opt->mem;
	proc->policy = m->opt->policy;
	proc->mm = &m->mm;
	proc->cwd_in_proc = path_fd_in_proc(AT_FDCWD);
	m->first.task.proc = proc;
	m->first.task.tid = getpid();
	stamp(m, PHASE_PROCESS);
	return 0;
}

static void start_gate(struct monitor *m)
{
	unsigned after = m->server.dear ? PATCH_AFTER_DEAR : PATCH_AFTER;

	gate_init(&m->gate, m->proc.mm, m->opt->patch_after ? m->opt->patch_after : after);
	/* Around each exit it costs two calls to the host: too much where an exit is cheap. */
	m->gate.masks = m->server.dear;
	for (unsigned nr = 0; nr < HK_ARRAY_LEN(m->gate.serve); nr++)
		m->gate.serve[nr] = m->server.possible && hk_may_serve(nr);
}

/* The memory that all processes of this run have in common. */
static int start_family(struct monitor *m, struct hk_err *err)
{
	struct hk_process *proc = &m->proc;
	int r;

	if (!proc->family) {
		proc->family = family_join(m->family_fd);
		return proc->family ? 0
				    : hk_err_set(err, -errno, "cannot map the list of processes: %s", strerror(errno));
	}
	proc->family->first = getpid();
	r = fd_guard_adopt(&proc->fds, &m->family_fd);
	if (r)
		return hk_err_set(err, r, "cannot keep a descriptor: %s", strerror(-r));
	m->first.slot = family_claim(proc->family);
	proc->family->processes = 1;
	return 0;
}

/* Before the walls: the supervisor keeps it, for husk ps and husk log. */
static int make_family(struct monitor *m, struct hk_err *err)
{
	m->proc.family = family_new(m->opt->pids, &m->family_fd);
	return m->proc.family ? 0 : hk_err_set(err, -errno, "cannot make the list of processes: %s", strerror(errno));
}

/* The first thread is there: show it. */
static void enter_family(struct monitor *m)
{
	struct family *f = m->proc.family;
	int slot = m->first.slot;

	family_fill(f, slot, getpid(), getpid(), m->first.vcpu.id);
	family_show(f, slot, m->proc.image.exe);
}

static int start_vm(struct monitor *m, const struct inheritance *in, struct hk_err *err)
{
	struct hk_process *proc = &m->proc;
	int r;

	if (in)
		r = vm_inherit(&m->vm, &proc->fds, in->fixed.kvm_fd, &in->fixed.facts, in->cpuid, in->fixed.cpuid_size,
			       err);
	else
		r = vm_open(&m->vm, &proc->fds, m->vm.kvm_fd, err);

	if (r)
		return r;
	stamp(m, PHASE_VM);
	r = mm_init(proc->mm, &m->vm.pt_ops, &m->vm);
	if (r)
		return hk_err_set(err, r, "cannot set up guest memory: %s", strerror(-r));
	proc->mm->limit = m->opt->mem;
	/* A trace, and who counts for a profile, want to see every call. */
	m->vm.patching =
		m->opt->patch && !m->opt->trace && !m->opt->observe && (!m->vm.facts.known || m->vm.facts.fsgsbase);
	r = vm_install_gate(&m->vm, proc->mm, err);
	stamp(m, PHASE_MEMORY);
	if (r == 0)
		r = vcpu_open(&m->first.vcpu, &m->vm, proc->mm, 0, err);
	if (r)
		return r;
	m->first.task.cpu = &m->first.vcpu.cpu;
	server_init(&m->server, m->opt->io, m->vm.facts.syscall == VM_SYSCALL_RING3);
	/* Who inspects wants to see what the program touched. */
	proc->mm->ahead = m->server.dear && m->opt->inspect.when == INSPECT_NEVER;
	if (m->first.vcpu.data)
		start_gate(m);
	m->first.task.signals.xsave_size = m->vm.facts.xsave_size;
	m->first.task.signals.xcr0 = m->vm.facts.guest_xcr0;
	threads_init(m);
	r = signal_init(&m->first.task);
	stamp(m, PHASE_VCPU);
	return r ? hk_err_set(err, r, "cannot take over the signals: %s", strerror(-r)) : 0;
}

static int load_program(struct monitor *m, const char *path, int fd, struct hk_err *err)
{
	const struct exec_request req = {
		.path = path,
		.fd = fd,
		.argv = m->opt->argv,
		.envp = m->opt->envp,
		.hwcap = m->vm.facts.hwcap,
		.hwcap2 = m->vm.facts.fsgsbase ? getauxval(AT_HWCAP2)
					       : getauxval(AT_HWCAP2) & ~(unsigned long)HWCAP2_FSGSBASE,
		.min_sigstack = getauxval(AT_MINSIGSTKSZ),
		.map_vdso = m->vm.facts.tsc_is_hosts ? vdso_map : NULL,
	};

	int r = exec_load(&m->first.task, &req, err);

	/* The host's process list shows what runs. */
	if (r == 0)
		prctl(PR_SET_NAME, m->proc.image.comm);
	return r;
}

/* ---- trace and statistics ---- */

/* The file of this process's trace: %p stands for its number. */
static int open_split(const char *pattern, int flags)
{
	const char *at = strstr(pattern, "%p");
	char path[PATH_MAX];

	if (!at)
		snprintf(path, sizeof(path), "%s", pattern);
	else
		snprintf(path, sizeof(path), "%.*s%d%s", (int)(at - pattern), pattern, (int)getpid(), at + 2);
	return open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND | flags, 0666);
}

void monitor_split_trace(struct monitor *m, bool fresh)
{
	int fd = -1;

	if (m->trace_fd < 0 || !m->opt->trace_file || !strstr(m->opt->trace_file, "%p"))
		return;
	fd = open_split(m->opt->trace_file, fresh ? O_TRUNC : 0);
	/* Behind the walls there may be no such place: then the lines go on to where they went. */
	if (fd >= 0 && dup3(fd, m->trace_fd, O_CLOEXEC) < 0)
		fd_guard_drop(&m->proc.fds, &m->trace_fd);
	if (fd >= 0)
		close(fd);
}

/* Before the walls: the file is the caller's. */
static int open_trace_file(struct monitor *m, struct hk_err *err)
{
	if (!m->opt->trace && !m->opt->stats && !m->opt->observe && !m->opt->profile_cpu)
		return 0;
	if (!m->opt->trace_file) {
		m->trace_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	} else {
		m->trace_fd = open_split(m->opt->trace_file, O_TRUNC);
	}
	if (m->trace_fd < 0)
		return hk_err_set(err, -errno, "cannot open %s for writing: %s",
				  m->opt->trace_file ? m->opt->trace_file : "standard error", strerror(errno));
	return 0;
}

/* What was opened before the walls were made goes out of the guest's sight. */
static int keep_descriptors(struct monitor *m, struct hk_err *err)
{
	int *const fds[] = { &m->trace_fd,          &m->loader_fd,  &m->library_fd, &m->inspection.report_fd,
			     &m->inspection.svg_fd, &m->profile_fd, &m->report_fd };
	int r = 0;

	m->loader_fd = m->jail.loader_fd;
	m->library_fd = m->jail.library_fd;
	for (size_t i = 0; r == 0 && i < HK_ARRAY_LEN(fds); i++)
		r = *fds[i] >= 0 ? fd_guard_adopt(&m->proc.fds, fds[i]) : 0;

	return r ? hk_err_set(err, r, "cannot move a descriptor above the limit: %s", strerror(-r)) : 0;
}

static int start_trace(struct monitor *m, struct hk_err *err)
{
	const struct monitor_options *o = m->opt;

	if (m->proc.is_child)
		monitor_split_trace(m, false);
	if (o->trace) {
		const struct trace_options t = { .kept_fd = &m->trace_fd,
						 .guard = &m->proc.fds,
						 .json = o->trace_json,
						 .show_rip = o->trace_rip,
						 .show_where = o->trace_where,
						 .time = o->trace_time,
						 .string = o->trace_string,
						 .filter = o->trace_filter };

		m->trace = trace_create(&t, err);
		if (!m->trace)
			return err->code;
		m->proc.trace = trace_hook(m->trace);
		if (m->proc.is_child)
			trace_many(m->trace);
	}
	if (o->stats || o->observe) {
		m->stats = stats_create(m->proc.family->stats, sizeof(m->proc.family->stats));
		if (!m->stats)
			return hk_err_set(err, -ENOMEM, "out of memory");
		trace_pair_init(&m->hooks, m->trace ? trace_hook(m->trace) : NULL, stats_hook(m->stats));
		m->proc.trace = m->trace ? &m->hooks.hook : stats_hook(m->stats);
	}
	return 0;
}

static void add_vcpu(struct family *f, const struct vcpu *v)
{
	for (int i = 0; i < VCPU_EVENT_COUNT; i++)
		__atomic_fetch_add(&f->exits[i], __atomic_load_n(&v->exits[i], __ATOMIC_RELAXED), __ATOMIC_RELAXED);
	__atomic_fetch_add(&f->answered, v->data ? v->data->answered : 0, __ATOMIC_RELAXED);
	__atomic_fetch_add(&f->vcpus, 1, __ATOMIC_RELAXED);
}

void monitor_add_up(struct monitor *m)
{
	struct family *f = m->proc.family;

	add_vcpu(f, &m->first.vcpu);
	pthread_mutex_lock(&m->threads.lock);
	for (const struct thread *th = m->threads.made; th; th = th->next_made)
		add_vcpu(f, &th->vcpu);
	pthread_mutex_unlock(&m->threads.lock);
	__atomic_fetch_add(&f->served, m->server.served, __ATOMIC_RELAXED);
}

static void print_stats(struct monitor *m)
{
	const struct family *f = m->proc.family;
	const uint64_t *exits = f->exits;
	const struct pagetable *pt = &m->proc.mm->pt;
	const uint64_t *at = m->stamp;
	struct rusage ru = { 0 };

	if (!at[PHASE_RUN]) /* ended by the watchdog */
		stamp(m, PHASE_RUN);
	getrusage(RUSAGE_SELF, &ru);
	const struct stats_row rows[] = {
		{ "time", "process", (at[PHASE_PROCESS] - at[PHASE_BEGIN]) / 1000, "us" },
		{ "time", "create the VM", (at[PHASE_VM] - at[PHASE_PROCESS]) / 1000, "us" },
		{ "time", "page tables and gate", (at[PHASE_MEMORY] - at[PHASE_VM]) / 1000, "us" },
		{ "time", "create the vCPU and probe", (at[PHASE_VCPU] - at[PHASE_MEMORY]) / 1000, "us" },
		{ "time", "load the program", (at[PHASE_LOAD] - at[PHASE_VCPU]) / 1000, "us" },
		{ "time", "run the program", (at[PHASE_RUN] - at[PHASE_LOAD]) / 1000, "us" },
		{ "processes", "made", f->processes, NULL },
		{ "exits", "system calls", exits[VCPU_SYSCALL], NULL },
		{ "exits", "exceptions", exits[VCPU_EXCEPTION], NULL },
		{ "exits", "forbidden accesses", exits[VCPU_FORBIDDEN], NULL },
		{ "exits", "signals and kicks", exits[VCPU_KICKED], NULL },
		{ "threads", "virtual CPUs made", f->vcpus, NULL },
		{ "server", "calls answered", f->served, NULL },
		{ "server", "calls handed back, since they might wait", m->server.handed_back, NULL },
		{ "server", "answers too late", m->server.late, NULL },
		{ "server", "naps", m->server.naps, NULL },
		{ "gate", "calls answered in the guest", f->answered, NULL },
		{ "gate", "instructions replaced", m->gate.counts.patched, NULL },
		{ "gate", "instructions that trap often and stay", m->gate.counts.unfit, NULL },
		{ "gate", "replacements undone", m->gate.counts.undone, NULL },
		{ "gate", "calls interrupted in the gate", m->gate.counts.settled, NULL },
		{ "page tables", "2 MiB entries", pt->entries_2m, NULL },
		{ "page tables", "4 KiB entries", pt->entries_4k, NULL },
		{ "page tables", "pages", pt->tables, NULL },
		{ "memory", "slots", pt->slots, NULL },
		{ "memory", "peak committed by the guest", m->proc.mm->peak_committed / 1024, "KiB" },
		{ "memory", "peak resident, monitor and guest", (uint64_t)ru.ru_maxrss, "KiB" },
	};

	(void)!stats_print(m->stats, m->trace_fd, m->opt->trace_json, rows, HK_ARRAY_LEN(rows));
}

void monitor_finish(struct monitor *m)
{
	inspection_at_end(m);
	monitor_add_up(m);
	family_count_cpu(m->proc.family, m->first.slot);
	family_forget(m->proc.family, getpid(), m->first.slot);
	if (m->trace)
		trace_exited(m->trace, m->status, m->killed_by);
	sampler_write(m, true);
	if (m->stats && !m->proc.is_child && m->opt->observe)
		(void)!stats_print_profile(m->stats, m->trace_fd);
	else if (m->stats && !m->proc.is_child)
		print_stats(m);
}

/* The status for a program that could not be started, as shells have it. */
static int status_of(int error)
{
	switch (error) {
	case -ENOENT:
		return HUSK_EXIT_NOT_FOUND;
	case -ENOMEM:
	case -EMFILE:
	case -ENFILE:
		return HUSK_EXIT_FAILURE;
	default:
		return HUSK_EXIT_NOT_EXEC;
	}
}

/* The program is in place: trace it, watch it, run it to its end. */
static int run_loaded(struct monitor *m, struct hk_err *err)
{
	int r;

	if (m->trace_fd >= 0 && start_trace(m, err))
		return HUSK_EXIT_FAILURE;
	r = (m->deadline_ns || m->opt->limits.cpu_ns) && !m->proc.is_child ? watchdog_start(m) : 0;
	if (r) {
		hk_err_set(err, r, "cannot start the watchdog of --timeout and --cpu-time: %s", strerror(-r));
		return HUSK_EXIT_FAILURE;
	}
	r = m->opt->profile_cpu ? sampler_start(m) : 0;
	if (r) {
		hk_err_set(err, r, "cannot start the thread of --profile-cpu: %s", strerror(-r));
		return HUSK_EXIT_FAILURE;
	}
	stamp(m, PHASE_LOAD);
	enter_family(m);
	signal_set_mask(&m->first.task, m->first.task.signals.blocked);
	inspection_at_entry(&m->first);
	if (m->opt->loaded)
		m->opt->loaded(m->opt->loaded_arg);
	monitor_loop(&m->first, err);
	thread_leave(&m->first, err);
	stamp(m, PHASE_RUN);
	monitor_finish(m);
	if (m->proc.is_child && m->killed_by)
		monitor_die_of(m->killed_by);
	return m->status;
}

static struct cage_options cage_of(const struct monitor_options *opt)
{
	struct cage_options cage = { .keep_capabilities = opt->jail.unconfined };

	cage.ioctls = vm_ioctls(&cage.ioctl_count);
	return cage;
}

static int begin(struct monitor *m, struct hk_err *err)
{
	const struct cage_options cage = cage_of(m->opt);
	char path[PATH_MAX];
	int r;

	if (m->opt->cwd && chdir(m->opt->cwd)) {
		hk_err_set(err, -errno, "cannot change to the directory %s: %s", m->opt->cwd, strerror(errno));
		return HUSK_EXIT_FAILURE;
	}
	r = look_up(m->opt, path, err);
	if (r)
		return status_of(r);
	/* The program's own bytes are first looked at behind all walls. */
	if (start_process(m, err))
		return HUSK_EXIT_FAILURE;
	fd_guard_room(&m->proc.fds); /* --files may leave none */
	if (limits_begin(m, err) || start_family(m, err) || keep_descriptors(m, err) || start_vm(m, NULL, err) ||
	    cage_close(&cage, err))
		return HUSK_EXIT_FAILURE;
	r = load_program(m, path, -1, err);
	fd_guard_room_end(&m->proc.fds);
	if (r == -EACCES && m->jail.as_nobody && strstr(err->text, strerror(EACCES)))
		hk_err_add(err, "; started by root, husk runs programs as nobody: --user 0 changes that");
	if (r)
		return status_of(r);
	if (m->opt->timeout_ns)
		m->deadline_ns = m->stamp[PHASE_BEGIN] + m->opt->timeout_ns;
	return run_loaded(m, err);
}

static int run(struct monitor *m, struct hk_err *err)
{
	int status, r = open_trace_file(m, err);

	if (r == 0)
		r = inspection_open(m, err);
	if (r == 0)
		r = sampler_open(m, err);
	if (r == 0)
		r = ending_open(m, err);
	/* It is not in the guest's root. */
	if (r == 0)
		m->vm.kvm_fd = r = vm_device(err);
	r = r < 0 ? r : 0;
	if (r == 0)
		r = make_family(m, err);
	const int keep[] = { m->family_fd,         m->vm.kvm_fd,  m->trace_fd, m->inspection.report_fd,
			     m->inspection.svg_fd, m->profile_fd, m->report_fd };

	if (r == 0)
		r = jail_enter(&m->opt->jail, &m->jail, keep, HK_ARRAY_LEN(keep), &status, err);
	if (r > 0)
		return status;
	return r ? HUSK_EXIT_FAILURE : begin(m, err);
}

int monitor_show_cage(const struct monitor_options *opt)
{
	const struct cage_options cage = cage_of(opt);

	if (opt->jail.unconfined)
		puts("no sandbox: the caller's own files, processes, network and rights");
	else
		jail_show(&opt->jail, stdout);
	cage_show(&cage, stdout);
	return 0;
}

static struct monitor *monitor_new(const struct monitor_options *opt)
{
	struct monitor *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->opt = opt;
	m->first.m = m;
	m->proc.mm = &m->mm;
	rlimit_tell_output(&m->proc);
	stamp(m, PHASE_BEGIN);
	m->vm.vm_fd = m->vm.kvm_fd = m->first.vcpu.fd = m->trace_fd = m->self_fd = m->family_fd = -1;
	m->loader_fd = m->library_fd = m->inspection.report_fd = m->inspection.svg_fd = m->profile_fd = m->report_fd =
		-1;
	return m;
}

/* The VM and the guest's memory go with the process, which is about to end: taking them down by hand first only costs time. */
int monitor_run(const struct monitor_options *opt, struct hk_err *err)
{
	struct monitor *m = monitor_new(opt);

	if (m)
		return run(m, err);
	hk_err_set(err, -ENOMEM, "out of memory");
	return HUSK_EXIT_FAILURE;
}

/* ---- going on after execve ---- */

/* The descriptors that came through the host's exec. */
static int take_descriptors(struct monitor *m, struct inheritance *in, struct hk_err *err)
{
	struct fd_guard *g = &m->proc.fds;
	int r = fd_guard_inherit(g, &in->fixed.program_fd);

	m->self_fd = in->fixed.self_fd;
	m->trace_fd = in->fixed.trace_fd;
	m->family_fd = in->fixed.family_fd;
	m->first.slot = in->fixed.slot;
	if (r == 0)
		r = fd_guard_inherit(g, &m->family_fd);
	if (r == 0)
		r = fd_guard_inherit(g, &m->self_fd);
	m->loader_fd = in->fixed.loader_fd;
	m->library_fd = in->fixed.library_fd;
	m->inspection.report_fd = in->fixed.report_fd;
	m->inspection.svg_fd = in->fixed.svg_fd;
	m->profile_fd = in->fixed.profile_fd;
	m->report_fd = in->fixed.ending_fd;
	if (r == 0 && m->report_fd >= 0)
		r = fd_guard_inherit(g, &m->report_fd);
	if (r == 0 && m->profile_fd >= 0)
		r = fd_guard_inherit(g, &m->profile_fd);
	if (r == 0 && m->inspection.report_fd >= 0)
		r = fd_guard_inherit(g, &m->inspection.report_fd);
	if (r == 0 && m->inspection.svg_fd >= 0)
		r = fd_guard_inherit(g, &m->inspection.svg_fd);
	if (r == 0 && m->trace_fd >= 0)
		r = fd_guard_inherit(g, &m->trace_fd);
	if (r == 0 && m->loader_fd >= 0)
		r = fd_guard_inherit(g, &m->loader_fd) ?: fd_guard_inherit(g, &m->library_fd);
	return r ? hk_err_set(err, r, "cannot keep a descriptor: %s", strerror(-r)) : 0;
}

/* What the guest's process had, and the host does not keep for it. */
static void take_state(struct monitor *m, const struct handover *h)
{
	struct hk_process *proc = &m->proc;

	m->proc.is_child = h->is_child;
	m->proc.fds.cap = h->limits.files;
	m->proc.fds.capped = h->files_capped;
	m->inspection.seen = h->inspect_seen;
	m->deadline_ns = h->deadline_ns;
	memcpy(proc->rlim, h->rlim, sizeof(proc->rlim));
	proc->rlim_own = h->rlim_own;
	rlimit_tell_output(proc);
	proc->no_new_privs = h->no_new_privs;
	proc->has_kmsg = h->has_kmsg;
	if (proc->rlim_own & 1u << RLIMIT_AS)
		m->mm.rlim_as = proc->rlim[RLIMIT_AS].rlim_cur;
	if (proc->rlim_own & 1u << RLIMIT_DATA)
		m->mm.rlim_data = proc->rlim[RLIMIT_DATA].rlim_cur;
	m->first.task.signals.blocked = h->blocked;
	if (h->ignored & 1UL << (SIGSEGV - 1))
		proc->actions.act[SIGSEGV].handler = 1;
	if (h->ignored & 1UL << (SIGBUS - 1))
		proc->actions.act[SIGBUS].handler = 1;
}

static int resume(struct monitor *m, struct inheritance *in, struct hk_err *err)
{
	int r;

	m->self_fd = in->fixed.self_fd;
	r = start_process(m, err);
	if (r == 0)
		r = take_descriptors(m, in, err);
	if (r == 0)
		r = start_family(m, err);
	if (r == 0)
		r = start_vm(m, in, err);
	if (r)
		return r;
	take_state(m, &in->fixed);
	fd_guard_forget(&m->proc.fds, &in->fixed.program_fd);
	r = load_program(m, in->path, in->fixed.program_fd, err);
	fd_guard_resume(&m->proc.fds, in->fixed.files_soft);
	return r;
}

bool monitor_is_successor(void)
{
	return getenv(HANDOVER_VARIABLE) != NULL;
}

int monitor_resume(struct hk_err *err)
{
	struct inheritance *in = calloc(1, sizeof(*in));
	struct monitor *m = in ? monitor_new(&in->opt) : NULL;

	if (!m || handover_read(atoi(getenv(HANDOVER_VARIABLE)), in, err) || resume(m, in, err)) {
		/* The old program is gone: as Linux, the process is killed. */
		dprintf(STDERR_FILENO, "husk: %s\n", m ? err->text : "out of memory");
		monitor_die_of(SIGSEGV);
	}
	return run_loaded(m, err);
}
