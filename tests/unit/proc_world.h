/* SPDX-License-Identifier: Apache-2.0 */
/* A guest process without a VM, for the tests of procfs/: memory really mapped in the guest's range, a monitor's descriptor, a monitor's thread. */
#ifndef HK_TESTS_PROC_WORLD_H
#define HK_TESTS_PROC_WORLD_H

#include "kern/task.h"

#include <stdio.h>

#define WORLD_SECRET "the monitor's memory file"

struct proc_world {
	struct hk_process process;
	struct mm mm;
	struct hk_task task;
	struct hk_call call;
	int secret;   /* a descriptor of the monitor's: a memory file */
	pid_t thread; /* a thread of the monitor's */
	pid_t child;  /* another process */
	pthread_t pthread;
	int stop[2];
	uint64_t text, data, heap, shared, stack; /* addresses of mappings */
	char file[32];                            /* the file behind text and data */
};

int proc_world_setup(void **state);
int proc_world_teardown(void **state);

/* pattern with %p = pid, %t = the monitor's thread, %s = the monitor's descriptor, %c = another process, into a static buffer. */
const char *proc_world_path(const struct proc_world *w, const char *pattern);
/* Open as sys_openat does: procfs first, then the host, then a second look. */
int64_t proc_world_open(struct proc_world *w, const char *path, int flags);
/* The whole of a made-up file, NUL-terminated (free it), its length in *len unless NULL. Fails the test if it cannot be had. */
char *proc_world_read(struct proc_world *w, const char *path, size_t *len);
/* The same of the host's own file. */
char *proc_world_host(const char *path, size_t *len);

#endif
