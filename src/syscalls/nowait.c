/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which calls the server thread may make in place of the guest's thread: those that do not concern the thread itself and, with the arguments and the
 * descriptors at hand, do not wait. Where only the host knows, it is asked in a way that does not wait (RWF_NOWAIT, MSG_DONTWAIT, a timeout of 0), and if that
 * does not answer the guest's thread makes the call itself. So it does where the host would send the caller a signal: SIGPIPE, SIGXFSZ.
 */
#include "syscalls/nowait.h"

#include "syscalls/args.h"
#include "syscalls/kmsg.h"
#include "syscalls/table.h"

#include "mm/uaccess.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#define MEM_MAJOR  1     /* /dev/null, zero, full, random, urandom */
#define WRITE_MOST 4096  /* to a pipe or a socket, at once or not at all: PIPE_BUF */
#define SEND_MOST  16384 /* of a file to a socket */

typedef int64_t (*handler)(struct hk_task *t, const uint64_t a[6]);

/* ---- reading and writing ---- */

static mode_t type_of(uint64_t fd)
{
	struct stat st;

	if (fstat((int)fd, &st))
		return 0;
	return S_ISCHR(st.st_mode) && major(st.st_rdev) == MEM_MAJOR ? S_IFREG : st.st_mode & S_IFMT;
}

static int64_t try_host(int64_t nr, const uint64_t a[6])
{
	uint64_t len = a[2], buf = host_span(a[1], &len);
	const struct iovec vec = { .iov_base = (void *)(uintptr_t)buf, .iov_len = len };

	return hk_hostcall(nr, a[0], &vec, 1, -1L, -1L, RWF_NOWAIT);
}

/* A socket or a pipe that says EAGAIN where others wait? The host is still asked in a way that does not: another thread may change the flag meanwhile. */
static bool says_again(uint64_t fd, mode_t type)
{
	int64_t flags = type == S_IFSOCK || type == S_IFIFO ? hk_hostcall_sure(SYS_fcntl, fd, F_GETFL) : -1;

	return flags >= 0 && (flags & O_NONBLOCK);
}

/* Pipes, sockets and what is in the page cache answer at once or not; other files, tmpfs say, do not know the question. */
static int64_t nowait_read(struct hk_task *t, const uint64_t a[6], handler fn)
{
	int64_t r = a[2] ? try_host(SYS_preadv2, a) : -EOPNOTSUPP;
	mode_t type;

	if (r >= 0 || (r != -EAGAIN && r != -EOPNOTSUPP && r != -EINVAL))
		return r;
	type = type_of(a[0]);
	if (r == -EAGAIN)
		return says_again(a[0], type) ? r : -HK_WOULD_WAIT;
	return type == S_IFREG ? fn(t, a) : -HK_WOULD_WAIT;
}

static bool is_local_socket(uint64_t fd)
{
	int domain;
	socklen_t size = sizeof(domain);

	return getsockopt((int)fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

/* A part of it is never written where the guest's own call would have waited for the rest. */
static int64_t nowait_write(struct hk_task *t, const uint64_t a[6], handler fn)
{
	mode_t type = type_of(a[0]);
	int64_t r = -EAGAIN;

	if (a[2] && says_again(a[0], type)) {
		r = try_host(SYS_pwritev2, a);
		if (r == -EAGAIN)
			return r;
	}
	if (type == S_IFREG)
		r = fn(t, a);
	else if (r == -EAGAIN && a[2] && a[2] <= WRITE_MOST &&
		 (type == S_IFIFO || (type == S_IFSOCK && is_local_socket(a[0]))))
		r = try_host(SYS_pwritev2, a);
	return r == -EAGAIN || r == -EOPNOTSUPP || r == -EINVAL ? -HK_WOULD_WAIT : r;
}

/* readv and writev. */
static int64_t nowait_vector(struct hk_task *t, const uint64_t a[6], handler fn, int64_t host)
{
	const uint64_t b[6] = { a[0], a[1], a[2], ~0UL, ~0UL, RWF_NOWAIT };
	mode_t type = type_of(a[0]);
	int64_t r;

	if (type == S_IFREG)
		return fn(t, a);
	r = says_again(a[0], type) ? vector_call(host, b) : -EOPNOTSUPP;
	return r == -EOPNOTSUPP || r == -EINVAL ? -HK_WOULD_WAIT : r;
}

/* A small piece of a file to a socket that says EAGAIN: by reading and sending, which both can be asked not to wait. */
static int64_t nowait_sendfile(const uint64_t a[6])
{
	char piece[SEND_MOST];
	const struct iovec vec = { .iov_base = piece, .iov_len = a[3] };
	uint64_t at;
	int64_t n;

	if (!a[2] || !a[3] || a[3] > sizeof(piece) || type_of(a[0]) != S_IFSOCK || !says_again(a[0], S_IFSOCK) ||
	    type_of(a[1]) != S_IFREG || get_guest(&at, GVA(a[2])) || (int64_t)at < 0)
		return -HK_WOULD_WAIT;
	n = hk_hostcall_sure(SYS_preadv2, a[1], &vec, 1, at, 0, RWF_NOWAIT);
	if (n < (int64_t)a[3]) /* not all in the page cache, or its end */
		return -HK_WOULD_WAIT;
	n = hk_hostcall_sure(SYS_sendto, a[0], piece, n, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
	if (n <= 0)
		return n == -EAGAIN ? n : -HK_WOULD_WAIT;
	at += (uint64_t)n;
	return put_guest(GVA(a[2]), &at) ? -EFAULT : n;
}

static int64_t nowait_file(struct hk_task *t, const uint64_t a[6], handler fn)
{
	return type_of(a[0]) == S_IFREG ? fn(t, a) : -HK_WOULD_WAIT;
}

/* ---- what waits for something ---- */

/* The same with argument i replaced. */
static int64_t with(struct hk_task *t, const uint64_t a[6], handler fn, unsigned i, uint64_t value)
{
	uint64_t b[6];

	memcpy(b, a, sizeof(b));
	b[i] = value;
	return fn(t, b);
}

/* Argument i is a timeout in milliseconds: what is ready now? */
static int64_t nowait_ready(struct hk_task *t, const uint64_t a[6], handler fn, unsigned i)
{
	int64_t r = with(t, a, fn, i, 0);

	return r == 0 && (int)a[i] != 0 ? -HK_WOULD_WAIT : r;
}

static int64_t nowait_receive(struct hk_task *t, const uint64_t a[6], handler fn, unsigned i)
{
	bool again = (a[i] & MSG_DONTWAIT) || says_again(a[0], S_IFSOCK);
	int64_t r = a[i] & MSG_WAITALL && !again ? -EAGAIN : with(t, a, fn, i, a[i] | MSG_DONTWAIT);

	return r == -EAGAIN && !again ? -HK_WOULD_WAIT : r;
}

/* Argument i has the flags. A part is never sent where the guest's own call would have waited for the rest. */
static int64_t nowait_send(struct hk_task *t, const uint64_t a[6], handler fn, unsigned i)
{
	bool again = (a[i] & MSG_DONTWAIT) || says_again(a[0], S_IFSOCK);
	bool small = i == 3 && a[2] <= WRITE_MOST && is_local_socket(a[0]);
	int64_t r = again || small ? with(t, a, fn, i, a[i] | MSG_DONTWAIT) : -EAGAIN;

	return r == -EAGAIN && !again ? -HK_WOULD_WAIT : r;
}

static bool futex_waits(uint64_t op)
{
	switch ((int)op & FUTEX_CMD_MASK) {
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
	case FUTEX_WAKE_OP:
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		return false;
	default:
		return true;
	}
}

static bool fcntl_waits(uint64_t cmd)
{
	switch ((int)cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
	case F_GETFD:
	case F_SETFD:
	case F_GETFL:
	case F_SETFL:
	case F_GETLK: /* record locks belong to the table of descriptors, which the server shares */
	case F_SETLK:
		return false;
	default:
		return true;
	}
}

static bool ioctl_waits(uint64_t request)
{
	return request != TCGETS && request != TIOCGWINSZ && request != FIONREAD && request != FIONBIO;
}

static bool clock_waits(uint64_t id)
{
	return id != CLOCK_REALTIME && id != CLOCK_MONOTONIC && id != CLOCK_BOOTTIME;
}

/* ---- the choice ---- */

/* Calls of the table's own road (or the gate's) that may go to the server with some arguments. */
static bool special(uint64_t nr)
{
	switch (nr) {
	case SYS_read:
	case SYS_readv:
	case SYS_write:
	case SYS_writev:
	case SYS_open:
	case SYS_openat:
	case SYS_poll:
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
	case SYS_recvfrom:
	case SYS_recvmsg:
	case SYS_sendto:
	case SYS_sendmsg:
	case SYS_sendfile:
	case SYS_futex:
	case SYS_fcntl:
	case SYS_ioctl:
	case SYS_clock_gettime:
	case SYS_gettimeofday:
	case SYS_time:
	case SYS_getrusage:
	case SYS_getrandom:
	case SYS_uname:
	case SYS_rt_sigaction:
		return true;
	default:
		return false;
	}
}

bool nowait_may(uint64_t nr)
{
	const struct hk_syscall_info *info = hk_syscall_info(nr);

	return info && !info->refused && (info->road == HK_ROAD_SERVER || special(nr));
}

static int64_t choose(struct hk_task *t, uint64_t nr, const uint64_t a[6], handler fn)
{
	switch (nr) {
	case SYS_read:
		return kmsg_is_fd(t, a[0]) ? -HK_WOULD_WAIT : nowait_read(t, a, fn);
	case SYS_write:
		return kmsg_is_fd(t, a[0]) ? -HK_WOULD_WAIT : nowait_write(t, a, fn);
	case SYS_readv:
		return nowait_vector(t, a, fn, SYS_preadv2);
	case SYS_writev:
		return nowait_vector(t, a, fn, SYS_pwritev2);
	case SYS_sendfile:
		return nowait_sendfile(a);
	case SYS_pread64:
	case SYS_pwrite64:
	case SYS_preadv:
	case SYS_pwritev:
		return nowait_file(t, a, fn);
	case SYS_poll:
		return nowait_ready(t, a, fn, 2);
	case SYS_epoll_wait:
		return nowait_ready(t, a, fn, 3);
	case SYS_epoll_pwait:
		return a[4] ? -HK_WOULD_WAIT : nowait_ready(t, a, fn, 3);
	case SYS_recvfrom:
		return nowait_receive(t, a, fn, 3);
	case SYS_recvmsg:
		return nowait_receive(t, a, fn, 2);
	case SYS_sendto:
		return nowait_send(t, a, fn, 3);
	case SYS_sendmsg:
		return nowait_send(t, a, fn, 2);
	case SYS_futex:
		return futex_waits(a[1]) ? -HK_WOULD_WAIT : fn(t, a);
	case SYS_fcntl:
		return fcntl_waits(a[1]) ? -HK_WOULD_WAIT : fn(t, a);
	case SYS_ioctl:
		return ioctl_waits(a[1]) ? -HK_WOULD_WAIT : fn(t, a);
	case SYS_clock_gettime:
		return clock_waits(a[0]) ? -HK_WOULD_WAIT : fn(t, a);
	case SYS_getrusage:
		return (int)a[0] == RUSAGE_THREAD ? -HK_WOULD_WAIT : fn(t, a);
	case SYS_rt_sigaction:
		return a[1] ? -HK_WOULD_WAIT : fn(t, a); /* interpreters ask for all 64 when they start */
	case SYS_close_range:
		return a[2] & CLOSE_RANGE_UNSHARE ? -HK_WOULD_WAIT : fn(t, a);
	default:
		return fn(t, a);
	}
}

int64_t nowait_serve(struct hk_task *t, uint64_t nr, const uint64_t a[6], handler fn)
{
	int64_t r;

	t->nowait = true;
	r = choose(t, nr, a, fn);
	t->nowait = false;
	/* With a signal to the caller. Nothing was done: let the guest's thread have both. */
	return r == -EPIPE || r == -EFBIG ? -HK_WOULD_WAIT : r;
}
