/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threat: the arguments and the environment that a guest hands to execve. Input: a byte of flags, a byte for the
 * limit, a byte for the top, a byte for auxiliary entries, then strings, each with its NUL; an empty one after the
 * first switches from arguments to environment. Held to: a reader that walks the image as a program does finds every
 * string again, and all of it lies inside.
 */
#include "base/bug.h"
#include "loader/stack.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_STRINGS 300

struct input {
	char *argv[MAX_STRINGS + 1], *envp[MAX_STRINGS + 1];
	unsigned argc, envc;
};

static uint64_t word(const struct stack_image *o, uint64_t a)
{
	uint64_t v;

	HK_BUG_ON(a < o->sp || a - o->sp > o->size - sizeof(v));
	memcpy(&v, o->bytes + (a - o->sp), sizeof(v));
	return v;
}

/* The string at a must be want and end inside [start, end). */
static void check_string(const struct stack_image *o, uint64_t a, const char *want, uint64_t start, uint64_t end)
{
	size_t len = strlen(want) + 1;

	HK_BUG_ON(a < start || a > end || len > end - a);
	HK_BUG_ON(start < o->sp || end > o->sp + o->size);
	HK_BUG_ON(memcmp(o->bytes + (a - o->sp), want, len) != 0);
}

static void check_image(const struct stack_spec *s, const struct stack_image *o, const struct input *in)
{
	uint64_t argc = in->argc ? in->argc : 1, a = o->sp + 8;
	char *none = (char[]){ "" };

	HK_BUG_ON(o->sp % 16 || o->sp + o->size != s->top || word(o, o->sp) != argc);
	for (uint64_t i = 0; i < argc; i++, a += 8)
		check_string(o, word(o, a), in->argc ? in->argv[i] : none, o->arg_start, o->arg_end);
	HK_BUG_ON(word(o, a) != 0);
	a += 8;
	for (uint64_t i = 0; i < in->envc; i++, a += 8)
		check_string(o, word(o, a), in->envp[i], o->env_start, o->env_end);
	HK_BUG_ON(word(o, a) != 0);
	a += 8;
	HK_BUG_ON(o->auxv_words % 2 || o->auxv[o->auxv_words - 2] != AT_NULL);
	for (unsigned i = 0; i < o->auxv_words; i += 2, a += 16) {
		HK_BUG_ON(word(o, a) != o->auxv[i] || word(o, a + 8) != o->auxv[i + 1]);
		if (o->auxv[i] == AT_EXECFN)
			check_string(o, o->auxv[i + 1], s->execfn, o->env_end, s->top);
		if (o->auxv[i] == AT_PLATFORM)
			check_string(o, o->auxv[i + 1], s->platform, o->sp, o->arg_start);
		if (o->auxv[i] == AT_RANDOM)
			HK_BUG_ON(memcmp(o->bytes + (o->auxv[i + 1] - o->sp), s->random, 16) != 0);
	}
	HK_BUG_ON(a > o->arg_start);
}

/* text ends with a NUL. */
static void split(struct input *in, char *text, size_t size)
{
	bool env = false;

	for (size_t i = 0; i < size; i += strlen(text + i) + 1) {
		if (!env && in->argc && !text[i])
			env = true;
		else if (!env && in->argc < MAX_STRINGS)
			in->argv[in->argc++] = text + i;
		else if (env && in->envc < MAX_STRINGS)
			in->envp[in->envc++] = text + i;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = { AT_PAGESZ, AT_RANDOM, AT_EXECFN, AT_PLATFORM,
					  AT_HWCAP,  AT_ENTRY,  AT_SECURE, 0x7000 };
	struct stack_spec s = { .platform = "x86_64", .execfn = "/bin/prog" };
	static struct input in;
	struct stack_image o;
	char *text;
	int r;

	if (size < 4)
		return 0;
	text = calloc(1, size);
	HK_BUG_ON(!text);
	memcpy(text, data + 4, size - 4);
	memset(&in, 0, sizeof(in));
	split(&in, text, size - 4);
	s.argv = in.argv;
	s.envp = in.envp;
	if (data[0] & 1)
		s.execfn = text;
	if (data[0] & 2)
		s.platform = "";
	memset(s.random, data[0], sizeof(s.random));
	s.limit = data[1] == 0xff ? UINT64_MAX : data[1] * 64;
	s.top = data[2] == 0xff ? UINT64_MAX - 15 : (uint64_t)data[2] << 12;
	s.aux_count = data[3] % (STACK_AUXV_MAX + 1);
	for (unsigned i = 0; i < s.aux_count; i++)
		s.aux[i] = (struct stack_aux){ i < HK_ARRAY_LEN(types) ? types[(data[3] + i) % HK_ARRAY_LEN(types)]
								       : 0x8000 + i,
					       i };
	r = stack_build(&s, &o);
	HK_BUG_ON(r != 0 && r != -E2BIG);
	if (r == 0)
		check_image(&s, &o, &in);
	else
		HK_BUG_ON(o.bytes);
	free(o.bytes);
	free(text);
	return 0;
}
