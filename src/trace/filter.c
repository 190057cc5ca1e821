/* SPDX-License-Identifier: Apache-2.0 */
/* Which system calls a trace shows. */
#include "trace/filter.h"

#include "syscalls/table.h"

#include <errno.h>
#include <regex.h>
#include <string.h>

/* Longer than every name and every sensible expression. */
#define WORD_MAX 128

static const struct {
	const char *alias, *name;
} aliases[] = {
	{ "mem", "memory" },     { "net", "network" }, { "proc", "process" }, { "sig", "signal" },
	{ "signals", "signal" }, { "files", "file" },  { "fs", "file" },      { "sys", "system" },
};

bool filter_shows(const struct trace_filter *f, uint64_t nr)
{
	unsigned slot = hk_syscall_slot(nr);

	if (!hk_syscall_at_slot(slot))
		return f->others;
	return f->bits[slot / 64] >> slot % 64 & 1;
}

static void set(struct trace_filter *f, unsigned nr, bool on)
{
	unsigned slot = hk_syscall_slot(nr);

	if (on)
		f->bits[slot / 64] |= 1UL << slot % 64;
	else
		f->bits[slot / 64] &= ~(1UL << slot % 64);
}

static void set_all(struct trace_filter *f, bool on)
{
	memset(f->bits, on ? 0xff : 0, sizeof(f->bits));
	f->others = on;
}

static bool takes(const struct hk_syscall_info *info, enum hk_arg_kind one, enum hk_arg_kind other)
{
	for (unsigned i = 0; i < info->nargs; i++)
		if (info->arg[i].kind == one || info->arg[i].kind == other)
			return true;
	return false;
}

static bool in_class(const struct hk_syscall_info *info, enum hk_class c)
{
	if (info->class == c)
		return true;
	return (c == HK_CLASS_FILE && takes(info, HK_ARG_PATH, HK_ARG_PATH)) ||
	       (c == HK_CLASS_DESC && takes(info, HK_ARG_FD, HK_ARG_DIRFD));
}

static bool add_class(struct trace_filter *f, const char *word, bool on)
{
	const struct hk_syscall_info *info;
	unsigned c = 0;

	for (size_t i = 0; i < HK_ARRAY_LEN(aliases); i++)
		if (!strcmp(word, aliases[i].alias))
			word = aliases[i].name;
	while (c < HK_CLASS_COUNT && strcmp(word, hk_class_name(c)) != 0)
		c++;
	if (c == HK_CLASS_COUNT)
		return false;
	for (unsigned i = 0; (info = hk_syscall_at(i)); i++)
		if (in_class(info, c))
			set(f, info->nr, on);
	return true;
}

static int add_regex(struct trace_filter *f, char *word, bool on, struct hk_err *err)
{
	const struct hk_syscall_info *info;
	size_t len = strlen(word);
	char why[128];
	regex_t re;
	int r;

	if (len && word[len - 1] == '/')
		word[len - 1] = '\0';
	r = regcomp(&re, word, REG_EXTENDED | REG_NOSUB);
	if (r) {
		regerror(r, &re, why, sizeof(why));
		return hk_err_set(err, -EINVAL, "trace filter: bad regular expression '%s': %s", word, why);
	}
	for (unsigned i = 0; (info = hk_syscall_at(i)); i++)
		if (regexec(&re, info->name, 0, NULL, 0) == 0)
			set(f, info->nr, on);
	regfree(&re);
	return 0;
}

static int add_word(struct trace_filter *f, char *word, bool on, struct hk_err *err)
{
	const struct hk_syscall_info *info;
	bool lenient = word[0] == '?';

	word += lenient;
	if (word[0] == '/')
		return add_regex(f, word + 1, on, err);
	if (!strcmp(word, "all") || !strcmp(word, "none")) {
		set_all(f, on == (word[0] == 'a'));
		return 0;
	}
	/* `time` is both: the class, as in strace the plain name is the call's and %time the class's. */
	info = hk_syscall_by_name(word);
	if (info)
		set(f, info->nr, on);
	else if (!add_class(f, word + (word[0] == '%'), on) && !lenient)
		return hk_err_set(
			err, -EINVAL,
			"trace filter: '%s' is neither a system call nor a class (file, desc, memory, process, "
			"signal, time, network, ipc, system, all, none)",
			word);
	return 0;
}

int filter_parse(struct trace_filter *f, const char *text, struct hk_err *err)
{
	char word[WORD_MAX];

	set_all(f, !text || text[0] == '!');
	while (text) {
		const char *end = strchrnul(text, ',');
		size_t len = (size_t)(end - text);
		bool minus = text[0] == '!';
		int r;

		if (len - minus == 0 || len >= sizeof(word))
			return hk_err_set(err, -EINVAL,
					  len ? "trace filter: a word is too long or only a '!'"
					      : "trace filter: an empty word");
		memcpy(word, text + minus, len - minus);
		word[len - minus] = '\0';
		r = add_word(f, word, !minus, err);
		if (r)
			return r;
		text = *end ? end + 1 : NULL;
	}
	return 0;
}
