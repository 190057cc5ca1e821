/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of /proc that must be true to the guest rather than to the monitor. A path is a normalised absolute one below /proc (path.h's
 * `proc`), "self", "thread-self" and the guest's own pid all accepted. Each function answers PROCFS_PASS where the host's own file
 * is right and may be used, or 0 / a value, or -errno (‑EACCES, -ENOENT…) where the guest may not have it.
 *
 * What is made up is a snapshot: the text as of open, in a memory file. Known limits: seeking back to 0 shows the same text again; fstat
 * shows the text's size and a file of mode 0444 on another device.
 */
#ifndef HK_PROCFS_PROCFS_H
#define HK_PROCFS_PROCFS_H

#include "kern/task.h"

#include <sys/stat.h>

#define PROCFS_PASS (-4096) /* not an errno: use the host's file */

/* A new descriptor (a guest descriptor, lowest free) on the made-up content, or on the program for exe; flags are open(2)'s. */
int64_t procfs_open(struct hk_task *t, const char *path, int flags);
/* An empty file that calls itself `path` in /proc/self/fd, which nobody can write to: a descriptor with these flags, or -errno. */
int64_t procfs_empty(const char *path, int flags);
/* The link's target into buf (no NUL), its length; never more than size. Also for an object that is a made-up file: its name in /proc/self/fd. */
int64_t procfs_readlink(struct hk_task *t, const char *path, char *buf, size_t size);
/* Where a magic link leads when followed (exe: the program's path): an absolute host path, NUL-terminated, 0; else PROCFS_PASS or -errno. */
int64_t procfs_follow(struct hk_task *t, const char *path, char *target, size_t size);
/* May the host's object at this path be used at all, for anything but opening (stat, access, getdents…)? 0 or -errno. */
int64_t procfs_allow(struct hk_task *t, const char *path, bool write);
/*
 * After every open by the host, whatever the path looked like (the only net for symbolic links and directory descriptors that lead into /proc): if fd
 * lies in /proc and the guest may not have it as it is, swap its content for ours. Costs one host call for any other file. Returns the descriptor
 * to give to the guest (the same number), or -errno with fd closed.
 */
int64_t procfs_fixup_open(struct hk_task *t, int fd, int flags);
/* What the guest gets instead of fd, opened by the host or to be opened with flags: a descriptor, or -errno; PROCFS_PASS: fd itself. */
int64_t procfs_instead(struct hk_task *t, int fd, int flags);
/*
 * Take the entries of a getdents64 result in buf (len bytes, a host buffer) that the guest must not see out; returns the new length. 0 from
 * len > 0 does not mean the end of the directory: read on.
 */
int64_t procfs_filter_dirents(struct hk_task *t, int dirfd, char *buf, size_t len);

/*
 * mapspages (husk/guest.h) for start <= end, size > 0: the text into the guest's buf, whole lines and a NUL; its length without that, or -errno. EINTR when a signal
 * was caught meanwhile.
 */
int64_t procfs_mapspages(struct hk_task *t, uint64_t start, uint64_t end, gva_t buf, uint64_t size);

/* A process of the sandbox, as the host's /proc has it. */
struct proc_process {
	pid_t pid, parent; /* parent: 0 if it is not of the sandbox */
	char state;        /* as in proc(5) */
	bool member;       /* of the family */
	uint64_t start;    /* clock ticks since boot */
	uid_t uid, euid;
	char comm[16];
	int level; /* in a tree */
};

/* A process of the sandbox that is no zombie: 0 or -ESRCH. */
HK_MUST_CHECK int procfs_process(struct hk_task *t, pid_t pid, struct proc_process *out);
/* root, which may be a zombie, and all below it: level by level, the children of one parent by age. Their number, *out is the caller's to free; or -ESRCH, -ENOMEM. */
HK_MUST_CHECK int procfs_tree(struct hk_task *t, pid_t root, struct proc_process **out);

#define PROC_COMM_MAX 64

/* A thread's name as it may stand in a log: what cannot be printed is escaped. */
void procfs_comm(pid_t pid, pid_t tid, char out[PROC_COMM_MAX]);

#endif
