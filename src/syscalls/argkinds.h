/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of system-call arguments. Included by table.h only. */
#ifndef HK_SYSCALLS_ARGKINDS_H
#define HK_SYSCALLS_ARGKINDS_H

/*
 * FD is checked by the dispatcher (a number of the monitor's own gives EBADF), as is DIRFD, where AT_FDCWD is fine too. All other kinds only tell
 * how an argument is printed. *_IN is read by the call, *_OUT written by it, *_IO both; E_* is one of a set of names, F_* a set of flags.
 */
#define HK_ARG_KINDS(X)                                                                                                \
	HK_ARG_KINDS_PLAIN(X)                                                                                          \
	HK_ARG_KINDS_BYTES(X)                                                                                          \
	HK_ARG_KINDS_NAMES(X)                                                                                          \
	HK_ARG_KINDS_FLAGS(X)                                                                                          \
	HK_ARG_KINDS_STRUCTS(X)                                                                                        \
	HK_ARG_KINDS_SPECIAL(X)

/* Numbers: INT, UINT, LONG, ULONG decimal; HEX an unsigned long; ADDR is only passed on (NULL or hexadecimal); ID a uid or gid. */
#define HK_ARG_KINDS_PLAIN(X)                                                                                          \
	X(NONE) X(INT) X(UINT) X(LONG) X(ULONG) X(HEX) X(SIZE) X(OFF) X(ADDR) X(FD) X(DIRFD) X(MODE) X(UMASK) X(DEV)   \
	X(ID) X(SIGNUM) X(HIDDEN)

/* INBUF: as many bytes as the next argument says; OUTBUF, XATTR_OUT, RANDOM_OUT, PATHBUF_OUT: as many as the result says. */
#define HK_ARG_KINDS_BYTES(X)                                                                                          \
	X(PATH) X(STR) X(INBUF) X(OUTBUF) X(XATTR_OUT) X(RANDOM_OUT) X(PATHBUF_OUT) X(STRV_IN) X(ENVP_IN)

#define HK_ARG_KINDS_NAMES(X)                                                                                          \
	X(E_WHENCE) X(E_CLOCK) X(E_ITIMER) X(E_RLIMIT) X(E_RUSAGE) X(E_SIGHOW) X(E_SCHED) X(E_PRIO) X(E_MADVISE)       \
	X(E_FADVISE) X(E_FCNTL) X(E_EPOLL_CTL) X(E_ARCH) X(E_PRCTL) X(E_AF) X(E_SHUT) X(E_SOL) X(E_MEMBARRIER)         \
	X(PERSONALITY)

#define HK_ARG_KINDS_FLAGS(X)                                                                                          \
	X(F_OPEN) X(F_ACCESS) X(F_AT) X(F_AT_EACCESS) X(F_AT_STATX) X(F_UNLINKAT) X(F_RENAME) X(F_STATX) X(F_XATTR)    \
	X(F_PROT) X(F_MAP) X(F_MREMAP) X(F_MSYNC) X(F_MCL) X(F_MLOCK2) X(F_MEMFD) X(F_FALLOC) X(F_SYNC_RANGE)          \
	X(F_SPLICE) X(F_RWF) X(F_FLOCK) X(F_PIPE) X(F_DUP3) X(F_EVENTFD) X(F_EPOLL) X(F_TIMERFD) X(F_TIMERFD_SET)      \
	X(F_TIMER) X(F_SIGNALFD) X(F_INOTIFY) X(F_INOTIFY_INIT) X(F_CLOSE_RANGE) X(F_GRND) X(F_SOCKTYPE) X(F_MSG)      \
	X(F_CLONE) X(F_WAIT)

/* TIMESPEC_REM is written only when the sleep was interrupted. */
#define HK_ARG_KINDS_STRUCTS(X)                                                                                        \
	X(STAT_OUT) X(STATX_OUT) X(STATFS_OUT) X(TIMESPEC_IN) X(TIMESPEC_OUT) X(TIMESPEC_IO) X(TIMESPEC_REM)           \
	X(UTIMES_IN) X(TIMEVAL_IN) X(TIMEVAL_OUT) X(TIMEVAL_IO) X(TIMEVAL2_IN) X(TIMEZONE_IN) X(TIMEZONE_OUT)          \
	X(UTIMBUF_IN) X(TIME_OUT) X(ITIMERVAL_IN) X(ITIMERVAL_OUT) X(ITIMERSPEC_IN) X(ITIMERSPEC_OUT) X(TIMEX_IO)      \
	X(SIGSET_IN) X(SIGSET_OUT) X(SIGSET6_IN) X(SIGACTION_IN) X(SIGACTION_OUT) X(SIGINFO_IN) X(SIGINFO_OUT)         \
	X(STACK_IN) X(STACK_OUT) X(SIGEVENT_IN) X(TIMERID_OUT) X(IOVEC_IN) X(IOVEC_OUT) X(POLLFDS_IO) X(FDSET_IO)      \
	X(EPOLL_EVENT_IN) X(EPOLL_EVENTS_OUT) X(FDPAIR_OUT) X(SOCKADDR_IN) X(SOCKADDR_OUT) X(SOCKLEN_IO)               \
	X(MSGHDR_IN) X(MSGHDR_OUT) X(SOCKOPT_IN) X(SOCKOPT_OUT) X(OFF_IO) X(UINT_OUT) X(ULONG_OUT) X(ADDR_OUT)         \
	X(ID_OUT) X(GIDS_IN) X(GIDS_OUT) X(RLIMIT_IN) X(RLIMIT_OUT) X(RUSAGE_OUT) X(SYSINFO_OUT) X(UTSNAME_OUT)        \
	X(TMS_OUT) X(DIRENTS_OUT) X(DIRENTS64_OUT) X(CPUSET_IN) X(CPUSET_OUT) X(SCHEDPARAM_IN) X(SCHEDPARAM_OUT)       \
	X(SCHEDATTR_IN) X(SCHEDATTR_OUT) X(CAPHDR_IO) X(CAPDATA_IN) X(CAPDATA_OUT) X(OPENHOW_IN) X(CLONEARGS_IN)       \
	X(MINCORE_OUT)

/* What is printed, or whether, depends on an argument before it. */
#define HK_ARG_KINDS_SPECIAL(X)                                                                                        \
	X(OPEN_MODE) X(MKNOD_MODE) X(MKNOD_DEV) X(MREMAP_ADDR) X(FCNTL_ARG) X(IOCTL_CMD) X(IOCTL_ARG)       \
	X(PRCTL_ARG) X(ARCH_ARG) X(FUTEX_OP) X(FUTEX_VAL) X(FUTEX_TIMEOUT) X(FUTEX_ADDR2) X(FUTEX_VAL3) X(SOCKOPT)     \
	X(SOCKPROTO) X(CLONE_FLAGS)

enum hk_arg_kind {
#define X(kind) HK_ARG_##kind,
	HK_ARG_KINDS(X)
#undef X
	HK_ARG_COUNT
};

#endif
