/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a guest process: each part made in order, run, and taken down. */
#include "monitor/internal.h"

#include "kern/exec.h"
#include "kern/path.h"
#include "kern/signal.h"
#include "mm/uaccess.h"
#include "trace/stats.h"
#include "trace/trace.h"
#include "vmm/cpuid.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <time.h>

#define HWCAP2_FSGSBASE 2u

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
	if (r)
		return hk_err_set(err, r, "cannot set up the process: %s", strerror(-r));
	clock_gettime(CLOCK_BOOTTIME, &now);
	proc->start_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	proc->aslr = m->opt->aslr;
	proc->seen = m->opt->seen;
	proc->classic_numbers = m->opt->classic_numbers;
	proc->mem_limit = m->opt->mem;
	if (m->opt->profile) {
		r = profile_load(&m->profile, m->opt->profile, err);
		if (r)
			return r;
		proc->profile = &m->profile;
	}
	proc->mm = &m->mm;
	proc->cwd_in_proc = path_fd_in_proc(AT_FDCWD);
	m->first.task.proc = proc;
	m->first.task.tid = getpid();
	stamp(m, PHASE_PROCESS);
	return 0;
}

static int start_vm(struct monitor *m, struct hk_err *err)
{
	struct hk_process *proc = &m->proc;
	int r = vm_open(&m->vm, &proc->fds, err);

	if (r)
		return r;
	stamp(m, PHASE_VM);
	r = mm_init(proc->mm, &m->vm.pt_ops, &m->vm);
	if (r)
		return hk_err_set(err, r, "cannot set up guest memory: %s", strerror(-r));
	proc->mm->limit = m->opt->mem;
	r = vm_install_gate(&m->vm, proc->mm, err);
	stamp(m, PHASE_MEMORY);
	if (r == 0)
		r = vcpu_open(&m->first.vcpu, &m->vm, proc->mm, 0, err);
	if (r)
		return r;
	m->first.task.cpu = &m->first.vcpu.cpu;
	m->first.task.signals.xsave_size = m->vm.xsave_size;
	m->first.task.signals.xcr0 = m->vm.guest_xcr0;
	r = signal_init(&m->first.task);
	stamp(m, PHASE_VCPU);
	return r ? hk_err_set(err, r, "cannot take over the signals: %s", strerror(-r)) : 0;
}

static int load_program(struct monitor *m, const char *path, struct hk_err *err)
{
	const struct exec_request req = {
		.path = path,
		.argv = m->opt->argv,
		.envp = m->opt->envp,
		.hwcap = m->vm.hwcap,
		.hwcap2 =
			m->vm.fsgsbase ? getauxval(AT_HWCAP2) : getauxval(AT_HWCAP2) & ~(unsigned long)HWCAP2_FSGSBASE,
		.min_sigstack = getauxval(AT_MINSIGSTKSZ),
	};

	return exec_load(&m->first.task, &req, err);
}

/* ---- trace and statistics ---- */

static int open_trace_file(struct monitor *m, struct hk_err *err)
{
	if (!m->opt->trace_file) {
		m->trace_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	} else {
		m->trace_fd = open(m->opt->trace_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0666);
	}
	if (m->trace_fd < 0)
		return hk_err_set(err, -errno, "cannot open %s for the trace: %s",
				  m->opt->trace_file ? m->opt->trace_file : "standard error", strerror(errno));
	return fd_guard_adopt(&m->proc.fds, &m->trace_fd);
}

static int start_trace(struct monitor *m, struct hk_err *err)
{
	const struct monitor_options *o = m->opt;
	int r = open_trace_file(m, err);

	if (r)
		return r;
	if (o->trace) {
		const struct trace_options t = { .fd = m->trace_fd,
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
	}
	if (o->stats) {
		m->stats = stats_create();
		if (!m->stats)
			return hk_err_set(err, -ENOMEM, "out of memory");
		trace_pair_init(&m->hooks, m->trace ? trace_hook(m->trace) : NULL, stats_hook(m->stats));
		m->proc.trace = m->trace ? &m->hooks.hook : stats_hook(m->stats);
	}
	return 0;
}

static void print_stats(struct monitor *m)
{
	const uint64_t *exits = m->first.vcpu.exits;
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
		{ "exits", "system calls", exits[VCPU_SYSCALL], NULL },
		{ "exits", "exceptions", exits[VCPU_EXCEPTION], NULL },
		{ "exits", "forbidden accesses", exits[VCPU_FORBIDDEN], NULL },
		{ "exits", "signals and kicks", exits[VCPU_KICKED], NULL },
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
	if (m->trace)
		trace_exited(m->trace, m->status, m->first.killed_by);
	if (m->stats)
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

static int run(struct monitor *m, struct hk_err *err)
{
	char path[PATH_MAX];
	int r;

	if (m->opt->cwd && chdir(m->opt->cwd)) {
		hk_err_set(err, -errno, "cannot change to the directory %s: %s", m->opt->cwd, strerror(errno));
		return HUSK_EXIT_FAILURE;
	}
	r = look_up(m->opt, path, err);
	if (r)
		return status_of(r);
	if (start_process(m, err) || start_vm(m, err))
		return HUSK_EXIT_FAILURE;
	r = load_program(m, path, err);
	if (r)
		return status_of(r);
	if ((m->opt->trace || m->opt->stats) && start_trace(m, err))
		return HUSK_EXIT_FAILURE;
	r = m->opt->timeout_ns ? watchdog_start(m) : 0;
	if (r) {
		hk_err_set(err, r, "cannot start the watchdog of --timeout: %s", strerror(-r));
		return HUSK_EXIT_FAILURE;
	}
	stamp(m, PHASE_LOAD);
	monitor_loop(&m->first, err);
	stamp(m, PHASE_RUN);
	monitor_finish(m);
	return m->status;
}

int monitor_run(const struct monitor_options *opt, struct hk_err *err)
{
	struct monitor *m = calloc(1, sizeof(*m));
	int status;

	if (!m) {
		hk_err_set(err, -ENOMEM, "out of memory");
		return HUSK_EXIT_FAILURE;
	}
	m->opt = opt;
	m->first.m = m;
	stamp(m, PHASE_BEGIN);
	m->vm.vm_fd = m->vm.kvm_fd = m->first.vcpu.fd = m->trace_fd = -1;
	status = run(m, err);
	/* The VM and the guest's memory go with the process, which is about to end: taking them down by hand first only costs time. */
	return status;
}
