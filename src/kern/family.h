/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest processes of one `husk run` and their threads, in memory that all their monitors share: whom a guest may signal, how many there may be, what
 * `husk ps` shows, what --stats adds up. A memory file: a monitor's successor gets it by descriptor, `husk ps` finds it among the open files of the
 * host's processes. Every field is read and written by several processes without a lock, and one may be killed at any time: nothing here is to be relied
 * upon but that indices are in bounds.
 */
#ifndef HK_KERN_FAMILY_H
#define HK_KERN_FAMILY_H

#include "base/compiler.h"
#include "kern/klog.h"
#include "kern/query.h"

#include <stdbool.h>
#include <sys/types.h>

#define FAMILY_NAME  "husk-family" /* of the memory file */
#define FAMILY_MAGIC 0x796d6146
#define FAMILY_SLOTS 8192         /* threads of all processes together */
#define FAMILY_STATS (64UL << 10) /* for trace/stats.c */

/* make_vcpu's mark on a thread; on a process, in its first thread's slot; and that this thread has ended while its process lives on. */
#define FAMILY_MARKED         1U
#define FAMILY_PROCESS_MARKED 2U
#define FAMILY_ENDED          4U

/* A guest thread. That of a process's first thread stands for the process and stays until that ends. */
struct family_slot {
	int32_t tid; /* 0: free; -1: taken, not filled yet */
	int32_t pid;
	uint32_t vcpu;
	uint32_t marks;    /* FAMILY_* below */
	uint64_t exits;    /* of the vCPU, up to its last exit */
	uint64_t since_ns; /* CLOCK_BOOTTIME when it was filled */
	uint64_t cpu_ns;   /* of a process's first thread: so much of the process's CPU time is added up */
	char exe[224];     /* cut; of a process's first thread */
};

struct family {
	uint32_t magic, size;      /* of this struct */
	uint32_t limit;            /* --pids: the most threads and processes; 0 = none */
	uint32_t count;            /* slots taken */
	uint32_t top;              /* all slots from here on are free */
	uint32_t processes;        /* ever made */
	int32_t first;             /* pid of the first process */
	uint64_t began_ns;         /* CLOCK_REALTIME */
	uint64_t exits[8];         /* of processes that have ended, by kind */
	uint64_t answered, served; /* their calls that the gate answered, and the server threads */
	uint64_t vcpus;            /* that they made */
	uint64_t cpu_ns;           /* CPU time of all processes, each up to when it was last looked at */
	uint32_t marking;          /* make_vcpu was called: there may be marks */
	struct klog log;
	struct query query;
	struct family_slot slot[FAMILY_SLOTS];
	_Alignas(64) uint8_t stats[FAMILY_STATS];
};

/* Make one, with its descriptor in *fd; or map the one of fd. NULL: errno tells. */
struct family *family_new(unsigned limit, int *fd);
struct family *family_join(int fd);

/* Take a slot for a thread that is about to be made: its index, or -EAGAIN when there are as many as there may be. */
int family_claim(struct family *f);
void family_fill(struct family *f, int slot, pid_t pid, pid_t tid, unsigned vcpu);
/* The parent's word on a slot that the child has yet to fill, so that it can be signalled at once. */
void family_name(struct family *f, int slot, pid_t pid);
/* What the process of this slot runs. */
void family_show(struct family *f, int slot, const char *exe);
void family_release(struct family *f, int slot);
/* Release all of a process but `keep` (-1: none). */
void family_forget(struct family *f, pid_t pid, int keep);

/* The first thread of the process has ended, its process has not. */
void family_end_first(struct family *f, int slot);

/*
 * make_vcpu: mark all threads of a process, and those that it will have; call back for each that lives. Their number; 0: there is no such process. A thread that
 * is being made meanwhile is marked here or marks itself.
 */
unsigned family_mark(struct family *f, pid_t pid, void (*cb)(pid_t tid, unsigned vcpu, void *ctx), void *ctx);
/* The process of this slot, its only thread left, has no mark any more: exec. */
void family_unmark(struct family *f, int slot);
bool family_marked(struct family *f, pid_t tid);

static inline void family_count_exit(struct family *f, int slot)
{
	if (slot >= 0 && slot < FAMILY_SLOTS)
		f->slot[slot].exits++;
}

/* Add up the CPU time of a process, and of all that are there. What one used that is killed counts up to the last look. */
void family_count_cpu(struct family *f, int slot);
void family_count_all_cpu(struct family *f);

/* Is this the number of one of its processes? */
bool family_has(struct family *f, pid_t pid);
/* … of one of its threads? */
bool family_has_thread(struct family *f, pid_t tid);
/* Call back with the number of each living process until cb returns non-zero, which is returned. */
int family_each(struct family *f, int (*cb)(pid_t pid, void *ctx), void *ctx);
/* The slot of this thread, in a copy of the family that nobody writes to. NULL: none. */
const struct family_slot *family_slot_of(const struct family *f, pid_t tid);
/* What the process runs; false if it is none of the family's. */
bool family_exe(struct family *f, pid_t pid, char exe[224]);

#endif
