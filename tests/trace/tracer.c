/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracer FILE PROGRAM ARGS…: run a program natively under ptrace and let husk's trace write of its system calls to FILE. Guest memory is the traced
 * process's, so this shows what src/trace/ prints of any program without a VM: to be compared with strace's own output.
 */
#include "mm/uaccess.h"
#include "trace/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

static pid_t child; /* uaccess has no context */

/* Page by page, since the kernel gives all of a piece or nothing. */
size_t copy_from_guest_partial(void *dst, gva_t src, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t n = hk_min(len - done, HK_PAGE_SIZE - ((src.v + done) & HK_PAGE_MASK));
		struct iovec l = { (char *)dst + done, n }, r = { (void *)(uintptr_t)(src.v + done), n };
		ssize_t k = process_vm_readv(child, &l, 1, &r, 1, 0);

		if (k <= 0)
			break;
		done += (size_t)k;
	}
	return done;
}

int copy_from_guest(void *dst, gva_t src, size_t len)
{
	return copy_from_guest_partial(dst, src, len) == len ? 0 : -EFAULT;
}

ssize_t guest_str(char *dst, gva_t src, size_t cap)
{
	size_t n = copy_from_guest_partial(dst, src, cap);
	char *end = memchr(dst, 0, n);

	if (end)
		return end - dst;
	if (n < cap)
		return -EFAULT;
	dst[cap - 1] = '\0';
	return -ENAMETOOLONG;
}

static void start(char **argv)
{
	child = fork();
	if (child)
		return;
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	raise(SIGSTOP);
	execv(argv[0], argv);
	_exit(127);
}

struct state {
	struct trace *trace;
	struct hk_call call;
	bool inside, started; /* started: from the execve on */
};

static void syscall_stop(struct state *s)
{
	struct hk_trace_hook *h = trace_hook(s->trace);
	struct user_regs_struct r;

	ptrace(PTRACE_GETREGS, child, 0, &r);
	if (!s->inside) {
		s->call = (struct hk_call){ .nr = r.orig_rax,
					    .a = { r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9 },
					    .rip = r.rip };
		s->started |= r.orig_rax == SYS_execve;
		if (s->started)
			h->enter(h->ctx, &s->call);
	} else if (s->started) {
		h->leave(h->ctx, &s->call, (int64_t)r.rax);
	}
	s->inside = !s->inside;
}

/* Until the program has ended; its wait status. */
static int follow(struct state *s)
{
	int status, signal = 0;
	siginfo_t si;

	waitpid(child, &status, 0);
	ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	for (;;) {
		ptrace(PTRACE_SYSCALL, child, 0, signal);
		signal = 0;
		if (waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status))
			return status;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			syscall_stop(s);
		} else if (WSTOPSIG(status) != SIGTRAP) { /* which stands for an execve */
			signal = WSTOPSIG(status);
			ptrace(PTRACE_GETSIGINFO, child, 0, &si);
			trace_signal(s->trace, &si);
		}
	}
}

int main(int argc, char **argv)
{
	struct hk_err err = { 0 };
	struct trace_options opt = { .fd = -1 };
	struct state s = { 0 };
	int status;

	if (argc < 3)
		return 2;
	opt.fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	s.trace = trace_create(&opt, &err);
	if (opt.fd < 0 || !s.trace) {
		fprintf(stderr, "tracer: %s\n", err.text);
		return 2;
	}
	start(argv + 2);
	status = follow(&s);
	trace_exited(s.trace, WIFEXITED(status) ? WEXITSTATUS(status) : 0, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	trace_free(s.trace);
	return 0;
}
