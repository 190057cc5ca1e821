/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first bytes of a program's stack, as Linux lays them out. From the top downwards: eight zero bytes, the file
 * name, the environment's strings, the arguments' strings (both in rising order), the platform's name, sixteen random
 * bytes, a gap, the auxiliary vector, envp, argv, argc.
 */
#include "loader/stack.h"

#include "base/bug.h"
#include "mm/gva.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MAX_ARG_STRLEN 131072 /* the longest string, NUL included */
#define WORD           8UL

struct layout {
	const struct stack_spec *spec;
	struct stack_image *out;
	uint64_t argc, envc, arg_bytes, env_bytes, exec_bytes;
	uint64_t platform, random, exec; /* addresses */
};

/* Count a vector and its bytes, NULs included; stops as soon as it is over the limit. */
static int measure(char *const *v, uint64_t limit, uint64_t *count, uint64_t *bytes)
{
	*count = *bytes = 0;
	for (; *v; v++) {
		size_t n = strnlen(*v, MAX_ARG_STRLEN) + 1;

		if (n > MAX_ARG_STRLEN)
			return -E2BIG;
		*bytes += n;
		++*count;
		if (*bytes > limit || *count > limit / WORD)
			return -E2BIG;
	}
	return 0;
}

static int measure_all(struct layout *l)
{
	const struct stack_spec *s = l->spec;
	uint64_t total;
	int r;

	r = measure(s->argv, s->limit, &l->argc, &l->arg_bytes);
	if (r < 0)
		return r;
	r = measure(s->envp, s->limit, &l->envc, &l->env_bytes);
	if (r < 0)
		return r;
	if (l->argc == 0)
		l->argc = l->arg_bytes = 1;
	l->exec_bytes = strnlen(s->execfn, MAX_ARG_STRLEN) + 1;
	if (l->exec_bytes > MAX_ARG_STRLEN)
		return -E2BIG;
	/* Each term is at most the limit but for the file name, and that is short: no overflow unless the limit is
	 * absurd. */
	if (__builtin_add_overflow(l->arg_bytes, l->env_bytes, &total) ||
	    __builtin_add_overflow(total, l->exec_bytes + WORD * (l->argc + l->envc), &total) || total > s->limit)
		return -E2BIG;
	return 0;
}

/* Decide the addresses from the top down; sets sp, size and the string ranges. */
static int place(struct layout *l)
{
	const struct stack_spec *s = l->spec;
	struct stack_image *o = l->out;
	uint64_t words = 1 + l->argc + 1 + l->envc + 1 + o->auxv_words;
	uint64_t strings = WORD + l->exec_bytes + l->env_bytes + l->arg_bytes;
	uint64_t room = strings + strlen(s->platform) + 1 + sizeof(s->random) + words * WORD + 2 * 16;

	if (s->top < HK_GUEST_MIN || s->top - HK_GUEST_MIN < room)
		return -E2BIG;
	l->exec = s->top - WORD - l->exec_bytes;
	o->env_end = l->exec;
	o->env_start = o->arg_end = o->env_end - l->env_bytes;
	o->arg_start = o->arg_end - l->arg_bytes;
	l->platform = hk_align_down(o->arg_start, 16) - strlen(s->platform) - 1;
	l->random = l->platform - sizeof(s->random);
	o->sp = hk_align_down(l->random - words * WORD, 16);
	o->size = s->top - o->sp;
	return 0;
}

/* Give the entry of this type its value: where the caller kept a place for it, else at the end. */
static void aux_put(struct stack_image *o, uint64_t type, uint64_t value)
{
	unsigned i;

	for (i = 0; i < o->auxv_words && o->auxv[i] != type; i += 2)
		;
	if (i == o->auxv_words)
		o->auxv_words += 2;
	o->auxv[i] = type;
	o->auxv[i + 1] = value;
}

/* Called twice: first to count the words, then, with the addresses known, for the values. */
static void aux_fill(struct layout *l)
{
	struct stack_image *o = l->out;
	unsigned i;

	for (i = 0; i < l->spec->aux_count; i++) {
		o->auxv[2 * i] = l->spec->aux[i].type;
		o->auxv[2 * i + 1] = l->spec->aux[i].value;
	}
	o->auxv_words = 2 * l->spec->aux_count;
	aux_put(o, AT_RANDOM, l->random);
	aux_put(o, AT_EXECFN, l->exec);
	aux_put(o, AT_PLATFORM, l->platform);
	o->auxv[o->auxv_words++] = AT_NULL;
	o->auxv[o->auxv_words++] = 0;
}

/* Copy len bytes to address a of the stack and return the address behind them. */
static uint64_t put(struct stack_image *o, uint64_t a, const void *data, size_t len)
{
	HK_BUG_ON(a < o->sp || len > o->size || a - o->sp > o->size - len);
	memcpy(o->bytes + (a - o->sp), data, len);
	return a + len;
}

static uint64_t put_word(struct stack_image *o, uint64_t a, uint64_t value)
{
	return put(o, a, &value, sizeof(value));
}

/* The strings of v at *str, their addresses and a zero word at a. */
static uint64_t put_vector(struct stack_image *o, uint64_t a, char *const *v, uint64_t *str)
{
	for (; *v; v++) {
		a = put_word(o, a, *str);
		*str = put(o, *str, *v, strlen(*v) + 1);
	}
	return put_word(o, a, 0);
}

static void fill(struct layout *l)
{
	char empty[1] = "";
	char *const no_args[] = { empty, NULL };
	const struct stack_spec *s = l->spec;
	struct stack_image *o = l->out;
	uint64_t str = o->arg_start, a;

	put(o, l->exec, s->execfn, l->exec_bytes);
	put(o, l->platform, s->platform, strlen(s->platform) + 1);
	put(o, l->random, s->random, sizeof(s->random));
	a = put_word(o, o->sp, l->argc);
	a = put_vector(o, a, s->argv[0] ? s->argv : no_args, &str);
	a = put_vector(o, a, s->envp, &str);
	HK_BUG_ON(str != o->env_end);
	put(o, a, o->auxv, o->auxv_words * WORD);
}

int stack_build(const struct stack_spec *spec, struct stack_image *out)
{
	struct layout l = { .spec = spec, .out = out };
	int r;

	HK_BUG_ON(spec->aux_count > STACK_AUXV_MAX || spec->top % 16);
	memset(out, 0, sizeof(*out));
	r = measure_all(&l);
	if (r < 0)
		return r;
	aux_fill(&l);
	r = place(&l);
	if (r < 0)
		return r;
	aux_fill(&l);
	out->bytes = calloc(1, out->size);
	if (!out->bytes)
		return -ENOMEM;
	fill(&l);
	return 0;
}
