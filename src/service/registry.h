/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandboxes of one user that run now: a directory of small files, one a sandbox, each written and kept locked by the supervisor, which stands outside the
 * sandbox. The lock goes with the supervisor however that ends, so a file without one is a dead sandbox's, and whoever sees it takes it away.
 * The directory is the user's alone (0700); nothing in it comes from a guest.
 */
#ifndef HK_SERVICE_REGISTRY_H
#define HK_SERVICE_REGISTRY_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

#define SANDBOX_ID_MAX 64

/* A sandbox as its supervisor enters it. */
struct sandbox {
	char id[SANDBOX_ID_MAX]; /* its name, or the supervisor's pid */
	pid_t supervisor, init;  /* on the host; init is process 1 inside */
	char command[256];       /* as the user typed it, cut */
};

/* What a supervisor holds while its sandbox runs. */
struct registration {
	const char *name;    /* --name; NULL: the pid is the id */
	const char *pidfile; /* --pidfile; NULL: none */
	char *const *argv;
	char id[SANDBOX_ID_MAX];
	int dir, file; /* -1: not registered */
	bool pidfile_made;
};

/* May a sandbox be called so? A letter, then letters, digits, '.', '_' and '-'. */
bool registry_name_ok(const char *name);

/* Is no running sandbox called so? 0, or -EEXIST or what else stands against it, with the line in err. */
HK_MUST_CHECK int registry_name_free(const char *name, struct hk_err *err);

/* Enter the caller as supervisor of init, and write the pid file. Without a name a registry that cannot be had is no failure. 0 or -errno. */
HK_MUST_CHECK int registry_enter(struct registration *r, pid_t init, struct hk_err *err);
/* Leave it again; who waits is told the exit status. */
void registry_leave(struct registration *r, int status);

/* The sandboxes that run now, sorted by id. Their number or -errno; *list is the caller's to free. */
HK_MUST_CHECK int registry_list(struct sandbox **list, struct hk_err *err);

/* The supervisor of the sandbox `id`, as a pidfd: it cannot come to mean another process. *s is filled. Or -errno with the line in err. */
HK_MUST_CHECK int registry_open(const char *id, struct sandbox *s, struct hk_err *err);
/* The same, to wait for its end: *file is for registry_status then. Both descriptors are the caller's to close. */
HK_MUST_CHECK int registry_await(const char *id, struct sandbox *s, int *file, struct hk_err *err);
/* When the supervisor has ended: the sandbox's exit status, or -ESRCH: it was killed and left none. */
int registry_status(int file);

#endif
