/* SPDX-License-Identifier: Apache-2.0 */
#include "crash/session.h"

#include <dwarf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STACK_SPAN (64UL << 20) /* frames lie no further from the stack pointer */
#define THE_THREAD 1            /* libdwfl wants a thread id; there is one thread, and no process behind it */

/* --- modules --- */

static int open_module(const struct backtrace_map *m)
{
	int fd = open(m->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -1;
	/* The name may lead to something else by now. */
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (m->ino && (st.st_ino != m->ino || st.st_dev != m->dev))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The first mapping of each file is where its module starts. A file without executable content is refused by libdwfl, or does no harm. */
static void report_modules(struct session *s)
{
	const struct backtrace_map *maps = s->maps;

	dwfl_report_begin(s->dwfl);
	for (uint32_t k = 0; k < s->map_count; k++) {
		int fd;

		if (maps[k].offset != 0 || (k && strcmp(maps[k].path, maps[k - 1].path) == 0))
			continue;
		fd = open_module(&maps[k]);
		if (fd >= 0 && !dwfl_report_elf(s->dwfl, maps[k].path, maps[k].path, fd, maps[k].start, false))
			close(fd);
	}
	dwfl_report_end(s->dwfl, NULL, NULL);
}

/* --- libdwfl's callbacks --- */

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread_arg)
{
	(void)dwfl;
	if (*thread_arg)
		return 0;
	*thread_arg = arg;
	return THE_THREAD;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *arg, void **thread_arg)
{
	(void)dwfl;
	*thread_arg = arg;
	return tid == THE_THREAD;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr addr, Dwarf_Word *result, void *arg)
{
	struct session *s = arg;
	uint64_t v;

	(void)dwfl;
	if (s->read(s->read_ctx, addr, &v))
		return false;
	*result = v;
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	struct session *s = arg;

	return dwfl_thread_state_registers(thread, 0, BT_REGS, s->regs);
}

static int on_frame(Dwfl_Frame *state, void *arg)
{
	struct session *s = arg;
	bool activation = false;
	Dwarf_Addr pc;
	Dwarf_Word sp;

	if (!dwfl_frame_pc(state, &pc, &activation) || (s->told && pc == 0))
		return DWARF_CB_ABORT;
	/* Damaged stacks lead in circles. */
	if (dwfl_frame_reg(state, BT_RSP, &sp) == 0) {
		if (s->told && sp <= s->last_sp && pc == s->last_pc)
			return DWARF_CB_ABORT;
		s->last_sp = sp;
	}
	s->last_pc = pc;
	if (s->in_call) {
		s->in_call = false;
		return s->tell(s, pc + 1, false, false) ? DWARF_CB_OK : DWARF_CB_ABORT;
	}
	return s->tell(s, pc, activation || s->told == 0, false) ? DWARF_CB_OK : DWARF_CB_ABORT;
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = read_memory,
	.set_initial_registers = set_registers,
};

static const Dwfl_Callbacks dwfl_callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
};

/* --- without libdw's help --- */

/* Follow the chain of frame pointers: [rbp] = the caller's rbp, [rbp+8] = the return address. Only on what looks like the stack: in most programs
 * rbp is a register like any other. */
static void walk_frame_pointers(struct session *s)
{
	uint64_t fp = s->regs[BT_RBP], sp = s->regs[BT_RSP], next, ra;

	while (fp >= sp && fp - sp < STACK_SPAN && !(fp & 7) && s->read(s->read_ctx, fp, &next) == 0 &&
	       s->read(s->read_ctx, fp + 8, &ra) == 0) {
		if (!ra || !dwfl_addrmodule(s->dwfl, ra) || !s->tell(s, ra, false, true) || next <= fp)
			return;
		fp = next;
	}
}

static bool executable(const struct session *s, uint64_t addr)
{
	for (uint32_t k = 0; k < s->map_count; k++)
		if (addr >= s->maps[k].start && addr < s->maps[k].end)
			return s->maps[k].exec;
	return false;
}

void session_unwind(struct session *s)
{
	uint64_t ra;

	s->told = 0;
	s->in_call = false;
	s->last_sp = s->last_pc = 0;
	/* A call through a bad pointer: what called it is on top of the stack, and unwinds well from there. */
	if (!executable(s, s->regs[BT_RIP]) && s->read(s->read_ctx, s->regs[BT_RSP], &ra) == 0 && ra &&
	    executable(s, ra - 1)) {
		s->tell(s, s->regs[BT_RIP], true, false);
		s->regs[BT_RIP] = ra - 1; /* within the call, where its call-frame information holds */
		s->regs[BT_RSP] += 8;
		s->in_call = true;
	}
	if (!s->attached)
		s->attached = dwfl_attach_state(s->dwfl, NULL, THE_THREAD, &thread_callbacks, s);
	if (s->attached)
		dwfl_getthread_frames(s->dwfl, THE_THREAD, on_frame, s);
	if (s->told == 0)
		s->tell(s, s->regs[BT_RIP], true, false);
	if (s->told == 1)
		walk_frame_pointers(s);
}

int session_begin(struct session *s)
{
	unsetenv("DEBUGINFOD_URLS"); /* libdw would ask servers for debug information */
	s->dwfl = dwfl_begin(&dwfl_callbacks);
	if (!s->dwfl)
		return -ENOMEM;
	report_modules(s);
	return 0;
}

void session_end(struct session *s)
{
	dwfl_end(s->dwfl);
}
