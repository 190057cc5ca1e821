/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which host calls the monitor may make. A call that is served to guests (table.def) is needed under its own number, unless a rule here says otherwise;
 * the others are the monitor's own. Each with its reason.
 */
#include "jail/rules.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <linux/termios.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define NAMESPACES                                                                                                     \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |   \
	 CLONE_PTRACE)

/* What prctl.c hands on, and what the C library does. */
static const uint32_t prctls[] = {
	PR_SET_NAME,
	PR_GET_NAME,
	PR_SET_PDEATHSIG,
	PR_GET_PDEATHSIG,
	PR_SET_DUMPABLE,
	PR_GET_DUMPABLE,
	PR_GET_KEEPCAPS,
	PR_SET_KEEPCAPS,
	PR_GET_TIMING,
	PR_SET_TIMING,
	PR_CAPBSET_READ,
	PR_CAPBSET_DROP,
	PR_CAP_AMBIENT,
	PR_GET_SECUREBITS,
	PR_SET_SECUREBITS,
	PR_GET_TIMERSLACK,
	PR_SET_TIMERSLACK,
	PR_MCE_KILL,
	PR_MCE_KILL_GET,
	PR_GET_TSC,
	PR_SET_TSC,
	PR_GET_CHILD_SUBREAPER,
	PR_SET_CHILD_SUBREAPER,
	PR_GET_NO_NEW_PRIVS,
	PR_SET_NO_NEW_PRIVS,
	PR_GET_THP_DISABLE,
	PR_SET_THP_DISABLE,
	PR_GET_IO_FLUSHER,
	PR_SET_IO_FLUSHER,
	PR_TASK_PERF_EVENTS_DISABLE,
	PR_TASK_PERF_EVENTS_ENABLE,
	PR_GET_SPECULATION_CTRL,
	PR_SET_SYSCALL_USER_DISPATCH,
};

static const uint32_t unshares[] = { CLONE_FS, CLONE_FILES };

static const uint32_t families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };

#define ALLOW(nr, why)                                                                                                 \
	{                                                                                                              \
		SYS_##nr, RULE_ALLOW, 0, why,                                                                          \
		{                                                                                                      \
			{                                                                                              \
				0                                                                                      \
			}                                                                                              \
		}                                                                                                      \
	}
#define DENY(nr, why)                                                                                                  \
	{                                                                                                              \
		SYS_##nr, RULE_DENY, 0, why,                                                                           \
		{                                                                                                      \
			{                                                                                              \
				0                                                                                      \
			}                                                                                              \
		}                                                                                                      \
	}
#define FAIL(nr, error, why)                                                                                           \
	{                                                                                                              \
		SYS_##nr, RULE_DENY, error, why,                                                                       \
		{                                                                                                      \
			{                                                                                              \
				0                                                                                      \
			}                                                                                              \
		}                                                                                                      \
	}
#define LIST(l) .list = (l), .count = HK_ARRAY_LEN(l)

/* clang-format off */
static const struct rule rules[] = {
	/* the monitor's own needs */
	ALLOW(openat2, "how files are opened"),
	ALLOW(newfstatat, "the C library's fstat"),
	ALLOW(rseq, "the C library, for each thread"),
	ALLOW(restart_syscall, "the kernel's own, after a stop"),
	ALLOW(wait4, "the monitor's children are guest processes"),
	ALLOW(waitid, "likewise"),
	ALLOW(membarrier, "threads, when the monitor's are told apart"),
	FAIL(clone3, ENOSYS, "its flags lie in memory, where a filter cannot look; the C library falls back to clone"),

	/* calls whose arguments decide */
	{ SYS_mmap, RULE_CHECK, 0, "executable only from a file, privately: husk's libraries, when it starts itself anew",
	  { { TEST_UNLESS, 2, PROT_EXEC, NULL, 0 }, { TEST_NO_BITS, 3, MAP_ANONYMOUS | MAP_SHARED, NULL, 0 } } },
	{ SYS_mprotect, RULE_CHECK, 0, "nothing becomes executable: guest code runs in the virtual machine only",
	  { { TEST_NO_BITS, 2, PROT_EXEC, NULL, 0 } } },
	{ SYS_clone, RULE_CHECK, 0, "threads and processes, but no namespaces",
	  { { TEST_NO_BITS, 0, NAMESPACES, NULL, 0 } } },
	{ SYS_unshare, RULE_CHECK, 0, "a thread's own working directory or descriptors, but no namespaces",
	  { { .kind = TEST_ONE_OF, .arg = 0, LIST(unshares) } } },
	{ SYS_execveat, RULE_CHECK, 0, "husk itself, by a descriptor that it keeps",
	  { { TEST_EQUAL, 4, AT_EMPTY_PATH, NULL, 0 } } },
	{ SYS_prctl, RULE_CHECK, 0, "what a guest may ask for, nothing about the monitor's memory or filters",
	  { { .kind = TEST_ONE_OF, .arg = 0, LIST(prctls) } } },
	{ SYS_socket, RULE_CHECK, EAFNOSUPPORT, "families that guests are served",
	  { { .kind = TEST_ONE_OF, .arg = 0, LIST(families) } } },
	{ SYS_socketpair, RULE_CHECK, EAFNOSUPPORT, "likewise", { { .kind = TEST_ONE_OF, .arg = 0, LIST(families) } } },

	/* never, whatever table.def may one day serve by other means */
	DENY(execve, "a path would say which program; husk starts only itself"),
	DENY(ptrace, "no process may be looked into"),
	DENY(process_vm_readv, "likewise"),
	DENY(process_vm_writev, "likewise"),
	DENY(pidfd_getfd, "likewise"),
	DENY(kcmp, "likewise"),
	DENY(mount, "the mounts are made"),
	DENY(umount2, "likewise"),
	DENY(pivot_root, "likewise"),
	DENY(chroot, "likewise"),
	DENY(move_mount, "likewise"),
	DENY(open_tree, "likewise"),
	DENY(fsopen, "likewise"),
	DENY(fsmount, "likewise"),
	DENY(mount_setattr, "likewise"),
	DENY(setns, "the namespaces are made"),
	DENY(open_by_handle_at, "a handle knows no root"),
	DENY(bpf, "a way into the kernel"),
	DENY(perf_event_open, "likewise"),
	DENY(userfaultfd, "likewise"),
	DENY(io_uring_setup, "calls that no filter sees"),
	DENY(io_uring_enter, "likewise"),
	DENY(io_uring_register, "likewise"),
	DENY(add_key, "the kernel's keys are the caller's"),
	DENY(request_key, "likewise"),
	DENY(keyctl, "likewise"),
	DENY(init_module, "the host's kernel stays as it is"),
	DENY(finit_module, "likewise"),
	DENY(delete_module, "likewise"),
	DENY(kexec_load, "likewise"),
	DENY(kexec_file_load, "likewise"),
	DENY(reboot, "likewise"),
	DENY(swapon, "likewise"),
	DENY(swapoff, "likewise"),
	DENY(iopl, "the host's devices"),
	DENY(ioperm, "likewise"),
	DENY(seccomp, "this filter is the last"),
};

/* Requests alone; what they point to is ioctl.c's business. */
#define IOCTL_NUM(request) request,
#define IOCTL_PTR(request, type) request,
#define IOCTL_OWN(request, function) (request) == TIOCSTI ? 0 : (request), /* always refused */
static const uint32_t guest_ioctls[] = {
#include "syscalls/ioctl_list.def"
	0xc0606610, /* PAGEMAP_SCAN (Linux 6.7): mapspages tells the zero page by it */
};
#undef IOCTL_NUM
#undef IOCTL_PTR
#undef IOCTL_OWN

/* What this husk may serve, and with it the monitor needs for itself, whatever the build's configuration. */
static const bool served[FILTER_CALLS] = {
#define SYS(nr, name, ...) [nr] = true,
#define NOSYS(nr, name, ...)
#include "syscalls/table.def"
#undef SYS
#undef NOSYS
};

/* The names of what is in the build; husk's own calls, from 0x4800 on, are none of the host's and stand behind. */
#define NAME_INDEX(nr) ((nr) < FILTER_CALLS ? (nr) : (nr)-0x4800 + FILTER_CALLS)
static const char *const names[FILTER_CALLS + 32] = {
#define SYS(nr, name, ...) [NAME_INDEX(nr)] = #name,
#define NOSYS(nr, name, ...) [NAME_INDEX(nr)] = #name,
#include "syscalls/rows.def"
#undef SYS
#undef NOSYS
};
/* clang-format on */

const struct rule *rules_own(size_t *count)
{
	*count = HK_ARRAY_LEN(rules);
	return rules;
}

bool rule_served(unsigned nr, const char **name)
{
	*name = nr < FILTER_CALLS ? names[nr] : NULL;
	return nr < FILTER_CALLS && served[nr];
}

const uint32_t *rules_ioctls(size_t *count)
{
	*count = HK_ARRAY_LEN(guest_ioctls);
	return guest_ioctls;
}
