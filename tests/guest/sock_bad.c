/* SPDX-License-Identifier: Apache-2.0 */
/* Every socket call with bad descriptors, pointers, lengths and flags; control messages that are garbage.
 * covers: socket bind listen accept accept4 connect getsockname getpeername sendto recvfrom sendmsg recvmsg setsockopt getsockopt shutdown
 * husk: --net host */
#include "sock.h"

#include <sys/uio.h>

static char buf[4096];

/* Each call on no descriptor, on a file, on a name (O_PATH), on a socket of another kind. */
static void descriptors(void)
{
	int path = (int)MUST(open, ".", O_PATH), file = (int)MUST(open, "f", O_RDWR | O_CREAT, 0600), pipefd[2], fds[5];
	struct msghdr m = { 0 };
	socklen_t len = 8;
	union addr u;

	loopback(&u, AF_INET);
	MUST(pipe, pipefd);
	fds[0] = -1;
	fds[1] = 9999;
	fds[2] = path;
	fds[3] = file;
	fds[4] = pipefd[0];
	for (int i = 0; i < 5; i++) {
		printf("-- %d\n", i);
		T(bind, fds[i], &u, sizeof(u.in));
		T(connect, fds[i], &u, sizeof(u.in));
		T(listen, fds[i], 1);
		T(accept, fds[i], NULL, NULL);
		T(accept4, fds[i], NULL, NULL, 0);
		T(accept4, fds[i], NULL, NULL, 4);
		T(getsockname, fds[i], &u, &len);
		T(getpeername, fds[i], &u, &len);
		T(sendto, fds[i], "x", 1, 0, NULL, 0);
		T(sendto, fds[i], "x", 1, 0, &u, sizeof(u.in));
		T(recvfrom, fds[i], buf, 1, 0, NULL, NULL);
		T(sendmsg, fds[i], &m, 0);
		T(recvmsg, fds[i], &m, 0);
		T(setsockopt, fds[i], SOL_SOCKET, SO_KEEPALIVE, &len, 4);
		T(setsockopt, fds[i], SOL_SOCKET, 9999, &len, 4);
		T(getsockopt, fds[i], SOL_SOCKET, SO_KEEPALIVE, buf, &len);
		T(getsockopt, fds[i], 9999, 9999, buf, &len);
		T(shutdown, fds[i], SHUT_RD);
	}
}

static void kinds(void)
{
	T(socket, -1, SOCK_STREAM, 0);
	T(socket, 0, SOCK_STREAM, 0);
	T(socket, 9999, SOCK_STREAM, 0);
	T(socket, AF_INET, 0, 0);
	T(socket, AF_INET, 11, 0);
	T(socket, AF_INET, SOCK_STREAM | 0x10000, 0);
	T(socket, AF_INET, SOCK_STREAM, IPPROTO_UDP);
	T(socket, AF_INET, SOCK_DGRAM, IPPROTO_TCP);
	T(socket, AF_INET, SOCK_STREAM, 300);
	T(socket, AF_INET, SOCK_STREAM, -1);
	T(socket, AF_INET, SOCK_SEQPACKET, 0);
	T(socket, AF_INET, SOCK_RAW, IPPROTO_ICMP);
	T(socket, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	T(socket, AF_INET6, SOCK_DCCP, 0);
	T(socket, AF_NETLINK, SOCK_STREAM, 0);
	T(socketpair, AF_INET, SOCK_STREAM, 0, buf);
	T(socketpair, AF_UNIX, SOCK_STREAM | 0x10000, 0, buf);
}

static void pointers(int family)
{
	union addr u;
	int l = listener(family, SOCK_NONBLOCK, &u), c, x = bound(family, SOCK_DGRAM | SOCK_NONBLOCK, &u), fd[2];
	socklen_t len = addr_size(&u);

	c = (int)MUST(socket, family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	T_BAD(t_in, bind, c, bad, len);
	T_BAD(t_in, connect, c, bad, len);
	T_BAD(t_in_opt, sendto, x, "x", 1, 0, bad, len);
	T_BAD(t_in, sendto, x, bad, 8, 0, &u, len);
	T_BAD(t_out_opt, getsockname, x, bad, &len);
	T_BAD(t_out, getsockname, x, buf, bad);
	tcp_pair(family, fd);
	T_BAD(t_out_opt, getpeername, fd[0], bad, &len);
	T_BAD(t_out, getpeername, fd[0], buf, bad);
	for (int n = -1; n < 40; n++)
		t_show("bind", " of a length", S(bind, x, &u, n));
	T(bind, c, &u, 129);
	T(bind, c, &u, 0x80000000);
	T(connect, c, &u, 0x7fffffff);
	/* Each failed accept takes its connection with it. */
	const struct t_ptr *p = t_out();
	getsockname(l, &u.sa, &len);
	for (; p->name; p++) {
		int k = (int)MUST(socket, family, SOCK_STREAM, 0);

		MUST(connect, k, &u, addr_size(&u));
		t_show("accept with a length at ", p->name, S(accept, l, buf, p->p));
		S(accept, l, NULL, NULL);
		MUST(close, k);
	}
	T(accept, l, NULL, NULL);
	len = (socklen_t)-5;
	T(getsockname, x, buf, &len);
	T(recvfrom, x, buf, 1, 0, buf, &len);
	T(getsockopt, x, SOL_SOCKET, SO_TYPE, buf, &len);
	T(setsockopt, x, SOL_SOCKET, SO_KEEPALIVE, buf, -1);
	T_BAD(t_in, setsockopt, x, SOL_SOCKET, SO_KEEPALIVE, bad, 4);
	len = 4;
	T_BAD(t_out, getsockopt, x, SOL_SOCKET, SO_TYPE, bad, &len);
	T_BAD(t_out, getsockopt, x, SOL_SOCKET, SO_TYPE, buf, bad);
}

static void messages(void)
{
	struct iovec v = { buf, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	int fd[2];
	union addr u;

	MUST(socketpair, AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fd);
	T_BAD(t_in, sendmsg, fd[0], bad, 0);
	T_BAD(t_out, recvmsg, fd[1], bad, 0);
	for (const struct t_ptr *p = t_in(); p->name; p++) {
		m.msg_iov = (void *)p->p;
		t_show("sendmsg with a vector at ", p->name, S(sendmsg, fd[0], &m, 0));
		m.msg_iov = &v;
		m.msg_control = p->p;
		m.msg_controllen = 32;
		t_show("sendmsg with control at ", p->name, S(sendmsg, fd[0], &m, 0));
		m.msg_controllen = 0;
		S(recvfrom, fd[1], buf, 1, 0, NULL, NULL);
		m.msg_name = p->p;
		m.msg_namelen = 16;
		t_show("sendmsg with a name at ", p->name, S(sendmsg, fd[0], &m, 0));
		m.msg_name = NULL;
		m.msg_namelen = 0;
		S(recvfrom, fd[1], buf, 1, 0, NULL, NULL);
	}
	m.msg_iovlen = 1025;
	T(sendmsg, fd[0], &m, 0);
	m.msg_iovlen = 1;
	v.iov_len = (size_t)-1;
	T(sendmsg, fd[0], &m, 0);
	v.iov_len = 1;
	m.msg_name = unix_addr(&u, "nobody") ? &u : NULL;
	for (int n = -1; n < 5; n++) {
		m.msg_namelen = (socklen_t)n;
		t_show("sendmsg", " with a name of a length", S(sendmsg, fd[0], &m, 0));
	}
	m.msg_namelen = 500;
	T(sendmsg, fd[0], &m, 0);
	m.msg_namelen = (socklen_t)-1;
	T(recvmsg, fd[1], &m, 0);
}

/* Control messages with every length and level; whatever was passed is received and closed. */
static void garbage(int family)
{
	static union {
		struct cmsghdr head;
		int words[32];
		char bytes[128];
	} c;
	struct iovec v = { buf, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &c };
	static const int levels[] = { SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, 17, 12345 };
	int fd[2], file = (int)MUST(open, "f", O_RDONLY);

	if (family == AF_UNIX)
		MUST(socketpair, AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fd);
	else
		tcp_pair(family, fd);
	for (unsigned i = 0; i < 5; i++) {
		for (int type = 0; type < 5; type++) {
			for (unsigned len = 0; len < 40; len += 7) {
				for (int w = 4; w < 32; w++)
					c.words[w] = file;
				c.head.cmsg_level = levels[i];
				c.head.cmsg_type = type;
				c.head.cmsg_len = len;
				m.msg_controllen = 36;
				printf("%d %d %u", levels[i], type, len);
				t_show(" sendmsg", "", S(sendmsg, fd[0], &m, MSG_NOSIGNAL | MSG_DONTWAIT));
				S(recvfrom, fd[1], buf, 1, MSG_DONTWAIT, NULL, NULL);
			}
		}
	}
	MUST(close, fd[0]);
	MUST(close, fd[1]);
	MUST(close, file);
}

static void flags(void)
{
	int fd[2];

	tcp_pair(AF_INET, fd);
	for (unsigned bit = 0; bit < 32; bit++) {
		unsigned flag = 1U << bit;

		/* a flag that moves data, asks for what there is not, or opens a connection, has its own place */
		if (flag == MSG_FASTOPEN || flag == MSG_ZEROCOPY)
			continue;
		printf("%x", flag);
		t_show(" sendto", "", S(sendto, fd[0], "ab", 2, flag | MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0));
		ready("", fd[1], POLLIN, flag == MSG_MORE || flag == MSG_OOB ? 250 : 1000);
		printf("%x", flag);
		t_show(" recvfrom", "", S(recvfrom, fd[1], buf, 100, flag | MSG_DONTWAIT, NULL, NULL));
		while (S(recvfrom, fd[1], buf, 100, MSG_DONTWAIT, NULL, NULL) > 0)
			;
	}
	MUST(close, fd[0]);
	MUST(close, fd[1]);
}

MAIN
{
	descriptors();
	kinds();
	pointers(AF_INET);
	pointers(AF_INET6);
	messages();
	garbage(AF_UNIX);
	garbage(AF_INET);
	garbage(AF_INET6);
	flags();
}
