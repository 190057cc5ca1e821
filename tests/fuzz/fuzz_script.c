/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threat: the first bytes of a file that is executed. Input: those bytes.
 * Held to: the strings are whole words of the line, nothing behind byte 256 counts, and a newline ends it.
 */
#include "base/bug.h"
#include "loader/script.h"

#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const struct script_line *l, const char *head, size_t len)
{
	size_t interp = strnlen(l->interp, sizeof(l->interp)), arg = strnlen(l->arg, sizeof(l->arg));

	HK_BUG_ON(interp >= sizeof(l->interp) || arg >= sizeof(l->arg));
	HK_BUG_ON(interp && !memmem(head + 2, len - 2, l->interp, interp));
	HK_BUG_ON(strpbrk(l->interp, " \t\n"));
	HK_BUG_ON(arg && !memmem(head + 2 + interp, len - 2 - interp, l->arg, arg));
	HK_BUG_ON(strchr(l->arg, '\n') || (arg && !l->has_arg));
	HK_BUG_ON(arg && strchr(" \t", l->arg[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct script_line a, b;
	const char *head = (const char *)data;
	int r;

	memset(&a, 0xa5, sizeof(a));
	r = script_parse(head, size, &a);
	HK_BUG_ON(r != 0 && r != 1 && r != -ENOEXEC);
	HK_BUG_ON((r == 0) != (size < 2 || memcmp(head, "#!", 2) != 0));
	if (r == 1)
		check_line(&a, head, hk_min(size, SCRIPT_LINE_MAX));
	HK_BUG_ON(script_parse(head, hk_min(size, SCRIPT_LINE_MAX), &b) != r || memcmp(&a, &b, sizeof(a)) != 0);
	return 0;
}
