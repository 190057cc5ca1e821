/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes and socket pairs.
 * covers: pipe pipe2 socketpair sendto recvfrom sendmsg recvmsg shutdown getsockname getpeername setsockopt getsockopt */
#include "t.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

static char b[70000];

static void pipes(void)
{
	int p[2] = { -1, -1 }, n;

	T(pipe2, p, O_NONBLOCK | O_CLOEXEC);
	printf("%d %d\n", p[0], p[1]);
	T(fcntl, p[0], F_GETFD);
	T(fcntl, p[1], F_GETFL);
	T(read, p[0], b, 1);
	T(write, p[1], b, 70000);
	T(write, p[1], b, 1);
	T(ioctl, p[0], FIONREAD, &n);
	printf("%d\n", n);
	T(read, p[0], b, 70000);
	T(pipe2, p, O_DIRECT | O_NONBLOCK);
	T(write, p[1], "one", 3);
	T(write, p[1], "two", 3);
	T(read, p[0], b, 100);
	T(close, p[1]);
	T(read, p[0], b, 100);
	T(read, p[0], b, 100);
	T(pipe2, p, 1);
	T(pipe2, p, O_APPEND);
	T(pipe, p);
	T_BAD(t_out, pipe, bad);
	T_BAD(t_out, pipe2, bad, 0);
	T(dup, 0);
}

static void pairs(void)
{
	int s[2], d[2];

	T(socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s);
	T(socketpair, AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, d);
	T(socketpair, AF_UNIX, SOCK_SEQPACKET, 0, s + 0);
	T(socketpair, AF_UNIX, 99, 0, s);
	T(socketpair, AF_UNIX, SOCK_STREAM, 99, s);
	T(socketpair, AF_INET, SOCK_STREAM, 0, s);
	T(socketpair, 999, SOCK_STREAM, 0, s);
	T(socketpair, AF_UNIX, SOCK_STREAM | 0x100000, 0, s);
	T_BAD(t_out, socketpair, AF_UNIX, SOCK_STREAM, 0, bad);
	T(write, s[0], "hello", 5);
	T(recvfrom, s[1], b, 100, MSG_PEEK, NULL, NULL);
	T(read, s[1], b, 100);
	t_bytes("got", b, 5);
	T(sendto, d[0], "datagram", 8, 0, NULL, 0);
	T(recvfrom, d[1], b, 4, MSG_TRUNC, NULL, NULL);
	T(recvfrom, d[1], b, 4, 0, NULL, NULL);
	T(recvfrom, s[1], b, 4, MSG_DONTWAIT, NULL, NULL);
	T(sendto, 1, "x", 1, 0, NULL, 0);
	T(sendto, 99, "x", 1, 0, NULL, 0);
	T(recvfrom, 99, b, 1, 0, NULL, NULL);
	T_BAD(t_in, sendto, s[0], bad, 4, 0, NULL, 0);
	T(sendto, d[0], "again", 5, 0, NULL, 0);
	T_BAD(t_out, recvfrom, d[1], bad, 4, 0, NULL, NULL);
	T(shutdown, s[0], 1);
	T(read, s[1], b, 1);
	T(write, s[1], "back", 4);
	T(read, s[0], b, 10);
	T(shutdown, s[0], 3);
	T(shutdown, s[0], 2);
	T(shutdown, 1, 2);
	T(shutdown, 99, 2);
}

static void messages(void)
{
	int s[2], type = 0, *fdp;
	char ctl[64] = { 0 };
	struct iovec v[2] = { { "two ", 4 }, { "parts", 5 } }, in = { b, 100 };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 }, r = { .msg_iov = &in, .msg_iovlen = 1 };
	struct cmsghdr *c = (struct cmsghdr *)ctl;
	unsigned len = sizeof(type);
	char addr[110];

	MUST(socketpair, AF_UNIX, SOCK_STREAM, 0, s);
	T(sendmsg, s[0], &m, 0);
	long n = T(recvmsg, s[1], &r, 0);
	t_bytes("message", b, n);
	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(4), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(c), &(int){ 1 }, 4);
	m.msg_control = ctl, m.msg_controllen = CMSG_SPACE(4);
	T(sendmsg, s[0], &m, 0);
	memset(ctl, 0, sizeof(ctl));
	r.msg_control = ctl, r.msg_controllen = sizeof(ctl);
	T(recvmsg, s[1], &r, 0);
	fdp = (int *)CMSG_DATA(c);
	printf("control %ld type %d fd %d flags %x\n", (long)r.msg_controllen, c->cmsg_type, *fdp, r.msg_flags);
	T(fcntl, *fdp, F_GETFD);
	memcpy(CMSG_DATA(c), &(int){ 999 }, 4);
	c->cmsg_len = CMSG_LEN(4);
	T(sendmsg, s[0], &m, 0);
	m.msg_control = NULL, m.msg_controllen = 0, m.msg_iovlen = 1025;
	T(sendmsg, s[0], &m, 0);
	T_BAD(t_in, sendmsg, s[0], bad, 0);
	T_BAD(t_in, sendmsg, s[0], (&(struct msghdr){ .msg_iov = (void *)bad, .msg_iovlen = 1 }), 0);
	T_BAD(t_out, recvmsg, s[1], bad, MSG_DONTWAIT);
	T(recvmsg, 1, &r, 0);
	T(recvmsg, 99, &r, 0);
	T(getsockopt, s[0], SOL_SOCKET, SO_TYPE, &type, &len);
	printf("type %d len %u\n", type, len);
	T(getsockopt, s[0], SOL_SOCKET, SO_DOMAIN, &type, &len);
	printf("domain %d\n", type);
	type = 1;
	T(setsockopt, s[0], SOL_SOCKET, SO_PASSCRED, &type, 4);
	T(setsockopt, s[0], SOL_SOCKET, SO_PASSCRED, &type, 1);
	T(setsockopt, s[0], SOL_SOCKET, 9999, &type, 4);
	T(setsockopt, 1, SOL_SOCKET, SO_PASSCRED, &type, 4);
	T(setsockopt, 99, SOL_SOCKET, SO_PASSCRED, &type, 4);
	T(getsockopt, s[0], SOL_SOCKET, 9999, &type, &len);
	T_BAD(t_in, setsockopt, s[0], SOL_SOCKET, SO_PASSCRED, bad, 4);
	T_BAD(t_out, getsockopt, s[0], SOL_SOCKET, SO_TYPE, bad, &len);
	T_BAD(t_out, getsockopt, s[0], SOL_SOCKET, SO_TYPE, &type, bad);
	len = sizeof(addr);
	T(getsockname, s[0], addr, &len);
	printf("len %u family %d\n", len, addr[0]);
	len = sizeof(addr);
	T(getpeername, s[0], addr, &len);
	T(getsockname, 1, addr, &len);
	T(getpeername, 99, addr, &len);
	len = 110;
	T_BAD(t_out, getsockname, s[0], addr, bad);
	T_BAD(t_out, getpeername, s[0], bad, &len);
	len = -1U;
	T(getsockname, s[0], addr, &len);
	T(close, s[1]);
	T(sendto, s[0], "x", 1, MSG_NOSIGNAL, NULL, 0);
}

MAIN
{
	pipes();
	pairs();
	messages();
}
