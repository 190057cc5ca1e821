/* SPDX-License-Identifier: Apache-2.0 */
#include "crash/unwind.h"

#include "crash/plugin.h"
#include "mm/uaccess.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define TIME_LIMIT 8 /* seconds for the plug-in */

/* --- mappings --- */

static int collect(const struct vma *v, void *ctx)
{
	struct unwind_maps *maps = ctx;
	struct backtrace_map m = { .start = v->start, .end = v->end, .offset = v->offset };

	if (!v->file || v->file->path[0] != '/')
		return 0;
	if (maps->count == UNWIND_MAPS)
		return 1;
	if (maps->count == maps->cap) {
		uint32_t cap = maps->cap ? 2 * maps->cap : 64;
		struct backtrace_map *grown = realloc(maps->map, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		maps->map = grown;
		maps->cap = cap;
	}
	m.dev = v->file->dev;
	m.ino = v->file->ino;
	m.exec = (v->prot & PROT_EXEC) != 0;
	m.path = strdup(v->file->path);
	if (!m.path)
		return -ENOMEM;
	maps->map[maps->count++] = m;
	return 0;
}

int unwind_collect(struct unwind_maps *maps, struct mm *mm)
{
	int r;

	memset(maps, 0, sizeof(*maps));
	r = mm_walk(mm, collect, maps);
	if (r >= 0)
		return 0;
	unwind_free(maps);
	return r;
}

void unwind_free(struct unwind_maps *maps)
{
	for (uint32_t k = 0; k < maps->count; k++)
		free((char *)(uintptr_t)maps->map[k].path);
	free(maps->map);
	memset(maps, 0, sizeof(*maps));
}

const struct backtrace_map *unwind_module(const struct unwind_maps *maps, uint64_t addr, uint64_t *base)
{
	for (uint32_t k = 0; k < maps->count; k++) {
		const struct backtrace_map *m = &maps->map[k];

		if (addr < m->start || addr >= m->end)
			continue;
		*base = m->start - m->offset;
		for (uint32_t j = k + 1; j-- > 0;) {
			if (maps->map[j].offset == 0 && strcmp(maps->map[j].path, m->path) == 0) {
				*base = maps->map[j].start;
				break;
			}
		}
		return m;
	}
	return NULL;
}

/* --- in the child --- */

enum message_kind { MESSAGE_FRAME = 1, MESSAGE_TROUBLE };

struct message {
	int32_t kind;
	struct backtrace_frame frame; /* MESSAGE_TROUBLE: the text is in frame.symbol */
};

_Static_assert(sizeof(struct message) <= PIPE_BUF, "a message is written whole");

#define CHILD_PIPE 0 /* the only descriptor that the child keeps */

static int send_frame(void *ctx, const struct backtrace_frame *f)
{
	struct message m = { .kind = MESSAGE_FRAME, .frame = *f };

	(void)ctx;
	return write(CHILD_PIPE, &m, sizeof(m)) == sizeof(m) ? 0 : -1;
}

static void send_trouble(const char *text)
{
	struct message m = { .kind = MESSAGE_TROUBLE };

	snprintf(m.frame.symbol, sizeof(m.frame.symbol), "%s", text);
	if (write(CHILD_PIPE, &m, sizeof(m)) != sizeof(m))
		_exit(1);
}

static int read_guest(void *ctx, uint64_t addr, uint64_t *value)
{
	(void)ctx;
	return get_guest(value, GVA(addr));
}

/* Keep the pipe only: the guest's descriptors are none of the plug-in's business, and their number may be at its limit. */
static void child_descriptors(int pipe_fd)
{
	struct rlimit lim;

	if (dup2(pipe_fd, CHILD_PIPE) < 0)
		_exit(1);
	close_range(CHILD_PIPE + 1, ~0U, 0);
	if (getrlimit(RLIMIT_NOFILE, &lim) == 0) {
		lim.rlim_cur = lim.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &lim))
			send_trouble("cannot raise the limit of open files");
	}
	/* 1 and 2: nothing that a library prints may land in a file that it opened. */
	if (open("/dev/null", O_RDWR) < 0 || dup(CHILD_PIPE + 1) < 0)
		_exit(1);
}

HK_NORETURN static void child(int pipe_fd, const struct backtrace_input *in)
{
	backtrace_fn trace;
	char why[200];
	void *lib;
	int r;

	child_descriptors(pipe_fd);
	plugin_limits(TIME_LIMIT);
	lib = plugin_open(why, sizeof(why));
	if (!lib) {
		send_trouble(why);
		_exit(0);
	}
	*(void **)&trace = dlsym(lib, BACKTRACE_SYMBOL);
	r = trace ? trace(in) : -EINVAL;
	if (r == -EINVAL)
		send_trouble(BACKTRACE_FILE " belongs to another version of husk");
	else if (r < 0)
		send_trouble(strerror(-r));
	_exit(0);
}

/* --- in the parent --- */

void unwind_registers(uint64_t r[BT_REGS], const struct hk_regs *g)
{
	const uint64_t in_order[BT_REGS] = { g->rax, g->rdx, g->rcx, g->rbx, g->rsi, g->rdi, g->rbp, g->rsp, g->r8,
					     g->r9,  g->r10, g->r11, g->r12, g->r13, g->r14, g->r15, g->rip };

	memcpy(r, in_order, sizeof(in_order));
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Read one whole message before the deadline: 1, or 0 at the end, at an error, or when time is up (*late). */
static int receive(int fd, struct message *m, int64_t deadline, bool *late)
{
	size_t got = 0;

	while (got < sizeof(*m)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - now_ms();
		int r = left > 0 ? poll(&p, 1, (int)left) : 0;
		ssize_t n;

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0) {
			*late = r == 0;
			return 0;
		}
		n = read(fd, (char *)m + got, sizeof(*m) - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		got += (size_t)n;
	}
	return 1;
}

static void take(struct unwind *out, struct message *m)
{
	struct backtrace_frame *f = &m->frame;

	f->symbol[sizeof(f->symbol) - 1] = '\0';
	f->file[sizeof(f->file) - 1] = '\0';
	if (m->kind == MESSAGE_TROUBLE)
		snprintf(out->trouble, sizeof(out->trouble), "%s", f->symbol);
	else if (m->kind == MESSAGE_FRAME && out->count < BACKTRACE_FRAMES)
		out->frame[out->count++] = *f;
}

static void gather(struct unwind *out, int fd, pid_t pid)
{
	int64_t deadline = now_ms() + (TIME_LIMIT + 1) * 1000;
	struct message m;
	bool late = false;
	int status = 0;

	while (receive(fd, &m, deadline, &late))
		take(out, &m);
	if (late)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (late || (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM))
		snprintf(out->trouble, sizeof(out->trouble), "given up after %d seconds", TIME_LIMIT);
	else if (WIFSIGNALED(status))
		snprintf(out->trouble, sizeof(out->trouble), "the unwinder died of signal %d", WTERMSIG(status));
}

/* Two descriptors, even when the guest used up all it may have: it needs none any more. */
static int open_pipe(int fds[2])
{
	struct rlimit lim;

	if (pipe2(fds, O_CLOEXEC) == 0)
		return 0;
	if (errno != EMFILE || getrlimit(RLIMIT_NOFILE, &lim))
		return -errno;
	lim.rlim_cur = lim.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &lim) || pipe2(fds, O_CLOEXEC))
		return -errno;
	return 0;
}

void unwind_run(struct unwind *out, const struct unwind_maps *maps, const struct access_cpu *cpu)
{
	struct backtrace_input in = { .version = BACKTRACE_VERSION,
				      .map_count = maps->count,
				      .maps = maps->map,
				      .read = read_guest,
				      .frame = send_frame };
	int fds[2], r;
	pid_t pid;

	memset(out, 0, sizeof(*out));
	unwind_registers(in.regs, &cpu->regs);
	r = open_pipe(fds);
	if (r) {
		snprintf(out->trouble, sizeof(out->trouble), "no pipe: %s", strerror(-r));
		return;
	}
	pid = fork();
	if (pid == 0)
		child(fds[1], &in);
	r = errno;
	close(fds[1]);
	if (pid > 0)
		gather(out, fds[0], pid);
	else
		snprintf(out->trouble, sizeof(out->trouble), "no process for it: %s", strerror(r));
	close(fds[0]);
}
