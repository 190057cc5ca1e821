/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int hk_err_set(struct hk_err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return code;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return code;
}

int hk_err_wrap(struct hk_err *e, const char *fmt, ...)
{
	char old[sizeof(e->text)];
	va_list ap;
	size_t n;
	int r;

	if (!e)
		return 0;
	memcpy(old, e->text, sizeof(old));
	va_start(ap, fmt);
	r = vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	if (r < 0)
		return e->code;
	n = strlen(e->text);
	for (const char *p = ": "; *p && n < sizeof(e->text) - 1; p++)
		e->text[n++] = *p;
	for (const char *p = old; *p && n < sizeof(e->text) - 1; p++)
		e->text[n++] = *p;
	e->text[n] = '\0';
	return e->code;
}

void hk_err_add(struct hk_err *e, const char *text)
{
	size_t n = e ? strlen(e->text) : 0;

	if (e)
		snprintf(e->text + n, sizeof(e->text) - n, "%s", text);
}
