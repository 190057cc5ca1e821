/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, names and quoted strings as strace prints them. */
#include "trace/decode.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

void dec_puts(struct dec *d, const char *s)
{
	hk_strbuf_puts(d->out, s);
}

void dec_hex(struct dec *d, uint64_t v)
{
	dec_printf(d, "%#lx", v);
}

void dec_addr(struct dec *d, uint64_t a)
{
	if (a)
		dec_printf(d, "%#lx", a);
	else
		dec_puts(d, "NULL");
}

const char *dec_name_of(const struct dec_names *set, uint64_t v)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->list[i].value == v)
			return set->list[i].name;
	return NULL;
}

void dec_enum(struct dec *d, const struct dec_names *set, uint64_t v)
{
	const char *name = dec_name_of(set, v);

	if (name)
		dec_puts(d, name);
	else
		dec_printf(d, "%#lx /* %s */", v, set->unknown);
}

/* The names of the bits of v; returns those that have none. *first: nothing printed yet. */
static uint64_t named_bits(struct dec *d, const struct dec_names *set, uint64_t v, bool *first)
{
	for (size_t i = 0; i < set->count && v; i++) {
		uint64_t bits = set->list[i].value;

		if (!bits || (v & bits) != bits)
			continue;
		if (!*first)
			dec_puts(d, "|");
		dec_puts(d, set->list[i].name);
		*first = false;
		v &= ~bits;
	}
	return v;
}

void dec_bits(struct dec *d, const struct dec_names *set, uint64_t v)
{
	bool first = true;
	uint64_t left;

	if (!v) {
		dec_puts(d, set->zero ? set->zero : "0");
		return;
	}
	left = named_bits(d, set, v, &first);
	if (first)
		dec_printf(d, "%#lx /* %s */", left, set->unknown);
	else if (left)
		dec_printf(d, "|%#lx", left);
}

void dec_more_bits(struct dec *d, const struct dec_names *set, uint64_t v)
{
	bool first = false;
	uint64_t left = named_bits(d, set, v, &first);

	if (left)
		dec_printf(d, "|%#lx", left);
}

const char *dec_signal_name(uint64_t sig)
{
	/* libc's name for it is POLL. */
	return sig == SIGIO ? "IO" : sig > 0 && sig < 32 ? sigabbrev_np((int)sig) : NULL;
}

void dec_signal(struct dec *d, uint64_t sig)
{
	const char *name = dec_signal_name(sig);

	if (name)
		dec_printf(d, "SIG%s", name);
	else if (sig == 32)
		dec_puts(d, "SIGRTMIN");
	else if (sig > 32 && sig <= 64)
		dec_printf(d, "SIGRT_%lu", sig - 32);
	else
		dec_printf(d, "%d", (int)sig);
}

static const char *escape_of(unsigned char c)
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\f':
		return "\\f";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	case '\v':
		return "\\v";
	}
	return NULL;
}

/* One byte into buf (at least 5 bytes); an octal escape is as short as the byte after it allows. */
static size_t quote_byte(char *buf, unsigned char c, bool digit_follows, bool all_hex)
{
	const char *esc = all_hex ? NULL : escape_of(c);

	if (all_hex)
		return (size_t)snprintf(buf, 5, "\\x%02x", c);
	if (esc)
		return (size_t)snprintf(buf, 5, "%s", esc);
	if (c < ' ' || c > '~')
		return (size_t)snprintf(buf, 5, digit_follows ? "\\%03o" : "\\%o", c);
	buf[0] = (char)c;
	return 1;
}

void dec_quote(struct hk_strbuf *out, const void *bytes, size_t n, bool all_hex)
{
	const unsigned char *p = bytes;
	char chunk[256];
	size_t used = 0;

	chunk[used++] = '"';
	for (size_t i = 0; i < n; i++) {
		bool digit = i + 1 < n && p[i + 1] >= '0' && p[i + 1] <= '9';

		if (used > sizeof(chunk) - 8) {
			hk_strbuf_add(out, chunk, used);
			used = 0;
		}
		used += quote_byte(chunk + used, p[i], digit, all_hex);
	}
	chunk[used++] = '"';
	hk_strbuf_add(out, chunk, used);
}
