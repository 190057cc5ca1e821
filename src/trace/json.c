/* SPDX-License-Identifier: Apache-2.0 */
/* Written by hand, because it is done for each system call. */
#include "trace/json.h"

#include <stdio.h>

static size_t escape(char out[8], unsigned char c)
{
	static const char *const short_forms = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (const char *p = short_forms; *p; p += 2)
		if (c == (unsigned char)p[0]) {
			out[0] = '\\';
			out[1] = p[1];
			return 2;
		}
	if (c < ' ' || c > '~')
		return (size_t)snprintf(out, 8, "\\u%04x", c);
	out[0] = (char)c;
	return 1;
}

void json_string(struct hk_strbuf *b, const char *bytes, size_t n)
{
	char chunk[256];
	size_t used = 0;

	chunk[used++] = '"';
	for (size_t i = 0; i < n; i++) {
		if (used > sizeof(chunk) - 9) {
			hk_strbuf_add(b, chunk, used);
			used = 0;
		}
		used += escape(chunk + used, (unsigned char)bytes[i]);
	}
	chunk[used++] = '"';
	hk_strbuf_add(b, chunk, used);
}
