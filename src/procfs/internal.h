/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of procfs/ share. A path is first resolved to whom it concerns and which file (resolve.c), then the tables of procfs.c say what to do. */
#ifndef HK_PROCFS_INTERNAL_H
#define HK_PROCFS_INTERNAL_H

#include "base/strbuf.h"
#include "procfs/procfs.h"

/* The text of one file may take so much: 65530 mappings, 800 bytes each in smaps. */
#define PROC_TEXT_MAX (64UL << 20)

enum proc_scope {
	PROC_GLOBAL,  /* below /proc itself */
	PROC_SELF,    /* below /proc/<the guest's pid> or /proc/<pid>/task/<one of its tids> */
	PROC_OTHER,   /* below another process's directory */
	PROC_OUTSIDE, /* through a magic link (cwd, root, fd/N) out of /proc */
};

struct proc_ref {
	enum proc_scope scope;
	pid_t tid;           /* PROC_SELF: the thread addressed; 0 = the process */
	char name[PATH_MAX]; /* below that directory, without a leading slash; "" = the directory itself */
	char path[PATH_MAX]; /* the same as an absolute path with numbers: "/proc/42/task/42/maps" */
};

/* Whom does a path below /proc concern? 0; -ENOENT for what the guest must not see (the monitor's threads and descriptors), -ENAMETOOLONG, -ELOOP. */
HK_MUST_CHECK int proc_resolve(struct hk_task *t, const char *path, struct proc_ref *ref);
/* Is tid one of the guest's own threads? */
bool proc_is_guest_thread(const struct hk_task *t, pid_t tid);
/* A decimal number as the names in /proc are read: no sign, no leading zero. -1 if it is none. */
int64_t proc_number(const char *s, size_t len);

/* One file's content, appended to out. 0 or -errno. */
typedef int proc_make_fn(struct hk_task *t, const struct proc_ref *ref, struct hk_strbuf *out);
proc_make_fn proc_make_maps, proc_make_smaps, proc_make_smaps_rollup, proc_make_numa_maps;
proc_make_fn proc_make_status, proc_make_stat, proc_make_statm, proc_make_limits;
proc_make_fn proc_make_cmdline, proc_make_environ, proc_make_auxv;
proc_make_fn proc_make_meminfo, proc_make_cpuinfo, proc_make_husk;

struct hostmaps;
/* The line of /proc/self/maps for one mapping. */
void proc_maps_line(struct hk_strbuf *out, const struct vma *v, const struct hostmaps *host);

/* Append the host's file to out. 0 or -errno. */
HK_MUST_CHECK int proc_host_read(const char *path, struct hk_strbuf *out);

/* A memory file with this content that calls itself path, open as flags say, at the lowest free number. The descriptor or -errno. */
int proc_snapshot(const char *path, const struct hk_strbuf *content, int flags);
/* If the target of a /proc/self/fd link is a snapshot's, turn it into the path it stands for. */
bool proc_snapshot_name(char *link);

/* What the guest's memory amounts to, in bytes. */
struct proc_mem {
	uint64_t size, locked, data, stack, exec;
	uint64_t rss, anon, file, shmem, swap;
	uint64_t other_rss; /* the monitor's share of what the host says of the process */
};

HK_MUST_CHECK int proc_mem_count(struct hk_task *t, struct proc_mem *m);

#endif
