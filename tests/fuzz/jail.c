/* SPDX-License-Identifier: Apache-2.0 */
/* See jail.h. What is in no row of rules[] is refused; a row's check may change the arguments. */
#include "jail.h"

#include "base/bug.h"
#include "base/hostcall.h"
#include "mm/gva.h"
#include "syscalls/table.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/fiemap.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <sys/timex.h>

#define BAD_ADDR    0xfffffffffffff000UL /* what handlers pass for a pointer that the host shall refuse */
#define MOST_BYTES  (1UL << 20)
#define ANSWER_ZERO 1 /* of a check: say 0 to the handler without making the call */

int64_t __wrap_hk_hostcall6(int64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);
int64_t __real_hk_hostcall6(int64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);
int64_t __wrap_hk_hostcall6_sure(int64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);
extern const char hk_hostcall_end[];

static struct jail jail; /* the wrapped function has no argument for it */

/* 0: make the call; ANSWER_ZERO; or -errno. */
typedef int64_t check_fn(uint64_t a[6]);

static int64_t eintr(uint64_t a[6])
{
	(void)a;
	return -EINTR;
}

static int64_t pretend(uint64_t a[6])
{
	(void)a;
	return ANSWER_ZERO;
}

/* ---- transfers: not too much at once, nothing that waits ---- */

static int64_t cut2(uint64_t a[6])
{
	a[2] = hk_min(a[2], MOST_BYTES);
	return 0;
}

static int64_t cut3(uint64_t a[6])
{
	a[3] = hk_min(a[3], MOST_BYTES);
	return 0;
}

static int64_t cut4(uint64_t a[6])
{
	a[4] = hk_min(a[4], MOST_BYTES);
	return 0;
}

static int64_t splice_(uint64_t a[6])
{
	a[5] |= a[5] & ~15UL ? 0 : SPLICE_F_NONBLOCK;
	return cut4(a);
}

static int64_t tee_(uint64_t a[6])
{
	a[3] |= a[3] & ~15UL ? 0 : SPLICE_F_NONBLOCK;
	return cut2(a);
}

static int64_t vmsplice_(uint64_t a[6])
{
	a[3] |= a[3] & ~15UL ? 0 : SPLICE_F_NONBLOCK;
	return 0;
}

/* No descriptor of the harness's through a socket; the row of control messages is the handler's copy. */
static int64_t sendmsg_(uint64_t a[6])
{
	const struct msghdr *m = (const void *)(uintptr_t)a[1];

	if (a[1] < BAD_ADDR && m->msg_name && (uintptr_t)m->msg_name < BAD_ADDR &&
	    m->msg_namelen > sizeof(sa_family_t) && ((const struct sockaddr *)m->msg_name)->sa_family == AF_UNIX)
		return -EACCES;
	if (a[1] >= BAD_ADDR || !m->msg_control || (uintptr_t)m->msg_control >= BAD_ADDR)
		return 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR((struct msghdr *)(uintptr_t)m, c)) {
		const int *fds = (const int *)(const void *)CMSG_DATA(c);

		if (c->cmsg_len < CMSG_LEN(0))
			break;
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++)
			if (fds[i] >= 0 && fds[i] < jail.first_fd)
				return -EBADF;
	}
	return 0;
}

/* Only the families that handlers let through; no path is bound (a file would be made) or connected to (somebody may listen). */
static int64_t socket_(uint64_t a[6])
{
	a[1] |= SOCK_NONBLOCK;
	return (int)a[0] >= 0 && (int)a[0] < AF_MAX && a[0] != AF_UNIX && a[0] != AF_INET && a[0] != AF_INET6 &&
			       (int)a[0] != AF_NETLINK
		       ? -EAFNOSUPPORT
		       : 0;
}

static int64_t address_(uint64_t a[6])
{
	const struct sockaddr *sa = (const void *)(uintptr_t)a[1];

	return a[1] && a[1] < BAD_ADDR && a[2] > sizeof(sa->sa_family) && sa->sa_family == AF_UNIX ? -EACCES : 0;
}

static int64_t sendto_(uint64_t a[6])
{
	const struct sockaddr *sa = (const void *)(uintptr_t)a[4];

	return a[4] && a[4] < BAD_ADDR && a[5] > sizeof(sa->sa_family) && sa->sa_family == AF_UNIX ? -EACCES : 0;
}

static int64_t futex(uint64_t a[6])
{
	switch (a[1] & FUTEX_CMD_MASK) {
	case FUTEX_WAKE:
	case FUTEX_WAKE_OP:
	case FUTEX_WAKE_BITSET:
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		return 0;
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		return -EINTR;
	}
	return -ENOSYS; /* priorities are inherited from other processes, too */
}

/* Timeouts in a register become none; the harness's timer ends those in memory, which a mask of signals must not hide. */
static int64_t poll_(uint64_t a[6])
{
	a[2] = 0;
	return 0;
}

static uint64_t no_mask(uint64_t mask)
{
	return mask >= BAD_ADDR ? mask : 0;
}

static int64_t ppoll_(uint64_t a[6])
{
	a[3] = no_mask(a[3]);
	return 0;
}

static int64_t pselect_(uint64_t a[6])
{
	a[5] = no_mask(a[5]);
	return 0;
}

static int64_t epoll_wait_(uint64_t a[6])
{
	a[3] = 0;
	return 0;
}

static int64_t epoll_pwait_(uint64_t a[6])
{
	a[3] = 0;
	a[4] = no_mask(a[4]);
	return 0;
}

static int64_t epoll_pwait2_(uint64_t a[6])
{
	a[4] = no_mask(a[4]);
	return 0;
}

/* ---- new descriptors never block ---- */

static int64_t flag0(uint64_t a[6])
{
	a[0] |= O_NONBLOCK; /* = IN_NONBLOCK */
	return 0;
}

static int64_t flag1(uint64_t a[6])
{
	a[1] |= O_NONBLOCK; /* = EFD_, TFD_ and SOCK_NONBLOCK */
	return 0;
}

static int64_t flag3(uint64_t a[6])
{
	a[3] |= O_NONBLOCK; /* = SFD_NONBLOCK */
	return 0;
}

static int64_t memfd(uint64_t a[6])
{
	return a[1] & MFD_HUGETLB ? -ENOENT : 0;
}

static int64_t close_range_(uint64_t a[6])
{
	a[0] = hk_max((uint32_t)a[0], (uint64_t)jail.first_fd);
	return a[0] > (uint32_t)a[1] ? ANSWER_ZERO : 0;
}

static int64_t flock_(uint64_t a[6])
{
	a[1] |= LOCK_NB;
	return 0;
}

static int64_t fcntl_(uint64_t a[6])
{
	switch ((int)a[1]) {
	case F_SETFL:
		a[2] = (a[2] | O_NONBLOCK) & ~(uint64_t)O_ASYNC;
		break;
	case F_SETLKW:
		a[1] = F_SETLK;
		break;
	case F_OFD_SETLKW:
		a[1] = F_OFD_SETLK;
		break;
	case F_SETOWN:
	case F_SETOWN_EX:
	case F_SETSIG:
	case F_SETLEASE:
	case F_NOTIFY:
		return -EPERM;
	}
	return 0;
}

/* Questions, and what stays with the descriptor. */
static int64_t ioctl_(uint64_t a[6])
{
	switch ((uint32_t)a[1]) {
	case FIOCLEX:
	case FIONCLEX:
	case FIONREAD:
	case FIOQSIZE:
	case TCGETS:
	case TIOCGWINSZ:
	case FIGETBSZ:
	case FS_IOC_GETFLAGS:
	case FS_IOC_GETVERSION:
	case FS_IOC_FSGETXATTR:
	case FS_IOC_GETFSLABEL:
	case FS_IOC_FIEMAP:
	case FICLONE:
	case FICLONERANGE:
	case FIDEDUPERANGE:
	case SIOCATMARK:
	case SIOCGPGRP:
		return 0;
	}
	return -ENOTTY;
}

/* ---- files ---- */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* May this be opened? Looked at with O_PATH first, which has no effects. Devices but the dull ones have: watchdogs, tapes. */
static int64_t open_check(int dirfd, uint64_t name, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | (flags & (O_NOFOLLOW | O_DIRECTORY)),
				.resolve = resolve };
	bool writes = (flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY));
	struct stat st;
	long fd;

	if (name < HK_GUEST_MIN || name >= BAD_ADDR || flags & O_PATH)
		return 0;
	fd = syscall(SYS_openat2, dirfd, name, &how, sizeof(how));
	if (fd < 0)
		return writes ? -EPERM : 0;
	HK_BUG_ON(fstat((int)fd, &st));
	close((int)fd);
	if (S_ISCHR(st.st_mode))
		return major(st.st_rdev) == 1 && minor(st.st_rdev) >= 3 && minor(st.st_rdev) <= 9 ? 0 : -EACCES;
	if (S_ISBLK(st.st_mode))
		return -EACCES;
	if (!writes || st.st_dev == jail.memory.st_dev)
		return 0;
	return same_file(&st, &jail.writable[0]) || same_file(&st, &jail.writable[1]) ? 0 : -EPERM;
}

static int64_t openat_(uint64_t a[6])
{
	int64_t r = open_check((int)a[0], a[1], a[2], 0);

	a[2] |= a[2] & O_PATH ? 0 : O_NONBLOCK;
	return r;
}

static int64_t openat2_(uint64_t a[6])
{
	static struct open_how how; /* the call that follows reads it */

	if (a[2] >= BAD_ADDR)
		return 0;
	how = *(const struct open_how *)(uintptr_t)a[2];
	a[2] = (uint64_t)(uintptr_t)&how;
	if (!(how.flags & O_PATH))
		how.flags |= O_NONBLOCK;
	return open_check((int)a[0], a[1], how.flags, how.resolve);
}

/* ---- memory ---- */

static bool touches(uint64_t start, uint64_t len, uint64_t low, uint64_t high)
{
	uint64_t end = start + len < start ? UINT64_MAX : start + len;

	return start < high && end > low;
}

/* What changes mappings must lie in the guest's range, whatever the guest asked for. */
static int64_t guest_range(uint64_t start, uint64_t len)
{
	HK_BUG_ON(len && touches(start, hk_align_up(len, HK_PAGE_SIZE), HK_GUEST_MAX, UINT64_MAX));
	return touches(start, len, jail.shadow_start, jail.shadow_end) ? -ENOMEM : 0;
}

static int64_t range(uint64_t a[6])
{
	return guest_range(a[0], a[1]);
}

static int64_t mmap_(uint64_t a[6])
{
	HK_BUG_ON(a[2] & PROT_EXEC || !(a[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE)));
	return a[3] & MAP_HUGETLB ? -ENOMEM : guest_range(a[0], a[1]);
}

static int64_t mprotect_(uint64_t a[6])
{
	HK_BUG_ON(a[2] & PROT_EXEC);
	return guest_range(a[0], a[1]);
}

static int64_t mremap_(uint64_t a[6])
{
	int64_t r = guest_range(a[0], a[1]);

	return r ? r : guest_range(a[3] & MREMAP_FIXED ? a[4] : a[0], a[2]);
}

static int64_t madvise_(uint64_t a[6])
{
	int advice = (int)a[2];

	HK_BUG_ON(advice == MADV_HWPOISON || advice == 101 /* MADV_SOFT_OFFLINE */);
	return guest_range(a[0], a[1]);
}

/* ---- the process ---- */

static int64_t query_action(uint64_t a[6])
{
	return a[1] ? ANSWER_ZERO : 0;
}

static int64_t query_limit(uint64_t a[6])
{
	return a[2] ? -EPERM : 0;
}

static int64_t query_persona(uint64_t a[6])
{
	return (uint32_t)a[0] == 0xffffffff ? 0 : -EPERM;
}

static int64_t query_clock(uint64_t a[6])
{
	return ((const struct timex *)(uintptr_t)a[1])->modes ? -EPERM : 0;
}

static int64_t clock_error(uint64_t a[6])
{
	return a[1] == BAD_ADDR ? 0 : -EPERM;
}

static int64_t prctl_(uint64_t a[6])
{
	switch ((int)a[0]) {
	case PR_SET_NAME:
	case PR_GET_PDEATHSIG:
	case PR_GET_DUMPABLE:
	case PR_GET_KEEPCAPS:
	case PR_GET_TIMING:
	case PR_GET_TSC:
	case PR_GET_SECUREBITS:
	case PR_GET_TIMERSLACK:
	case PR_MCE_KILL_GET:
	case PR_GET_CHILD_SUBREAPER:
	case PR_GET_NO_NEW_PRIVS:
	case PR_GET_THP_DISABLE:
	case PR_GET_IO_FLUSHER:
	case PR_CAPBSET_READ:
	case PR_GET_SPECULATION_CTRL:
		return 0;
	}
	return -EPERM;
}

static const struct rule {
	int nr;
	check_fn *check; /* NULL: always harmless */
} rules[] = {
	/* transfers */
	{ SYS_read, cut2 },
	{ SYS_write, cut2 },
	{ SYS_pread64, cut2 },
	{ SYS_pwrite64, cut2 },
	{ SYS_readv, NULL },
	{ SYS_writev, NULL },
	{ SYS_preadv, NULL },
	{ SYS_pwritev, NULL },
	{ SYS_preadv2, NULL },
	{ SYS_pwritev2, NULL },
	{ SYS_lseek, NULL },
	{ SYS_sendfile, cut3 },
	{ SYS_copy_file_range, cut4 },
	{ SYS_splice, splice_ },
	{ SYS_tee, tee_ },
	{ SYS_vmsplice, vmsplice_ },
	{ SYS_sendto, sendto_ },
	{ SYS_socket, socket_ },
	{ SYS_bind, address_ },
	{ SYS_connect, address_ },
	{ SYS_listen, NULL },
	{ SYS_accept4, flag3 },
	{ SYS_recvfrom, NULL },
	{ SYS_sendmsg, sendmsg_ },
	{ SYS_recvmsg, NULL },
	{ SYS_fallocate, NULL }, /* RLIMIT_FSIZE bounds it, as it does ftruncate and write */
	{ SYS_ftruncate, NULL },
	{ SYS_fadvise64, NULL },
	{ SYS_readahead, cut2 },
	{ SYS_getdents64, NULL },
	/* waiting */
	{ SYS_poll, poll_ },
	{ SYS_ppoll, ppoll_ },
	{ SYS_select, NULL },
	{ SYS_pselect6, pselect_ },
	{ SYS_epoll_wait, epoll_wait_ },
	{ SYS_epoll_pwait, epoll_pwait_ },
	{ SYS_epoll_pwait2, epoll_pwait2_ },
	{ SYS_futex, futex },
	{ SYS_futex_waitv, eintr },
	{ SYS_nanosleep, eintr },
	{ SYS_clock_nanosleep, eintr },
	{ SYS_pause, eintr },
	{ SYS_rt_sigsuspend, eintr },
	{ SYS_rt_sigtimedwait, eintr },
	/* descriptors */
	{ SYS_openat, openat_ },
	{ SYS_openat2, openat2_ },
	{ SYS_close, NULL },
	{ SYS_close_range, close_range_ },
	{ SYS_dup, NULL },
	{ SYS_dup2, NULL },
	{ SYS_dup3, NULL },
	{ SYS_fcntl, fcntl_ },
	{ SYS_flock, flock_ },
	{ SYS_ioctl, ioctl_ },
	{ SYS_pipe2, flag1 },
	{ SYS_socketpair, flag1 },
	{ SYS_eventfd2, flag1 },
	{ SYS_timerfd_create, flag1 },
	{ SYS_inotify_init1, flag0 },
	{ SYS_signalfd4, flag3 },
	{ SYS_epoll_create, NULL },
	{ SYS_epoll_create1, NULL },
	{ SYS_memfd_create, memfd },
	{ SYS_epoll_ctl, NULL },
	{ SYS_timerfd_settime, NULL },
	{ SYS_timerfd_gettime, NULL },
	{ SYS_inotify_add_watch, NULL },
	{ SYS_inotify_rm_watch, NULL },
	{ SYS_getsockname, NULL },
	{ SYS_getpeername, NULL },
	{ SYS_getsockopt, NULL },
	{ SYS_setsockopt, NULL },
	{ SYS_shutdown, NULL },
	/* questions about files */
	{ SYS_fstat, NULL },
	{ SYS_newfstatat, NULL },
	{ SYS_statx, NULL },
	{ SYS_statfs, NULL },
	{ SYS_fstatfs, NULL },
	{ SYS_faccessat, NULL },
	{ SYS_faccessat2, NULL },
	{ SYS_readlinkat, NULL },
	{ SYS_getcwd, NULL },
	{ SYS_getxattr, NULL },
	{ SYS_lgetxattr, NULL },
	{ SYS_fgetxattr, NULL },
	{ SYS_listxattr, NULL },
	{ SYS_llistxattr, NULL },
	{ SYS_flistxattr, NULL },
	/* memory */
	{ SYS_mmap, mmap_ },
	{ SYS_munmap, range },
	{ SYS_mprotect, mprotect_ },
	{ SYS_mremap, mremap_ },
	{ SYS_madvise, madvise_ },
	{ SYS_mlock2, range },
	{ SYS_munlock, range },
	{ SYS_mincore, NULL },
	{ SYS_msync, NULL },
	/* questions about the process and the system */
	{ SYS_getpid, NULL },
	{ SYS_getppid, NULL },
	{ SYS_gettid, NULL },
	{ SYS_getpgrp, NULL },
	{ SYS_getpgid, NULL },
	{ SYS_getsid, NULL },
	{ SYS_getuid, NULL },
	{ SYS_geteuid, NULL },
	{ SYS_getgid, NULL },
	{ SYS_getegid, NULL },
	{ SYS_getresuid, NULL },
	{ SYS_getresgid, NULL },
	{ SYS_getgroups, NULL },
	{ SYS_capget, NULL },
	{ SYS_personality, query_persona },
	{ SYS_prctl, prctl_ },
	{ SYS_prlimit64, query_limit },
	{ SYS_get_robust_list, NULL },
	{ SYS_getrusage, NULL },
	{ SYS_times, NULL },
	{ SYS_sysinfo, NULL },
	{ SYS_uname, NULL },
	{ SYS_getcpu, NULL },
	{ SYS_getrandom, NULL },
	{ SYS_sched_yield, NULL },
	{ SYS_sched_getaffinity, NULL },
	{ SYS_sched_getattr, NULL },
	{ SYS_sched_getparam, NULL },
	{ SYS_sched_getscheduler, NULL },
	{ SYS_sched_get_priority_max, NULL },
	{ SYS_sched_get_priority_min, NULL },
	{ SYS_sched_rr_get_interval, NULL },
	{ SYS_getpriority, NULL },
	{ SYS_ioprio_get, NULL },
	{ SYS_clock_gettime, NULL },
	{ SYS_clock_getres, NULL },
	{ SYS_clock_settime, clock_error },
	{ SYS_clock_adjtime, query_clock },
	{ SYS_gettimeofday, NULL },
	{ SYS_time, NULL },
	{ SYS_getitimer, NULL },
	{ SYS_rt_sigpending, NULL },
	{ SYS_rt_sigaction, query_action },
	{ SYS_rt_sigprocmask, pretend },
};

/* ---- the first layer ---- */

/* Descriptors of the harness's are not there; which arguments are descriptors, the table knows. */
static bool names_harness(int64_t nr, const uint64_t a[6])
{
	const struct hk_syscall_info *info = hk_syscall_info((uint64_t)nr);

	for (unsigned i = 0; info && i < info->nargs; i++) {
		bool fd = info->arg[i].kind == HK_ARG_FD || info->arg[i].kind == HK_ARG_DIRFD;

		/* mmap's counts only where a file is mapped */
		if (fd && (int)a[i] >= 0 && (int)a[i] < jail.first_fd && !(nr == SYS_mmap && a[3] & MAP_ANONYMOUS))
			return true;
	}
	return false;
}

int64_t __wrap_hk_hostcall6(int64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	uint64_t v[6] = { a, b, c, d, e, f };
	int64_t r;

	if (nr == SYS_pipe) {
		nr = SYS_pipe2;
		v[1] = 0;
	}
	for (size_t i = 0; i < HK_ARRAY_LEN(rules); i++) {
		if (rules[i].nr != nr)
			continue;
		if (names_harness(nr, v))
			return -EBADF;
		r = rules[i].check ? rules[i].check(v) : 0;
		if (r)
			return r == ANSWER_ZERO ? 0 : r;
		return __real_hk_hostcall6(nr, v[0], v[1], v[2], v[3], v[4], v[5]);
	}
	return -EPERM;
}

int64_t __wrap_hk_hostcall6_sure(int64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	return __wrap_hk_hostcall6(nr, a, b, c, d, e, f);
}

/* ---- the second layer ---- */

#define LOAD(field)       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_HIGH(field)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field) + 4)
#define SKIP_UNLESS(v, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(v), 0, n)
#define ALLOW             BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define REFUSE_NR(nr)     SKIP_UNLESS(nr, 1), REFUSE

static struct sock_filter filter[HK_ARRAY_LEN(rules) * 2 + 64];

static unsigned put(unsigned n, const struct sock_filter *part, size_t count)
{
	HK_BUG_ON(n + count > HK_ARRAY_LEN(filter));
	memcpy(filter + n, part, count * sizeof(*part));
	return n + (unsigned)count;
}

/* What handlers do through the C library passes, but for this; libFuzzer needs none of it. The number is loaded. */
static unsigned put_library(unsigned n)
{
	const struct sock_filter part[] = {
		/* signal 0 is a question; to ourselves: abort() and faults */
		SKIP_UNLESS(SYS_tgkill, 5),
		LOAD(args[0]),
		SKIP_UNLESS(getpid(), 1),
		ALLOW,
		LOAD(args[2]),
		BPF_STMT(BPF_JMP | BPF_JA, 2),
		SKIP_UNLESS(SYS_kill, 4),
		LOAD(args[1]),
		SKIP_UNLESS(0, 1),
		ALLOW,
		REFUSE,
		SKIP_UNLESS(SYS_prlimit64, 6),
		LOAD(args[2]),
		SKIP_UNLESS(0, 3),
		LOAD_HIGH(args[2]),
		SKIP_UNLESS(0, 1),
		ALLOW,
		REFUSE,
		REFUSE_NR(SYS_setrlimit),
		REFUSE_NR(SYS_tkill),
		REFUSE_NR(SYS_rt_sigqueueinfo),
		REFUSE_NR(SYS_rt_tgsigqueueinfo),
		REFUSE_NR(SYS_setpgid),
		REFUSE_NR(SYS_setsid),
		REFUSE_NR(SYS_setuid),
		REFUSE_NR(SYS_setresuid),
		REFUSE_NR(SYS_clock_settime),
		REFUSE_NR(SYS_settimeofday),
		REFUSE_NR(SYS_reboot),
		REFUSE_NR(SYS_mount),
		REFUSE_NR(SYS_chroot),
		ALLOW,
	};

	return put(n, part, HK_ARRAY_LEN(part));
}

static unsigned put_list(unsigned n)
{
	for (size_t i = 0; i < HK_ARRAY_LEN(rules); i++) {
		const struct sock_filter row[] = { SKIP_UNLESS(rules[i].nr, 1), ALLOW };

		n = put(n, row, HK_ARRAY_LEN(row));
	}
	return put(n, (const struct sock_filter[]){ REFUSE }, 1);
}

static unsigned build(void)
{
	uint64_t ip = (uint64_t)(uintptr_t)hk_hostcall_end;
	struct sock_filter head[] = {
		LOAD(arch),
		SKIP_UNLESS(AUDIT_ARCH_X86_64, 6), /* to a number that is in no list */
		LOAD(instruction_pointer),
		SKIP_UNLESS(ip, 4),
		LOAD_HIGH(instruction_pointer),
		SKIP_UNLESS(ip >> 32, 2),
		LOAD(nr),
		BPF_STMT(BPF_JMP | BPF_JA, 0), /* over the library's part; filled in below */
		LOAD(nr),
	};
	unsigned n = put(0, head, HK_ARRAY_LEN(head)), list = put_library(n);

	filter[n - 2].k = list - (n - 1);
	return put_list(list);
}

void jail_enter(const struct jail *j)
{
	struct sock_fprog prog = { .filter = filter };

	jail = *j;
	prog.len = (unsigned short)build();
	HK_BUG_ON(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	HK_BUG_ON(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &prog));
	/* It must hold: a call that the list does not have, past the first layer. */
	HK_BUG_ON(__real_hk_hostcall6(SYS_sethostname, 0, (uint64_t)-1, 0, 0, 0, 0) != -EPERM);
	HK_BUG_ON(__real_hk_hostcall6(SYS_sync_file_range, (uint64_t)-1, 0, 0, 0, 0, 0) != -EPERM);
	HK_BUG_ON(__real_hk_hostcall6(SYS_getpid, 0, 0, 0, 0, 0, 0) != getpid());
}
