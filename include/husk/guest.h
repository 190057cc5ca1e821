/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three system calls of operating-systems courses, for programs that call them: in husk, or on a Linux kernel with the patches of linux/patches/.
 * Their numbers are husk's own. Defined before this header is read,
 *   HUSK_LINUX_NUMBERS    takes those of the patched kernel,
 *   HUSK_CLASSIC_NUMBERS  the courses': `husk run --classic-numbers`, or a kernel with CONFIG_COURSE_SYSCALL_NUMBERS.
 * The wrappers return what the call returns, or -1 with errno set.
 */
#ifndef HUSK_GUEST_H
#define HUSK_GUEST_H

#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

#if defined(HUSK_LINUX_NUMBERS) && defined(HUSK_CLASSIC_NUMBERS)
#error "either HUSK_LINUX_NUMBERS or HUSK_CLASSIC_NUMBERS"
#elif defined(HUSK_LINUX_NUMBERS)
#define HUSK_NR_make_vcpu 451
#define HUSK_NR_get_ptree 452
#define HUSK_NR_mapspages 453
#elif defined(HUSK_CLASSIC_NUMBERS)
#define HUSK_NR_make_vcpu 333
#define HUSK_NR_get_ptree 449
#define HUSK_NR_mapspages 450
#else
#define HUSK_NR_make_vcpu 0x4800
#define HUSK_NR_get_ptree 0x4801
#define HUSK_NR_mapspages 0x4802
#endif
#define HUSK_NR_get_ptree_dummy 0x4803 /* in husk only; there is a module get_ptree_dummy.ko for the patched kernel */

/* A process, as husk_get_ptree() describes it. */
struct prinfo {
	pid_t parent_pid; /* 0: none that the caller can see */
	pid_t pid;
	long state; /* 0 running, 1 interruptible sleep, 2 uninterruptible, 4 stopped, 8 traced, 32 zombie */
	uid_t uid;
	char comm[16];
	int level; /* 0: the root that was asked for */
};

#ifdef __cplusplus
static_assert(sizeof(struct prinfo) == 40, "a kernel's struct prinfo");
#else
_Static_assert(sizeof(struct prinfo) == 40, "a kernel's struct prinfo");
#endif

/*
 * Marks every thread of the process, 0: of the calling one, as a virtual processor and returns how many they are. ESRCH: no such process (a
 * thread's id is none, nor is a zombie's); EPERM: another user's; EINVAL: negative. The kernel's log says
 *   make_vcpu: process PID: N threads, comm COMM
 *   make_vcpu: thread TID of PID: vcpu INDEX, comm COMM     (for each; bytes that cannot be printed are escaped)
 * and /proc/PID/task/TID/husk has the line "vcpu: 1", which was "vcpu: 0". Threads that a marked process creates are marked, new processes are
 * not; exec clears the mark.
 */
static inline long make_vcpu(pid_t pid)
{
	return syscall(HUSK_NR_make_vcpu, pid);
}

/*
 * Describes the process `root` and all below it: level by level, the children of one parent in the order in which they were created. *nr is how
 * many fit into buf, and then how many were written; returns 0. EINVAL: buf or nr NULL, or *nr below 1; EFAULT; ESRCH: no such process.
 */
static inline long get_ptree(struct prinfo *buf, int *nr, pid_t root)
{
	return syscall(HUSK_NR_get_ptree, buf, nr, root);
}

/* What get_ptree starts as: writes its arguments to the kernel's log, "get_ptree_dummy: buf 0x…, nr 0x…, root N", and returns 0. */
static inline long get_ptree_dummy(struct prinfo *buf, int *nr, pid_t root)
{
	return syscall(HUSK_NR_get_ptree_dummy, buf, nr, root);
}

/*
 * Writes the caller's mappings that overlap [start, end): of each the line that /proc/self/maps has, with the bounds of the whole mapping, and a
 * line of one character for each of its pages in that range: '.' not present (so counts the zero page, which a private page is that was only
 * read); '1'...'9' in so many page tables, one more if in the page cache; 'x' ten or more. Lines that do not fit whole, and the NUL with them,
 * are left out at the end. Returns the number of bytes without the NUL. EINVAL: start above end, or size 0; EFAULT; EINTR: a signal was caught
 * meanwhile.
 */
static inline long mapspages(unsigned long start, unsigned long end, char *buf, size_t size)
{
	return syscall(HUSK_NR_mapspages, start, end, buf, size);
}

#endif
