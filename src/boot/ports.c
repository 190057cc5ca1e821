/* SPDX-License-Identifier: Apache-2.0 */
/* The ports of husk/boot.h. A port that is none of them reads as all ones and swallows what is written, as on a PC. */
#include "boot/internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* All of it, however often the host's write is cut short; what cannot be written is lost, as on a wire. */
static void put(const void *data, size_t len)
{
	for (const char *p = data; len;) {
		ssize_t n = write(STDOUT_FILENO, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

static uint32_t item(const struct bare_exit *e, unsigned i)
{
	uint32_t v = 0;

	memcpy(&v, e->data + (size_t)i * e->size, e->size);
	return v;
}

static void answer(struct bare_exit *e, uint32_t v)
{
	for (unsigned i = 0; i < e->count; i++)
		memcpy(e->data + (size_t)i * e->size, &v, e->size);
}

static void show_char(struct hk_strbuf *what, uint32_t c)
{
	if (c < 128 && isprint((int)c))
		hk_strbuf_printf(what, "'%c'", (int)c);
	else
		hk_strbuf_printf(what, "%#x", c);
}

static void console_in(struct bare_exit *e, struct hk_strbuf *what)
{
	hk_strbuf_puts(what, "console input");
	for (unsigned i = 0; i < e->count; i++) {
		unsigned char c = 0;
		ssize_t n;
		uint32_t v;

		do
			n = read(STDIN_FILENO, &c, 1);
		while (n < 0 && errno == EINTR);
		v = n == 1 ? c : e->size == 1 ? 0 : ~0u;
		memcpy(e->data + (size_t)i * e->size, &v, e->size);
		hk_strbuf_puts(what, " ");
		show_char(what, v);
	}
}

static void console_out(const struct bare_exit *e, struct hk_strbuf *what)
{
	hk_strbuf_puts(what, "console");
	for (unsigned i = 0; i < e->count; i++) {
		hk_strbuf_puts(what, " ");
		show_char(what, item(e, i) & 0xff);
		put(e->data + (size_t)i * e->size, 1);
	}
}

static void number_out(const struct bare_exit *e, struct hk_strbuf *what)
{
	char text[16];

	hk_strbuf_puts(what, "number");
	for (unsigned i = 0; i < e->count; i++) {
		int n = snprintf(text, sizeof(text), "%u", item(e, i));

		put(text, (size_t)n);
		hk_strbuf_printf(what, " %s", text);
	}
}

static int string_out(struct boot *b, const struct bare_state *s, uint64_t va)
{
	for (uint64_t left = HUSK_BOOT_STRING_MAX; left;) {
		uint64_t len = left;
		const uint8_t *p = boot_chunk(&b->vm, s, va, false, &len), *end;

		if (!p)
			return -EFAULT;
		end = memchr(p, 0, len);
		put(p, end ? (size_t)(end - p) : len);
		if (end)
			return 0;
		va += len;
		left -= len;
	}
	return -ENAMETOOLONG;
}

/* A port that is given an address: the call is made for each item, its status kept. */
static void address_out(struct boot *b, const struct bare_exit *e, struct hk_strbuf *what)
{
	struct bare_state s;

	for (unsigned i = 0; i < e->count; i++) {
		uint32_t va = item(e, i);
		int r = e->size == 4 ? bare_get_state(&b->vm, &s) : -EINVAL;

		if (e->port == HUSK_BOOT_STRING) {
			hk_strbuf_printf(what, "string at %#x", va);
			b->call_status = r ? r : string_out(b, &s, va);
		} else {
			hk_strbuf_printf(what, "file call at %#x: ", va);
			b->call_status = r ? r : boot_file_call(b, &s, va, what);
		}
		if (b->call_status)
			hk_strbuf_printf(what, " refused: %s", strerror(-b->call_status));
	}
}

static void exit_out(struct boot *b, const struct bare_exit *e, struct hk_strbuf *what)
{
	b->ended = true;
	b->status = (int)(item(e, 0) & 0xff);
	hk_strbuf_printf(what, "exit %d", b->status);
}

static void port_in(struct boot *b, struct bare_exit *e, struct hk_strbuf *what)
{
	switch (e->port) {
	case HUSK_BOOT_CONSOLE:
		console_in(e, what);
		break;
	case HUSK_BOOT_EXITS:
		answer(e, (uint32_t)b->exits);
		hk_strbuf_printf(what, "exits %u", (uint32_t)b->exits);
		break;
	case HUSK_BOOT_STATUS:
		answer(e, (uint32_t)b->call_status);
		hk_strbuf_printf(what, "status %d", b->call_status);
		break;
	default:
		answer(e, ~0u);
		hk_strbuf_puts(what, "no such port");
		break;
	}
}

static void port_out(struct boot *b, struct bare_exit *e, struct hk_strbuf *what)
{
	switch (e->port) {
	case HUSK_BOOT_CONSOLE:
		console_out(e, what);
		break;
	case HUSK_BOOT_NUMBER:
		number_out(e, what);
		break;
	case HUSK_BOOT_STRING:
	case HUSK_BOOT_FILE:
		address_out(b, e, what);
		break;
	case HUSK_BOOT_EXIT:
		exit_out(b, e, what);
		break;
	default:
		hk_strbuf_puts(what, "no such port");
		break;
	}
}

void boot_port(struct boot *b, struct bare_exit *e, struct hk_strbuf *what)
{
	if (e->in) {
		b->ins++;
		port_in(b, e, what);
	} else {
		b->outs++;
		port_out(b, e, what);
	}
}
