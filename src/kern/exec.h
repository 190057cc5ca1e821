/* SPDX-License-Identifier: Apache-2.0 */
/* Put a program into an empty address space: read the file, follow `#!`, map it and its interpreter, build the stack. */
#ifndef HK_KERN_EXEC_H
#define HK_KERN_EXEC_H

#include "base/err.h"
#include "kern/task.h"

struct exec_request {
	const char *path;       /* host path of the program, already looked up in PATH */
	int fd;                 /* the file itself, whatever path says; exec_load closes it. -1: open path */
	bool closes;            /* path will not be there for an interpreter: a script gives ENOENT */
	char *const *argv;      /* NULL-terminated */
	char *const *envp;      /* NULL-terminated */
	uint64_t hwcap, hwcap2; /* AT_HWCAP, AT_HWCAP2 */
	uint64_t min_sigstack;  /* AT_MINSIGSTKSZ */
	int (*map_vdso)(struct mm *mm, uint64_t *base); /* NULL: none; *base is for AT_SYSINFO_EHDR, 0 = none */
};

/* Everything that may fail, without touching the address space: 0 or -errno. The program's file is left open in req->fd, to be closed in any case. */
HK_MUST_CHECK int exec_check(struct hk_task *t, struct exec_request *req, struct hk_err *err);

/* Fill t's address space and set its first registers. On failure the address space is spoilt: destroy it. 0 or -errno with a story in err. */
HK_MUST_CHECK int exec_load(struct hk_task *t, const struct exec_request *req, struct hk_err *err);

#endif
