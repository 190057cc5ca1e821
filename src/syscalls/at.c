/* SPDX-License-Identifier: Apache-2.0 */
/* Path arguments on their way to the host: /proc is offered to procfs first. */
#include "syscalls/at.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

int at_follow(struct hk_task *t, struct hk_path *p)
{
	char target[PATH_MAX];
	int r = (int)procfs_follow(t, p->proc, target, sizeof(target));

	if (r)
		return r;
	strcpy(p->name_buf, target);
	if (p->must_be_dir)
		strcat(p->name_buf, "/"); /* name_buf is one longer */
	p->name = p->name_buf;
	p->dirfd = AT_FDCWD;
	p->proc[0] = '\0';
	return 0;
}

/* procfs's part of at_path. */
static int offer_proc(struct hk_task *t, unsigned how, struct hk_path *p)
{
	int r = PROCFS_PASS;

	if (!(how & PATH_NOFOLLOW) || p->must_be_dir)
		r = at_follow(t, p);
	if (r == PROCFS_PASS)
		r = (int)procfs_allow(t, p->proc, how & PATH_WRITE);
	return r == PROCFS_PASS ? 0 : r;
}

/* What path_get or path_take said, and what procfs says to that. */
static int finish(struct hk_task *t, int r, unsigned how, struct hk_path *p)
{
	if (r == -EFAULT || r == -ENAMETOOLONG || r == -ENOENT)
		return 0;
	if (r == 0 && p->proc[0])
		r = offer_proc(t, how, p);
	if (r != -ENOENT)
		return r;
	path_hide(p);
	return 0;
}

int at_path(struct hk_task *t, uint64_t dirfd, uint64_t name, unsigned how, struct hk_path *p)
{
	return finish(t, path_get(t, (int)dirfd, GVA(name), how, p), how, p);
}

int at_name(struct hk_task *t, const char *name, unsigned how, struct hk_path *p)
{
	return finish(t, path_take(t, AT_FDCWD, name, how, p), how, p);
}

bool at_is_running(const struct hk_task *t, const struct hk_path *p)
{
	const struct hk_image *image = &t->proc->image;
	struct stat st;

	return p->name && hk_hostcall_sure(SYS_newfstatat, p->dirfd, p->name, &st, 0) == 0 &&
	       st.st_dev == image->exe_dev && st.st_ino == image->exe_ino;
}
