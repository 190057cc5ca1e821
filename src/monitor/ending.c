/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --report: why a process had to end (a fault that nobody handled, a virtual machine that cannot go on), its registers, the thread's last system calls and the
 * mappings, appended to a file of the caller's. All text of the guest's is looked at before it is written.
 */
#include "monitor/internal.h"

#include "base/output.h"
#include "base/strbuf.h"
#include "syscalls/table.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int ending_open(struct monitor *m, struct hk_err *err)
{
	const char *file = m->opt->report_file;

	if (!file)
		return 0;
	m->report_fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	return m->report_fd < 0 ? hk_err_set(err, -errno, "cannot open %s for --report: %s", file, strerror(errno)) : 0;
}

void ending_note(struct thread *th, const struct hk_call *call)
{
	struct past_call *p = &th->past[th->past_count++ % PAST_CALLS];

	p->nr = call->nr;
	memcpy(p->a, call->a, sizeof(p->a));
	p->result = PAST_PENDING;
}

void ending_result(struct thread *th, int64_t result)
{
	th->past[(th->past_count - 1) % PAST_CALLS].result = result;
}

/* ---- text ---- */

static void put_registers(struct hk_strbuf *b, const struct hk_regs *r)
{
	hk_strbuf_printf(b, "registers\n");
	hk_strbuf_printf(b, "  rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx\n", r->rax, r->rbx, r->rcx, r->rdx);
	hk_strbuf_printf(b, "  rsi %016lx  rdi %016lx  rbp %016lx  rsp %016lx\n", r->rsi, r->rdi, r->rbp, r->rsp);
	hk_strbuf_printf(b, "  r8  %016lx  r9  %016lx  r10 %016lx  r11 %016lx\n", r->r8, r->r9, r->r10, r->r11);
	hk_strbuf_printf(b, "  r12 %016lx  r13 %016lx  r14 %016lx  r15 %016lx\n", r->r12, r->r13, r->r14, r->r15);
	hk_strbuf_printf(b, "  rip %016lx  flg %016lx\n", r->rip, r->rflags);
}

static void put_call(struct hk_strbuf *b, const struct past_call *p)
{
	const struct hk_syscall_info *info = hk_syscall_info(p->nr);
	unsigned n = info ? info->nargs : 6;

	if (info)
		hk_strbuf_printf(b, "  %s(", info->name);
	else
		hk_strbuf_printf(b, "  call %#lx(", p->nr);
	for (unsigned i = 0; i < n; i++)
		hk_strbuf_printf(b, "%s%#lx", i ? ", " : "", p->a[i]);
	if (p->result == PAST_PENDING)
		hk_strbuf_puts(b, ") did not come back\n");
	else if (p->result < 0 && p->result > -4096)
		hk_strbuf_printf(b, ") = -1, %s\n", strerror((int)-p->result));
	else
		hk_strbuf_printf(b, ") = %#lx\n", (uint64_t)p->result);
}

static void put_calls(struct hk_strbuf *b, const struct thread *th)
{
	unsigned n = hk_min(th->past_count, PAST_CALLS);

	hk_strbuf_printf(b, "the thread's last %u system calls that left the guest, the newest last\n", n);
	for (unsigned i = th->past_count - n; i != th->past_count; i++)
		put_call(b, &th->past[i % PAST_CALLS]);
}

static int put_mapping(const struct vma *v, void *ctx)
{
	struct hk_strbuf *b = ctx;

	hk_strbuf_printf(b, "  %012lx-%012lx %c%c%c %08lx ", v->start, v->end, v->prot & PROT_READ ? 'r' : '-',
			 v->prot & PROT_WRITE ? 'w' : '-', v->prot & PROT_EXEC ? 'x' : '-', v->offset);
	for (const char *p = v->file ? v->file->path : ""; *p; p++)
		hk_strbuf_printf(b, "%c", *p < ' ' || *p > '~' ? '?' : *p);
	hk_strbuf_puts(b, "\n");
	return b->cut;
}

void ending_report(struct thread *th, const char *reason)
{
	struct monitor *m = th->m;
	struct hk_strbuf b = { 0 };
	int fd;

	if (m->report_fd < 0)
		return;
	if (reason) {
		hk_strbuf_printf(&b, "husk: process %d, thread %d: %s\n", (int)getpid(), (int)th->task.tid, reason);
		put_registers(&b, &th->vcpu.regs);
	}
	put_calls(&b, th);
	hk_strbuf_puts(&b, "mappings\n");
	(void)mm_walk(th->task.proc->mm, put_mapping, &b);
	hk_strbuf_puts(&b, "\n");
	fd_guard_hold(&m->proc.fds);
	fd = m->report_fd;
	if (!b.cut)
		(void)hk_write_all(fd, b.data, b.len);
	fd_guard_release(&m->proc.fds);
	hk_strbuf_free(&b);
}
