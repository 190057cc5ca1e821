/* SPDX-License-Identifier: Apache-2.0 */
#include "syscalls/profile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void set(struct hk_profile *p, unsigned slot, bool on)
{
	if (on)
		p->off[slot / 64] &= ~(1UL << slot % 64);
	else
		p->off[slot / 64] |= 1UL << slot % 64;
}

/* Take out comment and blanks. */
static void squeeze(char *line)
{
	char *to = line;

	for (const char *s = line; *s && *s != '#'; s++)
		if (!strchr(" \t\r\n", *s))
			*to++ = *s;
	*to = '\0';
}

/* One line; NULL, or what is wrong with it. */
static const char *take(struct hk_profile *p, char *line)
{
	const struct hk_syscall_info *info;
	char *value;

	squeeze(line);
	if (!*line)
		return NULL;
	value = strchr(line, '=');
	if (!value || (strcmp(value, "=y") && strcmp(value, "=n")))
		return "not of the form call=y or call=n";
	*value = '\0';
	if (!strcmp(line, "*")) {
		memset(p->off, value[1] == 'y' ? 0 : 0xff, sizeof(p->off));
		return NULL;
	}
	info = hk_syscall_by_name(line);
	if (info)
		set(p, hk_syscall_slot(info->nr), value[1] == 'y');
	return info || value[1] == 'n' ? NULL : "no such system call in this build";
}

int profile_load(struct hk_profile *p, const char *file, struct hk_err *err)
{
	FILE *f = fopen(file, "re");
	const char *wrong = NULL;
	unsigned number = 0;
	char line[256];
	int r;

	memset(p, 0, sizeof(*p));
	if (!f)
		return hk_err_set(err, -errno, "cannot open the profile %s: %s", file, strerror(errno));
	while (!wrong && fgets(line, sizeof(line), f)) {
		char shown[64];

		number++;
		snprintf(shown, sizeof(shown), "%.*s", (int)strcspn(line, "\n"), line);
		wrong = strchr(line, '\n') || feof(f) ? take(p, line) : "the line is too long";
		if (wrong)
			hk_err_set(err, -EINVAL, "%s:%u: %s: %s", file, number, wrong, shown);
	}
	r = wrong ? -EINVAL : ferror(f) ? hk_err_set(err, -EIO, "cannot read the profile %s", file) : 0;
	fclose(f);
	return r;
}
