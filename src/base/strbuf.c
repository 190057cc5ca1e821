/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_MAX (64UL << 20)

/* Make room for extra bytes and a NUL. */
static bool reserve(struct hk_strbuf *b, size_t extra)
{
	size_t max = b->max ? b->max : DEFAULT_MAX;
	size_t need, cap = b->cap ? b->cap : 256;
	char *p;

	if (extra >= max || b->len + extra + 1 > max) {
		b->cut = true;
		return false;
	}
	need = b->len + extra + 1;
	if (need <= b->cap)
		return true;
	while (cap < need)
		cap *= 2;
	p = realloc(b->data, cap);
	if (!p) {
		b->cut = true;
		return false;
	}
	b->data = p;
	b->cap = cap;
	return true;
}

void hk_strbuf_add(struct hk_strbuf *b, const char *data, size_t len)
{
	if (b->cut || !reserve(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void hk_strbuf_puts(struct hk_strbuf *b, const char *s)
{
	hk_strbuf_add(b, s, strlen(s));
}

void hk_strbuf_printf(struct hk_strbuf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (b->cut)
		return;
	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void hk_strbuf_reset(struct hk_strbuf *b)
{
	b->len = 0;
	b->cut = false;
	if (b->data)
		b->data[0] = '\0';
}

void hk_strbuf_free(struct hk_strbuf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
	b->cut = false;
}
