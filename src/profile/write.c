/* SPDX-License-Identifier: Apache-2.0 */
/* From samples to folded lines, in a child process. */
#include "profile/samples.h"

#include "base/output.h"
#include "base/strbuf.h"
#include "crash/backtrace.h"
#include "crash/plugin.h"
#include "crash/unwind.h"

#include <dlfcn.h>
#include <errno.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIME_LIMIT 60 /* seconds for the child */

struct line {
	char *frames;
	uint64_t count;
};

struct writer {
	const struct profile *p;
	const char *comm;
	size_t at;
	void *lines; /* a tree, tsearch(3) */
	struct hk_strbuf out;
};

static int next(void *ctx, struct fold_sample *to)
{
	struct writer *w = ctx;
	const struct sample *s = sample_next(w->p, &w->at);

	if (!s)
		return 0;
	unwind_registers(to->regs, &s->regs);
	to->stack_at = s->regs.rsp;
	to->stack_len = s->stack_len;
	to->stack = s + 1;
	to->leaf = s->what;
	to->weight = s->weight;
	return 1;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->frames, ((const struct line *)b)->frames);
}

static void stack(void *ctx, const char *frames, uint64_t weight)
{
	struct writer *w = ctx;
	struct line *l = malloc(sizeof(*l));
	void *found;

	if (!l)
		return;
	*l = (struct line){ .frames = strdup(frames), .count = weight };
	found = l->frames ? tsearch(l, &w->lines, compare) : NULL;
	if (!found)
		return;
	if (*(struct line **)found != l) {
		(*(struct line **)found)->count += weight;
		free(l->frames);
		free(l);
	}
}

static void add_line(const void *node, VISIT which, void *ctx)
{
	const struct line *l = *(struct line *const *)node;
	struct writer *w = ctx;

	if (which == postorder || which == leaf)
		hk_strbuf_printf(&w->out, "%s%s%s %lu\n", w->comm, *l->frames ? ";" : "", l->frames, l->count);
}

static void complain(int fd, const char *why)
{
	dprintf(fd >= 0 ? fd : STDERR_FILENO, "husk: no names for --profile-cpu: %s\n", why);
}

static void fold(struct writer *w, const struct unwind_maps *maps, int fd, int top_fd)
{
	const struct fold_input in = { .version = BACKTRACE_VERSION,
				       .map_count = maps->count,
				       .maps = maps->map,
				       .ctx = w,
				       .next = next,
				       .stack = stack };
	char why[200];
	void *lib = plugin_open(why, sizeof(why));
	fold_fn function = NULL;
	int r;

	if (!lib) {
		complain(top_fd, why);
		return;
	}
	*(void **)&function = dlsym(lib, FOLD_SYMBOL);
	r = function ? function(&in) : -EINVAL;
	if (r)
		complain(top_fd, r == -EINVAL ? BACKTRACE_FILE " belongs to another version of husk" : strerror(-r));
	twalk_r(w->lines, add_line, w);
	/* One write, whole between those of other processes. */
	if (w->out.cut || hk_write_all(fd, w->out.data, w->out.len))
		complain(top_fd, "cannot write the stacks");
}

/* Its name may be anything, too. */
static void clean_comm(char to[16], const char *comm)
{
	size_t n = strnlen(comm, 15);

	for (size_t i = 0; i < n; i++)
		to[i] = comm[i] > ' ' && comm[i] <= '~' && comm[i] != ';' ? comm[i] : '_';
	to[n] = '\0';
}

HK_NORETURN static void child(const struct profile *p, const struct unwind_maps *maps, const char *comm, int fd,
			      int top_fd)
{
	char name[16];
	struct writer w = { .p = p, .comm = name };
	struct rlimit limit;

	clean_comm(name, comm);
	plugin_limits(TIME_LIMIT);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (p->used)
		fold(&w, maps, fd, top_fd);
	if (top_fd >= 0)
		top_print(fd, top_fd);
	_exit(0);
}

/* The guest, which may go on with another program, hears nothing of a child that is not its own. */
static void swallow(pid_t pid)
{
	const struct timespec now = { 0 };
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigtimedwait(&set, &info, &now) == SIGCHLD && info.si_pid != pid)
		syscall(SYS_rt_sigqueueinfo, getpid(), SIGCHLD, &info);
}

void profile_write(struct profile *p, struct mm *mm, const char *comm, int fd, int top_fd)
{
	struct unwind_maps maps;
	sigset_t chld, was;
	pid_t pid;

	if (!p->used && top_fd < 0)
		return;
	if (unwind_collect(&maps, mm))
		return;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &was);
	pthread_mutex_lock(&p->lock);
	pid = fork();
	if (pid == 0)
		child(p, &maps, comm, fd, top_fd);
	p->used = 0;
	pthread_mutex_unlock(&p->lock);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	swallow(pid);
	sigprocmask(SIG_SETMASK, &was, NULL);
	unwind_free(&maps);
}
