/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making threads and processes, and starting another program: what the handlers of clone and execve want of the monitor, which alone
 * knows how a vCPU and a VM are made. clone(2), vfork(2), execve(2).
 */
#ifndef HK_KERN_SPAWN_H
#define HK_KERN_SPAWN_H

#include "mm/gva.h"

#include <stdint.h>

struct hk_task;

/* clone, clone3, fork and vfork, with their arguments copied and checked. */
struct clone_request {
	uint64_t flags;   /* CLONE_*, without the signal in the low byte */
	int exit_signal;  /* 0: none */
	gva_t stack;      /* the child's first stack pointer; 0: the parent's */
	gva_t parent_tid; /* for CLONE_PARENT_SETTID */
	gva_t child_tid;  /* for CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID */
	gva_t pidfd;      /* for CLONE_PIDFD */
	uint64_t tls;     /* for CLONE_SETTLS */
};

/* A new program, with its strings copied. */
struct exec_program {
	const char *
		path; /* as the guest named it, or /dev/fd/N/… for a name below a descriptor: for AT_EXECFN, scripts and comm */
	int fd;            /* the file (O_PATH will do); exec closes it */
	bool closes;       /* path leads through a descriptor that is close-on-exec: no interpreter could open it */
	char *const *argv; /* NULL-terminated */
	char *const *envp; /* NULL-terminated */
};

struct hk_spawn_ops {
	/* A thread of this process: its tid, or -errno. */
	int64_t (*thread)(struct hk_task *t, const struct clone_request *req);
	/* A process of its own: in the parent its pid or -errno, in the child 0. */
	int64_t (*process)(struct hk_task *t, const struct clone_request *req);
	/* Between the two no other thread of the process runs the program's code; they may be in the monitor, or wait in a system call. Neither nests. */
	void (*stop_world)(struct hk_task *t);
	void (*resume_world)(struct hk_task *t);
	/* Become another program. Returns only -errno, with the old one untouched. */
	int64_t (*exec)(struct hk_task *t, const struct exec_program *p);
};

#endif
