/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `#!` line. One longer than the buffer may lose the end of its argument but never of the interpreter's path, as
 * on Linux.
 */
#include "loader/script.h"

#include <errno.h>
#include <string.h>

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Where the line ends: the newline, or, without one, the last byte of the buffer. 0 = the interpreter's path may be
 * cut. */
static size_t line_end(const char buf[SCRIPT_LINE_MAX])
{
	size_t text = strnlen(buf, SCRIPT_LINE_MAX), i = 2;
	const char *nl = memchr(buf, '\n', text);

	if (nl)
		return (size_t)(nl - buf);
	while (i < SCRIPT_LINE_MAX && blank(buf[i]))
		i++;
	while (i < SCRIPT_LINE_MAX && buf[i] && !blank(buf[i]))
		i++;
	return i < SCRIPT_LINE_MAX ? SCRIPT_LINE_MAX - 1 : 0;
}

int script_parse(const char *head, size_t len, struct script_line *out)
{
	char buf[SCRIPT_LINE_MAX] = { 0 };
	size_t end, name, sep;

	memset(out, 0, sizeof(*out));
	if (len < 2 || head[0] != '#' || head[1] != '!')
		return 0;
	memcpy(buf, head, hk_min(len, sizeof(buf)));
	end = line_end(buf);
	while (end && blank(buf[end - 1]))
		end--;
	if (!end)
		return -ENOEXEC;
	buf[end] = '\0';

	for (name = 2; name < end && blank(buf[name]); name++)
		;
	if (name == end)
		return -ENOEXEC;
	for (sep = name; buf[sep] && !blank(buf[sep]); sep++)
		;
	memcpy(out->interp, buf + name, sep - name);
	if (!buf[sep])
		return 1;
	/* The byte before end is not blank: the loop stops, if only at a NUL, which Linux takes as an empty
	 * argument. */
	while (blank(buf[sep]))
		sep++;
	memcpy(out->arg, buf + sep, strlen(buf + sep));
	out->has_arg = true;
	return 1;
}
