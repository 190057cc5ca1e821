/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process has no descriptors but those it opened: under every number, and wherever a number can be named (in structures too), there is nothing. In husk
 * the monitor's own descriptors must be as absent as they are natively; and still there afterwards.
 */
#include "t.h"

#include <linux/fs.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define FIRST 12 /* above what this program opens */
#define CHUNK 1000
#define HIGH  66000 /* above what the monitor chooses by itself */

static int file, pair[2], ep;

static bool poll_finds(int from, int n)
{
	static struct pollfd f[CHUNK];
	bool found = false;

	for (int i = 0; i < n; i++)
		f[i] = (struct pollfd){ from + i, POLLIN | POLLOUT, 0 };
	long r = S(poll, f, n, 0);
	for (int i = 0; i < n; i++)
		found |= f[i].revents != POLLNVAL;
	return found || r != n;
}

static bool select_finds(int fd)
{
	static unsigned long set[HIGH / 64 + 2];
	struct timeval now = { 0, 0 };
	long r;

	set[fd / 64] = 1UL << fd % 64;
	r = S(select, fd + 1, NULL, NULL, set, &now);
	set[fd / 64] = 0;
	/* Linux does not even look at a number that its table has no room for; how large that is was inherited. */
	return r != -EBADF && (r != 0 || fd < 64);
}

static bool passes(int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control = {
		.head = { .cmsg_len = CMSG_LEN(2 * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS }
	};
	struct iovec iov = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_LEN(2 * sizeof(int))
	};
	int fds[2] = { 0, fd };

	memcpy(CMSG_DATA(&control.head), fds, sizeof(fds));
	return S(sendmsg, pair[0], &msg, MSG_DONTWAIT) != -EBADF;
}

static bool clones(int fd)
{
	struct file_clone_range range = { .src_fd = fd };
	struct {
		struct file_dedupe_range head;
		struct file_dedupe_range_info info;
	} same = { .head = { .dest_count = 1 }, .info = { .dest_fd = fd } };
	long r = S(ioctl, file, FIDEDUPERANGE, &same);

	return S(ioctl, file, FICLONE, fd) != -EBADF || S(ioctl, file, FICLONERANGE, &range) != -EBADF ||
	       (r == 0 && same.info.status != -EBADF);
}

static bool opens(int fd)
{
	struct epoll_event e = { EPOLLIN, { 0 } };
	struct timespec t;
	char buf[8];
	struct stat st;

	return S(fcntl, fd, F_GETFD) != -EBADF || S(fstat, fd, &st) != -EBADF || S(read, fd, buf, 8) != -EBADF ||
	       S(dup, fd) != -EBADF || S(dup2, fd, 11) != -EBADF || S(dup3, fd, 11, 0) != -EBADF ||
	       S(close, fd) != -EBADF || S(epoll_ctl, ep, EPOLL_CTL_ADD, fd, &e) != -EBADF ||
	       S(mmap, 0, T_PAGE, PROT_READ, MAP_SHARED, fd, 0) != -EBADF || S(fchdir, fd) != -EBADF ||
	       S(openat, fd, "x", O_RDONLY) != -EBADF ||
	       S(clock_gettime, (int)(~(unsigned)fd << 3 | 3), &t) != -EINVAL ||
	       S(ioctl, fd, 0xae00 /* KVM_GET_API_VERSION */, 0) != -EBADF || S(sendfile, 1, fd, NULL, 1) != -EBADF;
}

static void look(int from, int to, int step)
{
	bool poll = false, select = false, pass = false, clone = false, open = false;

	for (int fd = from; fd < to; fd += CHUNK)
		poll |= poll_finds(fd, to - fd < CHUNK ? to - fd : CHUNK);
	for (int fd = from; fd < to; fd += step) {
		select |= select_finds(fd);
		pass |= passes(fd);
		clone |= clones(fd);
		open |= opens(fd);
	}
	OK(!poll);
	OK(!select);
	OK(!pass);
	OK(!clone);
	OK(!open);
}

/* The numbers where something could be: below, at and above the limit, and around 65536. */
static void look_around(unsigned long limit)
{
	int at = limit < HIGH ? (int)limit : HIGH;

	look(FIRST, 200, 1);
	look(FIRST, at, 97);
	look(at - 100 < FIRST ? FIRST : at - 100, at, 1);
	look(at, at + 64 < HIGH ? at + 64 : HIGH, 1);
	look(65536 - 64, 65536 + 64, 1);
}

MAIN
{
	struct rlimit lim;

	MUST(close_range, 3, ~0U, 0); /* what was inherited */
	file = (int)MUST(open, "file", O_RDWR | O_CREAT, 0644);
	MUST(socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
	ep = (int)MUST(epoll_create1, 0);
	MUST(getrlimit, RLIMIT_NOFILE, &lim);
	look_around(lim.rlim_cur);
	lim.rlim_cur = lim.rlim_cur / 2;
	T(setrlimit, RLIMIT_NOFILE, &lim);
	look_around(lim.rlim_cur);
	lim.rlim_cur = lim.rlim_max;
	T(setrlimit, RLIMIT_NOFILE, &lim);
	look_around(lim.rlim_cur);
	look_around(lim.rlim_cur / 2);
	T(close_range, FIRST, ~0U, 0);
	T(close_range, 11, 11, 0);
	look_around(lim.rlim_cur);
	T(write, file, "still here", 10);
}
