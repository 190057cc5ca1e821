/* SPDX-License-Identifier: Apache-2.0 */
/* clone and clone3: what they refuse, and what their flags do to a thread made without a library.
 * covers: clone clone3 membarrier */
#include "t.h"

#include <linux/futex.h>
#include <linux/sched.h>

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

struct args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size,
		cgroup;
};

static char stack[65536] __attribute__((aligned(16)));
static volatile int parent_tid, child_tid, seen_parent, seen_child, seen_tls;
static int fake_tls[4] = { 77, 78 };

/* The new thread: raw, on its own stack, with %fs as it was given. */
static __attribute__((noinline)) void body(void)
{
	int v;

	seen_parent = parent_tid == (int)S(gettid);
	seen_child = child_tid == (int)S(gettid);
	__asm__ volatile("movl %%fs:0, %0" : "=r"(v));
	seen_tls = v;
	S(exit, 0);
}

static long make(long nr, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\txor %%ebp, %%ebp\n\tcall *%[fn]\n\thlt\n1:"
			 : "=a"(ret)
			 : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), [fn] "r"(body)
			 : "rcx", "r11", "memory");
	return ret;
}

static void await(void)
{
	int tid;

	while ((tid = child_tid))
		S(futex, &child_tid, FUTEX_WAIT, tid, NULL);
}

static void with_clone(void)
{
	long flags = THREAD | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
	long tid;

	child_tid = -1;
	tid = make(SYS_clone, flags, (long)(stack + sizeof(stack)), (long)&parent_tid, (long)&child_tid,
		   (long)fake_tls);

	OK(tid > 0);
	await();
	OK(seen_parent);
	OK(seen_child);
	OK(seen_tls == 77);
	OK(parent_tid == tid);
	OK(child_tid == 0);
}

static void with_clone3(void)
{
	struct args a = { .flags = THREAD | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID |
				   CLONE_CHILD_CLEARTID,
			  .parent_tid = (uint64_t)&parent_tid,
			  .child_tid = (uint64_t)&child_tid,
			  .stack = (uint64_t)stack,
			  .stack_size = sizeof(stack),
			  .tls = (uint64_t)(fake_tls + 1) };
	long tid;

	child_tid = -1;
	parent_tid = seen_parent = seen_child = seen_tls = 0;
	tid = make(SYS_clone3, (long)&a, sizeof(a), 0, 0, 0);
	OK(tid > 0);
	await();
	OK(seen_parent);
	OK(seen_child);
	OK(seen_tls == 78);
	OK(parent_tid == tid);
}

static void refused(void)
{
	struct args a;
	static char big[8192];

	T(clone, CLONE_THREAD, 0, 0, 0, 0);
	T(clone, CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0);
	T(clone, CLONE_SIGHAND, 0, 0, 0, 0);
	T(clone, CLONE_PIDFD | CLONE_PARENT_SETTID, 0, &parent_tid, 0, 0);
	T(clone, CLONE_PIDFD | CLONE_DETACHED, 0, &parent_tid, 0, 0);
	T(clone, CLONE_NEWNS | CLONE_FS, 0, 0, 0, 0);
	T(clone, CLONE_NEWNS, 0, 0, 0, 0);
	T(clone, THREAD | CLONE_NEWPID, 0, 0, 0, 0);
	T(clone, THREAD | CLONE_SETTLS, stack + sizeof(stack), 0, 0, 0x7ffffffff000);
	T(clone, THREAD | CLONE_SETTLS, stack + sizeof(stack), 0, 0, -1L);
	T(clone3, big, 63);
	T(clone3, big, 4097);
	T(clone3, NULL, 64);
	T(clone3, 8, 88);
	big[100] = 1;
	T(clone3, big, 104);
	T_BAD(t_in, clone3, bad, 88);
#define T3(...)                                                                                                        \
	do {                                                                                                           \
		a = (struct args){ __VA_ARGS__ };                                                                      \
		t_show("clone3({" #__VA_ARGS__ "})", "", S(clone3, &a, sizeof(a)));                                    \
	} while (0)
	T3(.flags = 1UL << 40);
	T3(.flags = CLONE_PIDFD, .pidfd = 8, .exit_signal = SIGCHLD);
	T3(.flags = CLONE_PIDFD, .pidfd = 0, .exit_signal = SIGCHLD);
	T3(.flags = CLONE_DETACHED);
	T3(.flags = SIGCHLD);
	T3(.flags = THREAD, .exit_signal = SIGCHLD);
	T3(.flags = CLONE_PARENT, .exit_signal = SIGCHLD);
	T3(.exit_signal = 65);
	T3(.exit_signal = 256);
	T3(.stack = 4096);
	T3(.stack_size = 4096);
	T3(.stack = 4096, .stack_size = -1UL);
	T3(.set_tid_size = 1);
	T3(.set_tid = 4096);
	T3(.set_tid = 4096, .set_tid_size = 33);
	T3(.set_tid = 8, .set_tid_size = 1);
	T3(.flags = CLONE_SIGHAND);
	T3(.flags = THREAD | CLONE_SETTLS, .tls = 1UL << 47);
	T3(.flags = 0x200000000UL, .cgroup = 1UL << 31);
}

static void barriers(void)
{
	T(membarrier, 0, 1);
	OK(S(membarrier, 0, 0) & 8);
	T(membarrier, 8, 0);
	T(membarrier, 16, 0);
	T(membarrier, 8, 0);
	T(membarrier, 32, 0);
	T(membarrier, 64, 0);
	T(membarrier, 32, 0);
	T(membarrier, 1, 0);
	T(membarrier, 3, 0);
	T(membarrier, 1 << 20, 0);
	T(membarrier, 8, 5);
}

MAIN
{
	refused();
	with_clone();
	with_clone3();
	barriers();
}
