/* SPDX-License-Identifier: Apache-2.0 */
/* husk inspect: waiting for the point at which to look, and looking. The program does not run on after it. */
#include "monitor/internal.h"

#include "base/output.h"
#include "inspect/model.h"
#include "kern/family.h"
#include "mm/uaccess.h"
#include "syscalls/table.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define VECTOR_BP  3
#define BREAKPOINT 0xcc

/* The program's own output must not get into the report: it goes where its errors go. */
int inspection_open(struct monitor *m, struct hk_err *err)
{
	struct inspection *in = &m->inspection;

	if (m->opt->inspect.when == INSPECT_NEVER)
		return 0;
	in->report_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (in->report_fd < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return hk_err_set(err, -errno, "cannot write to standard output: %s", strerror(errno));
	if (!m->opt->svg_file)
		return 0;
	in->svg_fd = open(m->opt->svg_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return in->svg_fd < 0 ? hk_err_set(err, -errno, "cannot open %s: %s", m->opt->svg_file, strerror(errno)) : 0;
}

/* ---- looking ---- */

static int write_all(int fd, const struct hk_strbuf *b)
{
	return b->cut ? -ENOMEM : hk_write_all(fd, b->data, b->len);
}

static void translate_all(const struct inspect *in, struct mm *mm, const struct inspect_options *o, struct hk_strbuf *b)
{
	static struct translation t[INSPECT_PLACES];

	pthread_mutex_lock(&mm->lock);
	for (unsigned i = 0; i < o->places; i++)
		inspect_translate(&t[i], o->place[i], in, &mm->pt);
	pthread_mutex_unlock(&mm->lock);
	for (unsigned i = 0; i < o->places && !o->json; i++)
		inspect_translation_text(&t[i], in, b);
	if (o->json)
		inspect_translations_json(t, o->places, in, b);
}

/* What is in the machine now: into `report`, and a picture into `svg`; either may be NULL. */
static int survey(struct monitor *m, const struct inspect_options *o, const char *point, struct hk_strbuf *report,
		  struct hk_strbuf *svg)
{
	struct inspect in = { 0 };
	int r;

	vm_stop(&m->vm);
	r = inspect_collect(&in, &m->vm, &m->proc);
	vm_resume(&m->vm);
	snprintf(in.point, sizeof(in.point), "%s", point);
	if (r == 0 && report && o->places)
		translate_all(&in, &m->mm, o, report);
	else if (r == 0 && report)
		(o->json ? inspect_json : inspect_text)(&in, report);
	if (r == 0 && svg)
		inspect_svg(&in, svg);
	inspect_free(&in);
	return r;
}

static int look(struct monitor *m, const struct inspect_options *o, const char *point, int report_fd, int svg_fd)
{
	struct hk_strbuf report = { 0 }, svg = { 0 };
	int r = survey(m, o, point, &report, svg_fd >= 0 ? &svg : NULL);

	if (r == 0)
		r = write_all(report_fd, &report);
	if (r == 0 && svg_fd >= 0)
		r = write_all(svg_fd, &svg);
	hk_strbuf_free(&report);
	hk_strbuf_free(&svg);
	return r;
}

/* ---- a question from outside ---- */

static struct inspect_options asked(const struct query_ask *ask)
{
	struct inspect_options o = { .json = ask->json, .svg = ask->svg, .places = ask->places };

	_Static_assert(sizeof(o.place) == sizeof(ask->place), "the same places");
	memcpy(o.place, ask->place, sizeof(o.place));
	return o;
}

void inspection_answer(struct thread *th)
{
	struct query *q = &th->task.proc->family->query;
	struct hk_strbuf answer = { 0 };
	struct inspect_options o;
	struct query_ask ask;
	char point[64];
	int r;

	query_take(q, &ask);
	o = asked(&ask);
	snprintf(point, sizeof(point), "while it runs, as thread %d saw it", th->task.tid);
	fd_guard_room(&th->task.proc->fds);
	r = survey(th->m, &o, point, o.svg ? NULL : &answer, o.svg ? &answer : NULL);
	fd_guard_room_end(&th->task.proc->fds);
	if (r || answer.cut) {
		hk_strbuf_reset(&answer);
		hk_strbuf_printf(&answer, "husk: cannot say what is in the machine: %s\n", strerror(r ? -r : ENOMEM));
	}
	query_answer(q, answer.data ? answer.data : "", answer.len);
	hk_strbuf_free(&answer);
}

/* ---- the end ---- */

static int end_process(pid_t pid, void *ctx HK_UNUSED)
{
	if (pid != getpid())
		kill(pid, SIGKILL);
	return 0;
}

/* The caller has claimed the end. */
static HK_NORETURN void look_and_end(struct monitor *m, const char *point)
{
	int r = look(m, &m->opt->inspect, point, m->inspection.report_fd, m->inspection.svg_fd);

	if (r)
		dprintf(STDERR_FILENO, "husk: cannot say what is in the machine: %s\n", strerror(-r));
	family_each(m->proc.family, end_process, NULL);
	_exit(r ? HUSK_EXIT_FAILURE : 0);
}

/* Only the process that husk was started for is looked into. */
static bool waits_for(const struct thread *th, enum inspect_when when)
{
	return th->m->opt->inspect.when == when && !th->task.proc->is_child;
}

/* ---- a breakpoint ---- */

struct base {
	const struct hk_image *image;
	uint64_t at;
};

static int find_base(const struct vma *v, void *ctx)
{
	struct base *b = ctx;

	if (!v->file || v->offset || v->file->dev != b->image->exe_dev || v->file->ino != b->image->exe_ino)
		return 0;
	b->at = v->start;
	return 1;
}

/* Put it where the address is mapped by now; if not, after the next call we try again. Memory that can be written, or is others' too, gets none. */
static void plant(struct monitor *m)
{
	const struct inspect_options *o = &m->opt->inspect;
	struct base base = { .image = &m->proc.image };
	const uint8_t breakpoint = BREAKPOINT;
	struct mm *mm = &m->mm;
	uint64_t at = o->address;

	if (o->relative) {
		mm_walk(mm, find_base, &base);
		at += base.at;
	}
	pthread_mutex_lock(&mm->lock);
	if (mm_code_constant(mm, at, at + 1) && get_guest(&m->inspection.byte, GVA(at)) == 0)
		m->inspection.planted = mm_code_write(mm, at, &breakpoint, 1, false) == 0;
	m->inspection.at = at;
	pthread_mutex_unlock(&mm->lock);
}

static int unplant(struct monitor *m)
{
	int r;

	pthread_mutex_lock(&m->mm.lock);
	r = mm_code_write(&m->mm, m->inspection.at, &m->inspection.byte, 1, false);
	pthread_mutex_unlock(&m->mm.lock);
	return r;
}

bool inspection_at_trap(struct thread *th, const struct vcpu_exit *e)
{
	struct monitor *m = th->m;
	char point[64];

	if (!m->inspection.planted || e->vector != VECTOR_BP || th->vcpu.regs.rip != m->inspection.at + 1 || unplant(m))
		return false;
	th->vcpu.regs.rip--;
	/* A child has it from its parent, of vfork even in its memory: then it is gone for both. */
	if (th->task.proc->is_child)
		return true;
	snprintf(point, sizeof(point), "before the instruction at 0x%lx", m->inspection.at);
	monitor_claim_end(m);
	look_and_end(m, point);
}

/* ---- the points ---- */

void inspection_at_entry(struct thread *th)
{
	struct monitor *m = th->m;

	if (waits_for(th, INSPECT_ENTRY)) {
		monitor_claim_end(m);
		look_and_end(m, "before its first instruction");
	}
	if (waits_for(th, INSPECT_ADDRESS))
		plant(m);
}

void inspection_at_call(struct thread *th, uint64_t nr)
{
	struct monitor *m = th->m;
	const struct inspect_options *o = &m->opt->inspect;
	const struct hk_syscall_info *call;
	char point[96];

	if (!waits_for(th, INSPECT_CALL) || nr != o->nr ||
	    __atomic_add_fetch(&m->inspection.seen, 1, __ATOMIC_RELAXED) != o->count)
		return;
	call = hk_syscall_info(nr);
	snprintf(point, sizeof(point), "before %s(2), call %u of it", call ? call->name : "?", o->count);
	monitor_claim_end(m);
	look_and_end(m, point);
}

void inspection_behind_call(struct thread *th)
{
	if (waits_for(th, INSPECT_ADDRESS) && !th->m->inspection.planted)
		plant(th->m);
}

void inspection_at_end(struct monitor *m)
{
	if (m->opt->inspect.when == INSPECT_NEVER || m->proc.is_child)
		return;
	if (m->opt->inspect.when == INSPECT_EXIT)
		look_and_end(m, "about to end");
	dprintf(STDERR_FILENO, "husk: %s ended, with status %d, before it came to where it was to be inspected\n",
		m->opt->argv[0], m->status);
	m->status = HUSK_EXIT_FAILURE;
}
