/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a library as ld.so(8) does: the object's own RUNPATH, the directories of ld.so.conf, the standard ones. LD_LIBRARY_PATH is the user's at run time, and not looked at. */
#include "base/strbuf.h"
#include "scan/internal.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

static const char *const standard[] = {
	"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"
};

/* dir/name if that is there. */
static char *try_dir(const char *dir, size_t len, const char *name)
{
	char *path;

	if (asprintf(&path, "%.*s/%s", (int)len, dir, name) < 0)
		return NULL;
	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

/* One element of a RUNPATH, with $ORIGIN as the object's own directory. */
static char *try_element(const struct obj *by, const char *element, size_t len, const char *name)
{
	static const char *const origins[] = { "$ORIGIN", "${ORIGIN}" };
	const char *slash = strrchr(by->path, '/');
	struct hk_strbuf dir = { .max = 8192 };
	char *path = NULL;

	for (size_t i = 0; i < len;) {
		size_t skip = 0;

		for (size_t k = 0; k < HK_ARRAY_LEN(origins); k++)
			if (!strncmp(element + i, origins[k], strlen(origins[k])))
				skip = strlen(origins[k]);
		if (skip)
			hk_strbuf_add(&dir, slash ? by->path : ".", slash ? (size_t)(slash - by->path) : 1);
		else
			hk_strbuf_add(&dir, element + i, 1);
		i += skip ? skip : 1;
	}
	if (dir.data && !dir.cut)
		path = try_dir(dir.data, dir.len, name);
	hk_strbuf_free(&dir);
	return path;
}

static char *in_runpath(const struct obj *by, const char *name)
{
	char *path = NULL;

	for (const char *p = by->runpath; p && !path;) {
		size_t len = strcspn(p, ":");

		path = try_element(by, p, len, name);
		p = p[len] ? p + len + 1 : NULL;
	}
	return path;
}

static char *in_conf(const char *pattern, const char *name, unsigned depth)
{
	char line[1024], *path = NULL;
	glob_t g;

	if (depth > 4 || glob(pattern, 0, NULL, &g))
		return NULL;
	for (size_t i = 0; i < g.gl_pathc && !path; i++) {
		FILE *f = fopen(g.gl_pathv[i], "re");

		while (f && !path && fgets(line, sizeof(line), f)) {
			line[strcspn(line, "#\n")] = '\0';
			if (!strncmp(line, "include ", 8))
				path = in_conf(line + 8, name, depth + 1);
			else if (line[0] == '/')
				path = try_dir(line, strlen(line), name);
		}
		if (f)
			fclose(f);
	}
	globfree(&g);
	return path;
}

char *needed_find(const struct obj *by, const char *name)
{
	char *path;

	if (strchr(name, '/'))
		return strdup(name);
	path = in_runpath(by, name);
	if (!path)
		path = in_conf("/etc/ld.so.conf", name, 0);
	for (size_t i = 0; i < HK_ARRAY_LEN(standard) && !path; i++)
		path = try_dir(standard[i], strlen(standard[i]), name);
	return path;
}
