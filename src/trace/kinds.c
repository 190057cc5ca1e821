/* SPDX-License-Identifier: Apache-2.0 */
/* Each kind of argument with the function that prints it: the trace's side of argkinds.h. */
#include "trace/flags.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static void v_int(struct dec *d, uint64_t v)
{
	dec_printf(d, "%d", (int)v);
}

static void v_uint(struct dec *d, uint64_t v)
{
	dec_printf(d, "%u", (unsigned)v);
}

static void v_long(struct dec *d, uint64_t v)
{
	dec_printf(d, "%ld", (long)v);
}

static void v_ulong(struct dec *d, uint64_t v)
{
	dec_printf(d, "%lu", v);
}

static void v_dirfd(struct dec *d, uint64_t v)
{
	if ((int)v == AT_FDCWD)
		dec_puts(d, "AT_FDCWD");
	else
		v_int(d, v);
}

static void v_id(struct dec *d, uint64_t v)
{
	dec_printf(d, (uint32_t)v == UINT32_MAX ? "%d" : "%u", (int)v);
}

static void v_dev(struct dec *d, uint64_t v)
{
	dec_printf(d, "makedev(%#x, %#x)", major(v), minor(v));
}

static void v_hidden(struct dec *d, uint64_t v)
{
	(void)v;
	d->omit = true;
}

static void v_path(struct dec *d, uint64_t v)
{
	dec_object(d, v, dec_path);
}

/* Names of attributes, of memory files: never longer than this. */
static bool o_str(struct dec *d, uint64_t a)
{
	return dec_cstr(d, a, hk_max(d->limit, 255));
}

static void v_inbuf(struct dec *d, uint64_t v)
{
	if (!v || !dec_bytes(d, v, d->call->a[d->i + 1], false))
		dec_addr(d, v);
}

static void outbuf(struct dec *d, uint64_t v, bool all_hex)
{
	if (d->result < 0 || !v || !dec_bytes(d, v, (uint64_t)d->result, all_hex))
		dec_addr(d, v);
}

static void v_outbuf(struct dec *d, uint64_t v)
{
	outbuf(d, v, false);
}

static void v_random(struct dec *d, uint64_t v)
{
	outbuf(d, v, true);
}

/* With no room the call only says how much there is. */
static void v_xattr(struct dec *d, uint64_t v)
{
	if (d->call->a[d->i + 1])
		outbuf(d, v, false);
	else
		dec_addr(d, v);
}

/* getcwd's result counts a NUL, readlink's text has none and is cut as any string. */
static void v_pathbuf(struct dec *d, uint64_t v)
{
	char last;

	if (d->result > 0 && dec_load(v + (uint64_t)d->result - 1, &last) && !last)
		dec_object(d, v, dec_path);
	else
		outbuf(d, v, false);
}

static void v_open_mode(struct dec *d, uint64_t v)
{
	uint64_t flags = d->call->a[d->i - 1];

	if (flags & O_CREAT || flags & (O_TMPFILE & ~O_DIRECTORY))
		dec_perm(d, v);
	else
		d->omit = true;
}

static void v_mknod_dev(struct dec *d, uint64_t v)
{
	uint64_t type = d->call->a[d->i - 1] & S_IFMT;

	if (type == S_IFCHR || type == S_IFBLK)
		v_dev(d, v);
	else
		d->omit = true;
}

static void v_mremap_addr(struct dec *d, uint64_t v)
{
	if (d->call->a[d->i - 1] & (MREMAP_FIXED | 4 /* MREMAP_DONTUNMAP */))
		dec_addr(d, v);
	else
		d->omit = true;
}

static void v_at_statx(struct dec *d, uint64_t v)
{
	dec_enum(d, &names_at_sync, v & 0x6000);
	dec_more_bits(d, &names_at, (uint32_t)v & ~0x6000u);
}

static void v_clone_bits(struct dec *d, uint64_t v)
{
	dec_bits(d, &names_clone, v);
}

static void v_timespec_rem(struct dec *d, uint64_t v)
{
	if (d->result == -EINTR)
		dec_object(d, v, dec_timespec);
	else
		dec_addr(d, v);
}

#define VALUE(fn)                                                                                                      \
	{                                                                                                              \
		DEC_ENTER, .value = fn                                                                                 \
	}
#define AFTER(fn)                                                                                                      \
	{                                                                                                              \
		DEC_LEAVE, .value = fn                                                                                 \
	}
#define IO(fn)                                                                                                         \
	{                                                                                                              \
		DEC_BOTH, .value = fn                                                                                  \
	}
#define IN(fn)                                                                                                         \
	{                                                                                                              \
		DEC_ENTER, .object = fn                                                                                \
	}
#define OUT(fn)                                                                                                        \
	{                                                                                                              \
		DEC_LEAVE, .object = fn                                                                                \
	}
#define NAME(set)                                                                                                      \
	{                                                                                                              \
		DEC_ENTER, .names = &names_##set                                                                       \
	}
#define BITS(set)                                                                                                      \
	{                                                                                                              \
		DEC_ENTER, .bits = &names_##set                                                                        \
	}

/* clang-format off */
static const struct dec_kind kinds[HK_ARG_COUNT] = {
	[HK_ARG_NONE] = VALUE(v_hidden), [HK_ARG_HIDDEN] = VALUE(v_hidden),
	[HK_ARG_INT] = VALUE(v_int), [HK_ARG_UINT] = VALUE(v_uint),
	[HK_ARG_LONG] = VALUE(v_long), [HK_ARG_ULONG] = VALUE(v_ulong),
	[HK_ARG_HEX] = VALUE(dec_hex), [HK_ARG_SIZE] = VALUE(v_ulong), [HK_ARG_OFF] = VALUE(v_long),
	[HK_ARG_ADDR] = VALUE(dec_addr), [HK_ARG_FD] = VALUE(v_int), [HK_ARG_DIRFD] = VALUE(v_dirfd),
	[HK_ARG_MODE] = VALUE(dec_perm), [HK_ARG_UMASK] = VALUE(dec_perm), [HK_ARG_DEV] = VALUE(v_dev),
	[HK_ARG_ID] = VALUE(v_id), [HK_ARG_SIGNUM] = VALUE(dec_signal),

	[HK_ARG_PATH] = VALUE(v_path), [HK_ARG_STR] = IN(o_str), [HK_ARG_INBUF] = VALUE(v_inbuf),
	[HK_ARG_OUTBUF] = AFTER(v_outbuf), [HK_ARG_XATTR_OUT] = AFTER(v_xattr),
	[HK_ARG_RANDOM_OUT] = AFTER(v_random), [HK_ARG_PATHBUF_OUT] = AFTER(v_pathbuf),
	[HK_ARG_STRV_IN] = IN(dec_strv), [HK_ARG_ENVP_IN] = IN(dec_envp),

	[HK_ARG_E_WHENCE] = NAME(whence), [HK_ARG_E_CLOCK] = NAME(clock), [HK_ARG_E_ITIMER] = NAME(itimer),
	[HK_ARG_E_RLIMIT] = NAME(rlimit), [HK_ARG_E_RUSAGE] = NAME(rusage), [HK_ARG_E_SIGHOW] = NAME(sighow),
	[HK_ARG_E_SCHED] = NAME(sched), [HK_ARG_E_PRIO] = NAME(prio), [HK_ARG_E_MADVISE] = NAME(madvise),
	[HK_ARG_E_FADVISE] = NAME(fadvise), [HK_ARG_E_FCNTL] = NAME(fcntl), [HK_ARG_E_EPOLL_CTL] = NAME(epoll_ctl),
	[HK_ARG_E_ARCH] = NAME(arch), [HK_ARG_E_PRCTL] = NAME(prctl), [HK_ARG_E_AF] = NAME(af),
	[HK_ARG_E_SHUT] = NAME(shut), [HK_ARG_E_SOL] = NAME(sol), [HK_ARG_E_MEMBARRIER] = NAME(membarrier),
	[HK_ARG_PERSONALITY] = VALUE(dec_personality), [HK_ARG_E_IOPRIO] = NAME(ioprio_who), [HK_ARG_IOPRIO] = VALUE(dec_ioprio),

	[HK_ARG_F_OPEN] = VALUE(dec_open_flags), [HK_ARG_F_ACCESS] = BITS(access), [HK_ARG_F_AT] = BITS(at),
	[HK_ARG_F_AT_EACCESS] = BITS(at_eaccess), [HK_ARG_F_AT_STATX] = VALUE(v_at_statx),
	[HK_ARG_F_UNLINKAT] = BITS(unlinkat), [HK_ARG_F_RENAME] = BITS(rename), [HK_ARG_F_STATX] = BITS(statx_mask),
	[HK_ARG_F_XATTR] = BITS(xattr), [HK_ARG_F_PROT] = BITS(prot), [HK_ARG_F_MAP] = VALUE(dec_mmap_flags),
	[HK_ARG_F_MREMAP] = BITS(mremap), [HK_ARG_F_MSYNC] = BITS(msync), [HK_ARG_F_MCL] = BITS(mcl),
	[HK_ARG_F_MLOCK2] = BITS(mlock2), [HK_ARG_F_MEMFD] = BITS(memfd), [HK_ARG_F_FALLOC] = BITS(falloc),
	[HK_ARG_F_SYNC_RANGE] = BITS(sync_range), [HK_ARG_F_SPLICE] = BITS(splice), [HK_ARG_F_RWF] = BITS(rwf),
	[HK_ARG_F_FLOCK] = BITS(flock), [HK_ARG_F_PIPE] = BITS(pipe), [HK_ARG_F_DUP3] = BITS(dup3),
	[HK_ARG_F_EVENTFD] = BITS(eventfd), [HK_ARG_F_EPOLL] = BITS(epoll), [HK_ARG_F_TIMERFD] = BITS(timerfd),
	[HK_ARG_F_TIMERFD_SET] = BITS(timerfd_set), [HK_ARG_F_TIMER] = BITS(timer),
	[HK_ARG_F_SIGNALFD] = BITS(signalfd), [HK_ARG_F_INOTIFY] = BITS(inotify),
	[HK_ARG_F_INOTIFY_INIT] = BITS(inotify_init), [HK_ARG_F_CLOSE_RANGE] = BITS(close_range),
	[HK_ARG_F_GRND] = BITS(grnd), [HK_ARG_F_SOCKTYPE] = VALUE(dec_socktype),
	[HK_ARG_F_ACCEPT] = BITS(socktype_flags), [HK_ARG_F_MSG] = BITS(msg),
	[HK_ARG_F_CLONE] = VALUE(v_clone_bits), [HK_ARG_F_WAIT] = BITS(wait),

	[HK_ARG_STAT_OUT] = OUT(dec_stat), [HK_ARG_STATX_OUT] = OUT(dec_statx), [HK_ARG_STATFS_OUT] = OUT(dec_statfs),
	[HK_ARG_TIMESPEC_IN] = IN(dec_timespec), [HK_ARG_TIMESPEC_OUT] = OUT(dec_timespec),
	[HK_ARG_TIMESPEC_IO] = IO(dec_timespec_left), [HK_ARG_TIMESPEC_REM] = AFTER(v_timespec_rem),
	[HK_ARG_UTIMES_IN] = IN(dec_utimes), [HK_ARG_TIMEVAL_IN] = IN(dec_timeval),
	[HK_ARG_TIMEVAL_OUT] = OUT(dec_timeval), [HK_ARG_TIMEVAL_IO] = IO(dec_timeval_left),
	[HK_ARG_TIMEVAL2_IN] = IN(dec_timeval2), [HK_ARG_TIMEZONE_IN] = IN(dec_timezone),
	[HK_ARG_TIMEZONE_OUT] = OUT(dec_timezone), [HK_ARG_UTIMBUF_IN] = IN(dec_utimbuf),
	[HK_ARG_TIME_OUT] = OUT(dec_long1), [HK_ARG_ITIMERVAL_IN] = IN(dec_itimerval),
	[HK_ARG_ITIMERVAL_OUT] = OUT(dec_itimerval), [HK_ARG_ITIMERSPEC_IN] = IN(dec_itimerspec),
	[HK_ARG_ITIMERSPEC_OUT] = OUT(dec_itimerspec), [HK_ARG_TIMEX_IO] = OUT(dec_timex),
	[HK_ARG_SIGSET_IN] = IN(dec_sigset), [HK_ARG_SIGSET_OUT] = OUT(dec_sigset),
	[HK_ARG_SIGSET6_IN] = IN(dec_sigset6), [HK_ARG_SIGACTION_IN] = IN(dec_sigaction),
	[HK_ARG_SIGACTION_OUT] = OUT(dec_sigaction), [HK_ARG_SIGINFO_IN] = IN(dec_siginfo),
	[HK_ARG_SIGINFO_OUT] = OUT(dec_siginfo), [HK_ARG_STACK_IN] = IN(dec_stack), [HK_ARG_STACK_OUT] = OUT(dec_stack),
	[HK_ARG_SIGEVENT_IN] = IN(dec_sigevent), [HK_ARG_TIMERID_OUT] = OUT(dec_int1),
	[HK_ARG_IOVEC_IN] = IN(dec_iovec), [HK_ARG_IOVEC_OUT] = OUT(dec_iovec),
	[HK_ARG_POLLFDS_IO] = IO(dec_pollfds), [HK_ARG_FDSET_IO] = IO(dec_fdset),
	[HK_ARG_EPOLL_EVENT_IN] = IN(dec_epoll_event), [HK_ARG_EPOLL_EVENTS_OUT] = OUT(dec_epoll_events),
	[HK_ARG_FDPAIR_OUT] = OUT(dec_int2), [HK_ARG_SOCKADDR_IN] = IN(dec_sockaddr_in),
	[HK_ARG_SOCKADDR_OUT] = OUT(dec_sockaddr_out), [HK_ARG_SOCKLEN_IO] = IO(dec_socklen),
	[HK_ARG_MSGHDR_IN] = IN(dec_msghdr), [HK_ARG_MSGHDR_OUT] = IO(dec_msghdr_out),
	[HK_ARG_SOCKOPT_IN] = VALUE(dec_sockopt_in), [HK_ARG_SOCKOPT_OUT] = AFTER(dec_sockopt_out),
	[HK_ARG_OFF_IO] = IO(dec_off_io), [HK_ARG_UINT_OUT] = OUT(dec_uint1), [HK_ARG_ULONG_OUT] = OUT(dec_ulong1),
	[HK_ARG_ADDR_OUT] = OUT(dec_addr1), [HK_ARG_ID_OUT] = OUT(dec_id1),
	[HK_ARG_GIDS_IN] = IN(dec_gids_in), [HK_ARG_GIDS_OUT] = OUT(dec_gids_out),
	[HK_ARG_RLIMIT_IN] = IN(dec_rlimit), [HK_ARG_RLIMIT_OUT] = OUT(dec_rlimit),
	[HK_ARG_RUSAGE_OUT] = OUT(dec_rusage), [HK_ARG_SYSINFO_OUT] = OUT(dec_sysinfo),
	[HK_ARG_UTSNAME_OUT] = OUT(dec_utsname), [HK_ARG_TMS_OUT] = OUT(dec_tms),
	[HK_ARG_DIRENTS_OUT] = OUT(dec_dirents), [HK_ARG_DIRENTS64_OUT] = OUT(dec_dirents64),
	[HK_ARG_CPUSET_IN] = IN(dec_cpuset), [HK_ARG_CPUSET_OUT] = OUT(dec_cpuset),
	[HK_ARG_SCHEDPARAM_IN] = IN(dec_int1), [HK_ARG_SCHEDPARAM_OUT] = OUT(dec_int1),
	[HK_ARG_SCHEDATTR_IN] = IN(dec_schedattr), [HK_ARG_SCHEDATTR_OUT] = OUT(dec_schedattr),
	[HK_ARG_CAPHDR_IO] = IN(dec_caphdr), [HK_ARG_CAPDATA_IN] = IN(dec_capdata),
	[HK_ARG_CAPDATA_OUT] = OUT(dec_capdata), [HK_ARG_OPENHOW_IN] = IN(dec_openhow),
	[HK_ARG_CLONEARGS_IN] = IN(dec_clone_args), [HK_ARG_MINCORE_OUT] = OUT(dec_mincore),
	[HK_ARG_MMSG_OUT] = OUT(dec_mmsg), [HK_ARG_WAITV_IN] = IN(dec_waitv),

	[HK_ARG_OPEN_MODE] = VALUE(v_open_mode), [HK_ARG_MKNOD_MODE] = VALUE(dec_mode),
	[HK_ARG_MKNOD_DEV] = VALUE(v_mknod_dev), [HK_ARG_MREMAP_ADDR] = VALUE(v_mremap_addr),
	[HK_ARG_FCNTL_ARG] = IO(dec_fcntl_arg), [HK_ARG_IOCTL_CMD] = VALUE(dec_ioctl_cmd),
	[HK_ARG_IOCTL_ARG] = IO(dec_ioctl_arg), [HK_ARG_PRCTL_ARG] = IO(dec_prctl_arg),
	[HK_ARG_ARCH_ARG] = IO(dec_arch_arg), [HK_ARG_FUTEX_OP] = VALUE(dec_futex_op),
	[HK_ARG_FUTEX_VAL] = VALUE(dec_futex_val), [HK_ARG_FUTEX_TIMEOUT] = VALUE(dec_futex_timeout),
	[HK_ARG_FUTEX_ADDR2] = VALUE(dec_futex_addr2), [HK_ARG_FUTEX_VAL3] = VALUE(dec_futex_val3),
	[HK_ARG_SOCKOPT] = VALUE(dec_sockopt_name), [HK_ARG_SOCKPROTO] = VALUE(dec_sockproto),
	[HK_ARG_CLONE_FLAGS] = VALUE(dec_clone_flags),
};
/* clang-format on */

const struct dec_kind *dec_kind_of(enum hk_arg_kind kind)
{
	return (unsigned)kind < HK_ARG_COUNT ? &kinds[kind] : &kinds[HK_ARG_HEX];
}
