/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walls behind the virtual machine's: what a guest, or a monitor that a guest has broken into, can reach on the host. Two steps, at two moments
 * of a start: jail_enter makes the namespaces and the root and leaves the caller in a new process inside; cage_close (cage.h) takes away what
 * the monitor needs no longer. What is shown and hidden, and why, is data: view.c, rules.c.
 */
#ifndef HK_JAIL_JAIL_H
#define HK_JAIL_JAIL_H

#include "base/err.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

enum jail_mount_kind {
	JAIL_RO,
	JAIL_RW,
	JAIL_TMPFS,
};

/* --ro, --rw, --tmpfs. Strings are the caller's. */
struct jail_mount {
	enum jail_mount_kind kind;
	const char *src; /* as the caller names it; unused for a tmpfs */
	const char *dst; /* absolute, in the guest's root */
	uint64_t size;   /* of a tmpfs, bytes; 0: as the private directories */
};

/* Who is told of the sandbox: in the supervisor, outside, with all signals blocked. Not for an unconfined guest, which has none. */
struct jail_watch {
	int (*begun)(void *arg, pid_t init, struct hk_err *err); /* 0; or -errno, which ends the sandbox */
	void (*over)(void *arg, int status);
	void *arg;
};

struct jail_options {
	bool unconfined; /* no namespaces, no other root, the caller's own rights: only the virtual machine and the filter stand between */
	bool net_host;           /* the host's network instead of none */
	bool read_only;          /* a root that cannot be written to; the host's never can */
	bool overlay;            /* writes below the root go to a layer of their own */
	bool has_user;           /* uid and gid are set */
	const char *overlay_dir; /* where that layer is kept; NULL: in memory, gone at the end */
	const char *root;        /* NULL: the host's */
	const char *hostname;    /* NULL: "husk" */
	const char *program;     /* argv[0] and PATH: where it is hidden, its file is shown */
	const char *path;
	uid_t uid;
	gid_t gid;
	uint64_t mem;        /* bounds the private directories too; 0: they get an eighth of the host's memory */
	uint64_t timeout_ns; /* the supervisor ends what outlives this by JAIL_GRACE; 0 = no limit */
	const struct jail_mount *mount;
	size_t mount_count;
	const struct jail_watch *watch; /* NULL: nobody */
};

/* What was made, for whoever goes on inside. */
struct jail {
	bool inside;    /* there are namespaces and a root */
	bool user_ns;   /* the host needed a user namespace for it */
	bool as_nobody; /* root started husk and asked for no user */
	/* The dynamic linker that husk was started with and the directory of its libraries, for starting husk in a root that has others or none. -1: the
	 * root is the host's, its own will do. */
	int loader_fd, library_fd;
	uid_t uid; /* who the guest is */
	gid_t gid;
};

/*
 * Make the walls. To be called once, while the process has one thread, with *keep of `keeps` descriptors (and the first three) surviving, the first of them
 * in the supervisor, too. Returns 0 in the process
 * that goes on inside, working directory and identity set; 1 in the caller's own process when all is over, *status then being what to exit with (the guest's, or 128+N); or -errno.
 */
HK_MUST_CHECK int jail_enter(const struct jail_options *o, struct jail *j, const int *keep, size_t keeps, int *status,
			     struct hk_err *err);

/* Could jail_enter make the walls here, for this caller? 0, or -errno; *user_ns: it takes a user namespace. Makes them and gives them up. */
HK_MUST_CHECK int jail_try(bool *user_ns);

/* Print what jail_enter makes of these options, a line a wall. */
void jail_show(const struct jail_options *o, FILE *out);

#endif
