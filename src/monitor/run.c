/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a guest process: each part made in order, run, and taken down. */
#include "monitor/internal.h"

#include "kern/exec.h"
#include "mm/uaccess.h"
#include "vmm/cpuid.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
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
			return hk_err_set(err, -ENAMETOOLONG, "the program's path is longer than %d bytes", PATH_MAX - 1);
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
		return hk_err_set(err, -EACCES, "cannot run %s: found in PATH, but without permission to execute", name);
	return hk_err_set(err, -ENOENT, "cannot find %s in PATH", name);
}

/* ---- start-up, in order ---- */

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
	proc->mem_limit = m->opt->mem;
	m->task.proc = proc;
	m->task.tid = getpid();
	return 0;
}

static int start_vm(struct monitor *m, struct hk_err *err)
{
	struct hk_process *proc = &m->proc;
	int r = vm_open(&m->vm, &proc->fds, err);

	if (r)
		return r;
	r = mm_init(&proc->mm, &m->vm.pt_ops, &m->vm);
	if (r)
		return hk_err_set(err, r, "cannot set up guest memory: %s", strerror(-r));
	proc->mm.limit = m->opt->mem;
	r = vm_install_gate(&m->vm, &proc->mm, err);
	if (r == 0)
		r = vcpu_open(&m->vcpu, &m->vm, &proc->mm, 0, err);
	m->task.cpu = &m->vcpu.cpu;
	return r;
}

static int load_program(struct monitor *m, const char *path, struct hk_err *err)
{
	const struct exec_request req = {
		.path = path,
		.argv = m->opt->argv,
		.envp = m->opt->envp,
		.hwcap = getauxval(AT_HWCAP),
		.hwcap2 = m->vm.fsgsbase ? getauxval(AT_HWCAP2) : getauxval(AT_HWCAP2) & ~(unsigned long)HWCAP2_FSGSBASE,
		.min_sigstack = getauxval(AT_MINSIGSTKSZ),
	};

	return exec_load(&m->task, &req, err);
}

void monitor_finish(struct monitor *m)
{
	(void)m;
}

/* The status for a program that could not be started, as shells have it. */
static int status_of(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
		return HUSK_EXIT_NOT_FOUND;
	case -ENOMEM:
	case -EMFILE:
	case -ENFILE:
	case -EIO:
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
	r = m->opt->timeout_ns ? watchdog_start(m) : 0;
	if (r) {
		hk_err_set(err, r, "cannot start the watchdog of --timeout: %s", strerror(-r));
		return HUSK_EXIT_FAILURE;
	}
	monitor_loop(m, err);
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
	m->vm.vm_fd = m->vm.kvm_fd = m->vcpu.fd = -1;
	status = run(m, err);
	/* The VM and the guest's memory go with the process, which is about to end: taking them down by hand first only costs time. */
	return status;
}
