/* SPDX-License-Identifier: Apache-2.0 */
/* Several messages, or several futexes, in one call; I/O priorities.
 * covers: sendmmsg recvmmsg futex_waitv ioprio_get ioprio_set */
#include "t.h"

#include <linux/futex.h>
#include <sys/socket.h>
#include <sys/uio.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#define MANY 4

static struct mmsghdr m[MANY];
static struct iovec iov[MANY];
static char data[MANY][16];
static int fd[2];

static void fresh(const char *text)
{
	for (int i = 0; i < MANY; i++) {
		memset(data[i], '.', 16);
		memcpy(data[i], text, strlen(text));
		iov[i] = (struct iovec){ data[i], (size_t)i + 2 };
		memset(&m[i], 0, sizeof(m[i]));
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
		m[i].msg_len = 99;
	}
}

static void show(void)
{
	for (int i = 0; i < MANY; i++) {
		printf("  %u %x ", m[i].msg_len, (unsigned)m[i].msg_hdr.msg_flags);
		t_bytes("", data[i], 6);
	}
}

static void messages(void)
{
	struct timespec t = { 1, 0 };

	T(socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd);
	fresh("abcdef");
	T(sendmmsg, fd[0], m, 3, 0);
	show();
	fresh("");
	T(recvmmsg, fd[1], m, 4, 0, NULL);
	show();
	T(recvmmsg, fd[1], m, 4, 0, NULL);
	T(recvmmsg, fd[1], m, 4, MSG_WAITFORONE, NULL);
	fresh("ABCDEF");
	T(sendmmsg, fd[0], m, 4, 0);
	for (int i = 0; i < MANY; i++)
		iov[i].iov_len = 3;
	T(recvmmsg, fd[1], m, 2, 0, &t);
	show();
	OK(t.tv_sec == 0 && t.tv_nsec > 0);
	t = (struct timespec){ 0, 0 };
	T(recvmmsg, fd[1], m, 2, 0, &t);
	T(recvmmsg, fd[1], m, 1, MSG_WAITFORONE, NULL);
	t.tv_nsec = -1;
	T(recvmmsg, fd[1], m, 1, 0, &t);
	t.tv_nsec = 1000000000;
	T(recvmmsg, 99, m, 1, 0, &t);
	/* The third has a fault: two are sent. */
	fresh("x");
	iov[2].iov_base = (void *)1;
	T(sendmmsg, fd[0], m, 4, 0);
	fresh("");
	iov[1].iov_base = (void *)1;
	T(recvmmsg, fd[1], m, 4, 0, NULL);
	/* Linux keeps the error that ended the row for the socket's next call; husk has nowhere to keep it: a known difference. */
	S(recvmmsg, fd[1], m, 0, 0, NULL);
	T(sendmmsg, fd[0], m, 0, 0);
	T(recvmmsg, fd[1], m, 0, 0, NULL);
	T(sendmmsg, 0, m, 0, 0);
	T(sendmmsg, 99, m, 1, 0);
	T(recvmmsg, 0, m, 1, 0, NULL);
	T_BAD(t_in, sendmmsg, fd[0], bad, 1, 0);
	T_BAD(t_out, recvmmsg, fd[1], bad, 1, 0, NULL);
	fresh("last");
	MUST(sendmmsg, fd[0], m, 1, 0);
	T_BAD(t_in_opt, recvmmsg, fd[1], m, 1, 0, bad);
	/* The length has its place at the end of memory. */
	struct mmsghdr *e = (struct mmsghdr *)t_edge(sizeof(*e));
	*e = m[0];
	T(sendmmsg, fd[0], e, 1, 0);
	T(sendmmsg, fd[0], e, 2, 0);
	MUST(close, fd[0]);
	fresh("");
	T(recvmmsg, fd[1], m, 4, 0, NULL);
	show();
}

static void futexes(void)
{
	static unsigned word[2] = { 1, 2 };
	struct futex_waitv w[2] = { { 1, (uintptr_t)&word[0], FUTEX_32 | FUTEX_PRIVATE_FLAG, 0 },
				    { 2, (uintptr_t)&word[1], FUTEX_32, 0 } };
	struct timespec past = { 1, 0 };

	T(futex_waitv, w, 2, 0, &past, CLOCK_MONOTONIC);
	T(futex_waitv, w, 2, 0, &past, CLOCK_REALTIME);
	T(futex_waitv, w, 2, 0, &past, 99);
	T(futex_waitv, w, 2, 1, &past, CLOCK_MONOTONIC);
	T(futex_waitv, w, 0, 0, &past, CLOCK_MONOTONIC);
	T(futex_waitv, w, 129, 0, &past, CLOCK_MONOTONIC);
	w[1].val = 3;
	T(futex_waitv, w, 2, 0, &past, CLOCK_MONOTONIC);
	w[1].uaddr++;
	T(futex_waitv, w, 2, 0, &past, CLOCK_MONOTONIC);
	T_BAD(t_in, futex_waitv, bad, 1, 0, &past, CLOCK_MONOTONIC);
	T_BAD(t_in_opt, futex_waitv, w, 1, 0, bad, CLOCK_MONOTONIC);
}

static void priorities(void)
{
	long self = S(getpid);

	T(ioprio_get, 1, 0);
	T(ioprio_set, 1, 0, 2 << 13 | 6);
	T(ioprio_get, 1, 0);
	T(ioprio_get, 1, self);
	T(ioprio_set, 1, 0, 2 << 13 | 8);
	T(ioprio_set, 1, 0, 9 << 13);
	T(ioprio_set, 1, 0, 3 << 13);
	T(ioprio_get, 1, 0);
	T(ioprio_get, 0, 0);
	T(ioprio_get, 4, 0);
	T(ioprio_set, 0, 0, 0);
	T(ioprio_set, 4, 0, 0);
	T(ioprio_get, 1, 999999999);
	T(ioprio_set, 1, 999999999, 0);
}

MAIN
{
	messages();
	futexes();
	priorities();
}
