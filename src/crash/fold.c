/* SPDX-License-Identifier: Apache-2.0 */
/* The back-trace plug-in's second service: the stacks of a profile, folded to one line each. */
#include "crash/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 128
#define CACHE_SLOTS  (1u << 16) /* names by address: libdw looks through all symbols of a module for each */

struct fold {
	struct session session;
	const struct fold_input *in;
	struct fold_sample sample;
	const char *frame[BACKTRACE_FRAMES]; /* innermost first */
	char *name[CACHE_SLOTS];
	uint64_t pc[CACHE_SLOTS];
	char line[(BACKTRACE_FRAMES + 1) * NAME_MAX_LEN];
};

/* What separates names and counts in a folded line may not be in a name; nor what would spoil a terminal. */
static void clean(char *name)
{
	for (; *name; name++)
		if (*name <= ' ' || *name > '~' || *name == ';')
			*name = '_';
}

/* For code without a symbol: the file it belongs to. */
static void name_of_file(const struct session *s, uint64_t at, char *to, size_t size)
{
	for (uint32_t k = 0; k < s->map_count; k++) {
		const struct backtrace_map *m = &s->maps[k];
		const char *base = strrchr(m->path, '/');

		if (at < m->start || at >= m->end)
			continue;
		snprintf(to, size, "[%s]", base ? base + 1 : m->path);
		return;
	}
	snprintf(to, size, "[unknown]");
}

static char *find_name(struct session *s, uint64_t at)
{
	Dwfl_Module *mod = dwfl_addrmodule(s->dwfl, at);
	char name[NAME_MAX_LEN];
	const char *symbol = NULL;
	GElf_Off off = 0;
	GElf_Sym sym;

	if (mod)
		symbol = dwfl_module_addrinfo(mod, at, &off, &sym, NULL, NULL, NULL);
	if (symbol && *symbol)
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(symbol, "@"), symbol); /* not its version */
	else
		name_of_file(s, at, name, sizeof(name));
	clean(name);
	return strdup(name);
}

static const char *name_of(struct fold *f, uint64_t at)
{
	uint32_t slot = (uint32_t)((at * 0x9e3779b97f4a7c15UL) >> 48) & (CACHE_SLOTS - 1);

	if (!f->name[slot] || f->pc[slot] != at) {
		/* A name that another address drives out may stand in a stack that is being put together: it is not freed. */
		f->name[slot] = find_name(&f->session, at);
		f->pc[slot] = at;
	}
	return f->name[slot] ? f->name[slot] : "[unknown]";
}

static bool tell(struct session *s, uint64_t pc, bool exact, bool guessed)
{
	struct fold *f = (struct fold *)s; /* the first member */

	(void)guessed;
	if (s->told >= BACKTRACE_FRAMES)
		return false;
	f->frame[s->told++] = name_of(f, exact ? pc : pc - 1);
	return true;
}

/* Only the stack was kept. */
static int read_stack(void *ctx, uint64_t addr, uint64_t *value)
{
	const struct fold_sample *s = &((struct fold *)ctx)->sample;

	if (addr < s->stack_at || s->stack_len < sizeof(*value) || addr - s->stack_at > s->stack_len - sizeof(*value))
		return -EFAULT;
	memcpy(value, (const char *)s->stack + (addr - s->stack_at), sizeof(*value));
	return 0;
}

static void put_together(struct fold *f)
{
	size_t n = 0;

	f->line[0] = '\0';
	for (int i = f->session.told; i-- > 0;)
		n += (size_t)snprintf(f->line + n, sizeof(f->line) - n, "%s%s", n ? ";" : "", f->frame[i]);
	if (f->sample.leaf)
		snprintf(f->line + n, sizeof(f->line) - n, "%s[%.*s]", n ? ";" : "", NAME_MAX_LEN - 4, f->sample.leaf);
	f->in->stack(f->in->ctx, f->line, f->sample.weight);
}

__attribute__((visibility("default"))) int husk_fold(const struct fold_input *in);

int husk_fold(const struct fold_input *in)
{
	struct fold *f;
	int r;

	if (in->version != BACKTRACE_VERSION)
		return -EINVAL;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->in = in;
	f->session = (struct session){
		.maps = in->maps, .map_count = in->map_count, .read = read_stack, .read_ctx = f, .tell = tell
	};
	r = session_begin(&f->session);
	while (r == 0 && in->next(in->ctx, &f->sample)) {
		memcpy(f->session.regs, f->sample.regs, sizeof(f->session.regs));
		session_unwind(&f->session);
		put_together(f);
	}
	/* The process ends with this. */
	return r;
}
