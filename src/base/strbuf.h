/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded text buffer. Appending past the bound, or failing to allocate, sets `cut` and drops the rest: a builder can append without checking
 * and look at `cut` once at the end. Not thread-safe.
 */
#ifndef HK_BASE_STRBUF_H
#define HK_BASE_STRBUF_H

#include "base/compiler.h"

#include <stdbool.h>

struct hk_strbuf {
	char *data; /* NUL-terminated once anything was appended; NULL before */
	size_t len; /* without the NUL */
	size_t cap;
	size_t max; /* the most bytes it may hold, NUL included; 0 = 64 MiB */
	bool cut;
};

void hk_strbuf_add(struct hk_strbuf *b, const char *data, size_t len);
void hk_strbuf_puts(struct hk_strbuf *b, const char *s);
void hk_strbuf_printf(struct hk_strbuf *b, const char *fmt, ...) HK_PRINTF(2, 3);
/* Empty it but keep the memory. */
void hk_strbuf_reset(struct hk_strbuf *b);
/* Give the memory back; the struct may be used again. */
void hk_strbuf_free(struct hk_strbuf *b);

#endif
