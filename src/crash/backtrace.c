/* SPDX-License-Identifier: Apache-2.0 */
/* The back-trace plug-in's first service: the call stack of a dead guest. */
#include "crash/backtrace.h"

#include "crash/session.h"

#include <errno.h>
#include <string.h>

struct trace {
	struct session session;
	const struct backtrace_input *in;
	bool stop;
};

/* Source file and line, "dir/file" as the debug information has it. */
static void find_line(Dwfl_Module *mod, uint64_t at, struct backtrace_frame *f)
{
	Dwfl_Line *l = dwfl_module_getsrc(mod, at);
	const char *file;
	int line = 0;

	if (!l)
		return;
	file = dwfl_lineinfo(l, NULL, &line, NULL, NULL, NULL);
	if (!file)
		return;
	strncpy(f->file, file, sizeof(f->file) - 1);
	f->line = line;
}

/* Tell one frame. A return address belongs to the instruction before it: exact says that pc is not one. */
static bool tell(struct session *s, uint64_t pc, bool exact, bool guessed)
{
	struct trace *t = (struct trace *)s; /* the first member */
	struct backtrace_frame f = { .pc = pc, .guessed = guessed };
	uint64_t at = exact ? pc : pc - 1;
	Dwfl_Module *mod = dwfl_addrmodule(s->dwfl, at);

	if (t->stop || s->told >= BACKTRACE_FRAMES)
		return false;
	if (mod) {
		GElf_Off off = 0;
		GElf_Sym sym;
		const char *name = dwfl_module_addrinfo(mod, at, &off, &sym, NULL, NULL, NULL);

		if (name) {
			strncpy(f.symbol, name, sizeof(f.symbol) - 1);
			f.symbol_offset = off + (exact ? 0 : 1);
		}
		find_line(mod, at, &f);
	}
	s->told++;
	t->stop = t->in->frame(t->in->ctx, &f) != 0;
	return !t->stop;
}

__attribute__((visibility("default"))) int husk_backtrace(const struct backtrace_input *in);

int husk_backtrace(const struct backtrace_input *in)
{
	struct trace t = { .in = in };
	int r;

	if (in->version != BACKTRACE_VERSION)
		return -EINVAL;
	t.session = (struct session){
		.maps = in->maps, .map_count = in->map_count, .read = in->read, .read_ctx = in->ctx, .tell = tell
	};
	memcpy(t.session.regs, in->regs, sizeof(in->regs));
	r = session_begin(&t.session);
	if (r)
		return r;
	session_unwind(&t.session);
	session_end(&t.session);
	return t.session.told;
}
