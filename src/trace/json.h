/* SPDX-License-Identifier: Apache-2.0 */
/* The little JSON a trace writes: strings. */
#ifndef HK_TRACE_JSON_H
#define HK_TRACE_JSON_H

#include "base/strbuf.h"

/*
 * n bytes as a JSON string with its quotes. The result is always valid JSON and ASCII: a byte that is no printable ASCII becomes \u00XX (so bytes
 * above 0x7f read as Latin-1).
 */
void json_string(struct hk_strbuf *b, const char *bytes, size_t n);

#endif
