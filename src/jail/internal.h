/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of jail/ share. */
#ifndef HK_JAIL_INTERNAL_H
#define HK_JAIL_INTERNAL_H

#include "jail/jail.h"

#include <limits.h>

#define VIEW_MOUNTS_MAX 64

/* One thing to show in the guest's root: a copy of a mount, made while the host's root is still in sight. */
struct view_bind {
	int fd;    /* detached mount */
	bool file; /* not a directory */
	char dst[PATH_MAX];
};

/* The guest's root on its way. */
struct view {
	const struct jail_options *o;
	uid_t uid; /* who the private directories belong to */
	gid_t gid;
	int root;              /* detached mount of the root */
	int loader, libraries; /* see struct jail */
	int devices;           /* detached tmpfs of the private directories */
	char home[PATH_MAX];   /* the caller's, "" if none */
	char cwd[PATH_MAX];    /* the caller's */
	unsigned count;
	struct view_bind bind[VIEW_MOUNTS_MAX];
};

/* Find out what the view will need of the host: who calls, where; before namespaces are made. */
void view_init(struct view *v, const struct jail_options *o, uid_t uid, gid_t gid);
/* In a new mount namespace: make the root and go there. The working directory is where the guest starts. 0 or -errno with the line in err. */
HK_MUST_CHECK int view_enter(struct view *v, struct hk_err *err);
/* In a new mount namespace: may mounts be changed? 0 or errno. */
int view_try(void);
/* Is this absolute path one that the private directories hide? */
bool view_hides(const struct view *v, const char *path);
void view_show(const struct view *v, FILE *out);

/* The supervisor, outside: wait for init, pass signals on. Returns the exit status. */
int supervise(pid_t init, const struct jail_options *o);
/* Process 1 inside: wait for everyone, end with the guest's first process. */
HK_NORETURN void init_run(pid_t first);

#endif
