/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status, stat, statm, limits: the host's files with what concerns memory, threads and the name replaced by the guest's. Lines and fields that a newer host adds
 * pass through as they are.
 */
#include "kern/rlimit.h"
#include "procfs/internal.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* What the lines are made from. */
struct facts {
	struct hk_task *t;
	struct proc_mem mem;
	uint64_t exe, lib; /* bytes */
	uint64_t host_hwm; /* kB; the monitor's share included */
	unsigned threads;
	uint64_t ignored, caught, blocked; /* sets of signals */
	bool own;                          /* the thread that is asked about is the one that asks */
};

static void split_text(const struct mm *mm, struct facts *f)
{
	uint64_t start = hk_align_down(mm->start_code, HK_PAGE_SIZE), end = hk_align_up(mm->end_code, HK_PAGE_SIZE);

	f->exe = start < end ? hk_min(end - start, f->mem.exec) : 0;
	f->lib = f->mem.exec - f->exe;
}

/* The value of "Key:  123 kB" in a whole status text. */
static uint64_t find_kb(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (strncmp(line, key, n) == 0 && line[n] == ':')
			return strtoull(line + n + 1, NULL, 10);
	return 0;
}

/* The host's sets hold the monitor's own handlers too. */
static void collect_signals(struct facts *f)
{
	const struct signal_actions *a = &f->t->proc->actions;

	for (int sig = 1; sig <= SIGNAL_COUNT; sig++) {
		if (a->act[sig].handler == (uint64_t)(uintptr_t)SIG_IGN)
			f->ignored |= 1UL << (sig - 1);
		else if (a->act[sig].handler != (uint64_t)(uintptr_t)SIG_DFL)
			f->caught |= 1UL << (sig - 1);
	}
}

static int collect(struct hk_task *t, const struct proc_ref *ref, struct facts *f)
{
	pid_t tid = ref->tid ? ref->tid : getpid();
	int r = proc_mem_count(t, &f->mem);

	f->t = t;
	f->own = tid == t->tid;
	if (!task_list_blocked(&t->proc->tasks, tid, &f->blocked))
		f->blocked = t->signals.blocked;
	f->threads = task_list_count(&t->proc->tasks);
	collect_signals(f);
	split_text(t->proc->mm, f);
	return r;
}

/* ---- status ---- */

static uint64_t vm_peak(const struct facts *f)
{
	return hk_max(f->t->proc->mm->peak_size, f->mem.size);
}

/* The host knows one peak, of the guest and the monitor together: less what is the monitor's now, and never below the present. */
static uint64_t vm_hwm(const struct facts *f)
{
	uint64_t host = f->host_hwm << 10;

	return host > f->mem.other_rss ? hk_max(host - f->mem.other_rss, f->mem.rss) : f->mem.rss;
}

#define MEM_LINE(fn, expr)                                                                                             \
	static uint64_t fn(const struct facts *f)                                                                      \
	{                                                                                                              \
		return expr;                                                                                           \
	}
MEM_LINE(vm_size, f->mem.size)
MEM_LINE(vm_lck, f->mem.locked)
MEM_LINE(vm_rss, f->mem.rss)
MEM_LINE(rss_anon, f->mem.anon)
MEM_LINE(rss_file, f->mem.file)
MEM_LINE(rss_shmem, f->mem.shmem)
MEM_LINE(vm_data, f->mem.data)
MEM_LINE(vm_stk, f->mem.stack)
MEM_LINE(vm_exe, f->exe)
MEM_LINE(vm_lib, f->lib)
MEM_LINE(vm_swap, f->mem.swap)

static const struct {
	const char *key;
	uint64_t (*bytes)(const struct facts *f);
} mem_lines[] = {
	{ "VmPeak", vm_peak }, { "VmSize", vm_size },   { "VmLck", vm_lck },     { "VmHWM", vm_hwm },
	{ "VmRSS", vm_rss },   { "RssAnon", rss_anon }, { "RssFile", rss_file }, { "RssShmem", rss_shmem },
	{ "VmData", vm_data }, { "VmStk", vm_stk },     { "VmExe", vm_exe },     { "VmLib", vm_lib },
	{ "VmSwap", vm_swap },
};

/* The highest descriptor that is the guest's. */
static int highest_fd(const struct hk_task *t)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *d;
	int64_t best = -1;

	while (dir && (d = readdir(dir))) {
		int64_t fd = proc_number(d->d_name, strlen(d->d_name));

		if (fd > best && fd < INT32_MAX && fd != dirfd(dir) && !fd_is_ours(&t->proc->fds, (int)fd))
			best = fd;
	}
	if (dir)
		closedir(dir);
	return (int)best;
}

/* The size of the descriptor table as it would be without our own, which lie far above: 64, then powers of two from 256. */
static unsigned fd_table_size(const struct hk_task *t, unsigned host)
{
	int highest;
	unsigned size = 256;

	if (host <= (unsigned)t->proc->fds.base)
		return host;
	highest = highest_fd(t);
	if (highest < 64)
		return 64;
	while (size <= (unsigned)highest)
		size *= 2;
	return size;
}

static bool add_status_line(struct hk_strbuf *out, const struct facts *f, const char *key, const char *value)
{
	for (size_t i = 0; i < HK_ARRAY_LEN(mem_lines); i++)
		if (strcmp(key, mem_lines[i].key) == 0) {
			hk_strbuf_printf(out, "%s:\t%8lu kB\n", key, mem_lines[i].bytes(f) >> 10);
			return true;
		}
	/* Who asks is running, in the monitor or not. */
	if (strcmp(key, "State") == 0 && f->own)
		hk_strbuf_puts(out, "State:\tR (running)\n");
	else if (strcmp(key, "Threads") == 0)
		hk_strbuf_printf(out, "Threads:\t%u\n", f->threads);
	else if (strcmp(key, "FDSize") == 0)
		hk_strbuf_printf(out, "FDSize:\t%u\n", fd_table_size(f->t, (unsigned)strtoul(value, NULL, 10)));
	else if (strcmp(key, "NoNewPrivs") == 0)
		hk_strbuf_printf(out, "NoNewPrivs:\t%d\n", f->t->proc->no_new_privs);
	else if (strcmp(key, "Seccomp") == 0 || strcmp(key, "Seccomp_filters") == 0)
		hk_strbuf_printf(out, "%s:\t0\n", key); /* the filter is the monitor's */
	else if (strcmp(key, "SigBlk") == 0)
		hk_strbuf_printf(out, "SigBlk:\t%016lx\n", f->blocked);
	else if (strcmp(key, "SigIgn") == 0)
		hk_strbuf_printf(out, "SigIgn:\t%016lx\n", f->ignored);
	else if (strcmp(key, "SigCgt") == 0)
		hk_strbuf_printf(out, "SigCgt:\t%016lx\n", f->caught);
	else
		return false;
	return true;
}

int proc_make_status(struct hk_task *t, const struct proc_ref *ref, struct hk_strbuf *out)
{
	struct hk_strbuf host = { .max = 1 << 16 };
	struct facts f = { 0 };
	char *save, *line = NULL;
	int r = collect(t, ref, &f);

	if (r == 0)
		r = proc_host_read(ref->path, &host);
	if (r == 0) {
		f.host_hwm = find_kb(host.data, "VmHWM");
		line = strtok_r(host.data, "\n", &save);
	}
	for (; line; line = strtok_r(NULL, "\n", &save)) {
		char *colon = strchr(line, ':');

		if (colon)
			*colon = '\0';
		if (!colon || add_status_line(out, &f, line, colon + 1))
			continue;
		hk_strbuf_printf(out, "%s:%s\n", line, colon + 1);
	}
	hk_strbuf_free(&host);
	return r ? r : out->cut ? -ENOMEM : 0;
}

/* ---- stat ---- */

#define STAT_SIGNALS 0x7fffffffUL /* it shows no more of a set */

/* Field numbers are proc(5)'s. */
enum {
	STAT_STATE = 3,
	STAT_NUM_THREADS = 20,
	STAT_VSIZE = 23,
	STAT_RSS = 24,
	STAT_STARTCODE = 26,
	STAT_ENDCODE,
	STAT_STARTSTACK,
	STAT_KSTKESP,
	STAT_KSTKEIP,
	STAT_BLOCKED = 32,
	STAT_SIGIGNORE,
	STAT_SIGCATCH,
	STAT_GUEST_TIME = 43,
	STAT_CGUEST_TIME,
	STAT_START_DATA,
	STAT_END_DATA,
	STAT_START_BRK,
	STAT_ARG_START,
	STAT_ARG_END,
	STAT_ENV_START,
	STAT_ENV_END,
};

static uint64_t stat_value(const struct facts *f, unsigned n)
{
	const struct mm *mm = f->t->proc->mm;

	switch (n) {
	case STAT_NUM_THREADS:
		return f->threads;
	case STAT_VSIZE:
		return f->mem.size;
	case STAT_RSS:
		return f->mem.rss / HK_PAGE_SIZE;
	case STAT_STARTCODE:
		return mm->start_code;
	case STAT_ENDCODE:
		return mm->end_code;
	case STAT_STARTSTACK:
		return mm->start_stack;
	case STAT_BLOCKED:
		return f->blocked & STAT_SIGNALS;
	case STAT_SIGIGNORE:
		return f->ignored & STAT_SIGNALS;
	case STAT_SIGCATCH:
		return f->caught & STAT_SIGNALS;
	case STAT_START_DATA:
		return mm->start_data;
	case STAT_END_DATA:
		return mm->end_data;
	case STAT_START_BRK:
		return mm->brk_start;
	case STAT_ARG_START:
		return mm->arg_start;
	case STAT_ARG_END:
		return mm->arg_end;
	case STAT_ENV_START:
		return mm->env_start;
	case STAT_ENV_END:
		return mm->env_end;
	default: /* registers, which a running thread does not show, and time as a VM, which the guest does not run */
		return 0;
	}
}

static bool is_stat_ours(unsigned n)
{
	return n == STAT_NUM_THREADS || n == STAT_VSIZE || n == STAT_RSS ||
	       (n >= STAT_STARTCODE && n <= STAT_KSTKEIP) || (n >= STAT_BLOCKED && n <= STAT_SIGCATCH) ||
	       (n >= STAT_GUEST_TIME && n <= STAT_ENV_END);
}

int proc_make_stat(struct hk_task *t, const struct proc_ref *ref, struct hk_strbuf *out)
{
	struct hk_strbuf host = { .max = 1 << 16 };
	struct facts f = { 0 };
	char *save, *word, *paren;
	unsigned n = STAT_STATE;
	int r = collect(t, ref, &f);

	if (r == 0)
		r = proc_host_read(ref->path, &host);
	paren = r == 0 && host.data ? strrchr(host.data, ')') : NULL;
	if (r == 0 && !paren)
		r = -EIO;
	if (r == 0) {
		hk_strbuf_add(out, host.data, (size_t)(paren + 1 - host.data));
		for (word = strtok_r(paren + 1, " \n", &save); word; word = strtok_r(NULL, " \n", &save), n++) {
			if (n == STAT_STATE && f.own)
				hk_strbuf_puts(out, " R");
			else if (is_stat_ours(n))
				hk_strbuf_printf(out, " %lu", stat_value(&f, n));
			else
				hk_strbuf_printf(out, " %s", word);
		}
		hk_strbuf_puts(out, "\n");
	}
	hk_strbuf_free(&host);
	return r ? r : out->cut ? -ENOMEM : 0;
}

int proc_make_statm(struct hk_task *t, const struct proc_ref *ref, struct hk_strbuf *out)
{
	struct facts f = { 0 };
	int r = collect(t, ref, &f);
	const struct proc_mem *m = &f.mem;

	hk_strbuf_printf(out, "%lu %lu %lu %lu 0 %lu 0\n", m->size / HK_PAGE_SIZE, m->rss / HK_PAGE_SIZE,
			 (m->file + m->shmem) / HK_PAGE_SIZE, f.exe / HK_PAGE_SIZE,
			 (m->data + m->stack) / HK_PAGE_SIZE);
	return r ? r : out->cut ? -ENOMEM : 0;
}

/* ---- limits ---- */

/* Write a limit into its column of 20 characters. */
static void put_limit(char *column, uint64_t value)
{
	char text[24] = "unlimited";

	if (value != RLIM64_INFINITY)
		snprintf(text, sizeof(text), "%lu", value);
	memset(column, ' ', 20);
	memcpy(column, text, strlen(text));
}

/* The host's lines; four of the limits are the guest's own. */
int proc_make_limits(struct hk_task *t, const struct proc_ref *ref, struct hk_strbuf *out)
{
	static const struct {
		const char *line;
		unsigned resource;
	} own[] = {
		{ "Max data size", RLIMIT_DATA },
		{ "Max stack size", RLIMIT_STACK },
		{ "Max address space", RLIMIT_AS },
		{ "Max open files", RLIMIT_NOFILE },
	};
	struct hk_strbuf host = { .max = 1 << 16 };
	int r = proc_host_read(ref->path, &host);
	char *save, *line = r || !host.data ? NULL : strtok_r(host.data, "\n", &save);

	for (; line; line = strtok_r(NULL, "\n", &save)) {
		struct rlimit64 lim;

		for (size_t i = 0; i < HK_ARRAY_LEN(own); i++)
			if (strncmp(line, own[i].line, strlen(own[i].line)) == 0 && strlen(line) >= 68 &&
			    rlimit_get(t->proc, own[i].resource, &lim) == 0) {
				put_limit(line + 26, lim.rlim_cur);
				put_limit(line + 47, lim.rlim_max);
			}
		hk_strbuf_printf(out, "%s\n", line);
	}
	hk_strbuf_free(&host);
	return r ? r : out->cut ? -ENOMEM : 0;
}
