/* SPDX-License-Identifier: Apache-2.0 */
/* UDP on loopback: addresses, truncation, peeking, control messages, errors that come back, several at once, IPv4 through IPv6.
 * covers: sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg
 * husk: --net host */
#include "sock.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/udp.h>
#include <sys/uio.h>

static char buf[70000];
static union {
	struct cmsghdr align;
	char bytes[512];
} control;

static void plain(int family)
{
	union addr a, b, from;
	int x = bound(family, SOCK_DGRAM | SOCK_NONBLOCK, &a), y = bound(family, SOCK_DGRAM, &b);
	socklen_t len = sizeof(from), size = addr_size(&a);

	T(recvfrom, x, buf, 100, 0, NULL, NULL);
	READY(x, POLLIN | POLLOUT);
	T(sendto, y, "hello", 5, 0, &a, size);
	T(sendto, y, "", 0, 0, &a, size);
	WAIT(x, POLLIN);
	T(recvfrom, x, buf, 2, MSG_PEEK | MSG_TRUNC, &from, &len);
	OK(len == size && memcmp(&from, &b, size) == 0);
	len = 4;
	T(recvfrom, x, buf, 2, MSG_TRUNC, &from, &len);
	printf("length %u\n", len);
	len = sizeof(from);
	T(recvfrom, x, buf, 2, 0, &from, &len);
	T(recvfrom, x, buf, 2, 0, &from, &len);
	T(sendto, x, "x", 1, 0, NULL, 0);
	T(sendto, x, "x", 1, 0, &a, 3);
	T(sendto, x, "x", 1, 0, &a, 0);
	T(sendto, x, "x", 1, 0, &a, 200);
	T(sendto, x, "x", 1, 0, &a, -1);
	T(sendto, x, "x", 1, MSG_OOB, &b, size);
	T(sendto, x, buf, 65536, 0, &b, size);
	T(sendto, x, buf, 65000, 0, &b, size);
	WAIT(y, POLLIN);
	T(recvfrom, y, buf, sizeof(buf), 0, NULL, NULL);
	T(listen, x, 1);
	T(accept, x, NULL, NULL);
	T(connect, x, &b, size);
	T(sendto, x, "to the one", 10, 0, NULL, 0);
	T(sendto, x, "to the other", 12, 0, &a, size);
	T(recvfrom, y, buf, 100, 0, NULL, NULL);
	len = sizeof(from);
	T(getpeername, x, &from, &len);
	OK(memcmp(&from, &b, size) == 0);
	WAIT(x, POLLOUT);
	b.sa.sa_family = AF_UNSPEC;
	T(connect, x, &b, size);
	T(getpeername, x, &from, &len);
	T(sendto, x, "x", 1, 0, NULL, 0);
	T(shutdown, x, SHUT_RD);
	MUST(close, x);
	MUST(close, y);
}

/* Nobody is there: the error comes with the next call, or in the error queue. */
static void refused(void)
{
	struct iovec v = { buf, 100 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	int x, one = 1, error = 0;
	socklen_t len = sizeof(error);
	union addr u, from;

	MUST(close, bound(AF_INET, SOCK_DGRAM, &u));
	x = (int)MUST(socket, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	T(connect, x, &u, sizeof(u.in));
	T(sendto, x, "x", 1, 0, NULL, 0);
	WAIT(x, POLLIN);
	T(recvfrom, x, buf, 1, 0, NULL, NULL);
	T(sendto, x, "x", 1, 0, NULL, 0);
	WAIT(x, POLLIN);
	T(getsockopt, x, SOL_SOCKET, SO_ERROR, &error, &len);
	OK(error == ECONNREFUSED);
	T(setsockopt, x, IPPROTO_IP, IP_RECVERR, &one, sizeof(one));
	T(sendto, x, "whom", 4, 0, NULL, 0);
	WAIT(x, POLLERR);
	m.msg_name = &from;
	m.msg_namelen = sizeof(from);
	m.msg_control = &control;
	m.msg_controllen = sizeof(control);
	T(recvmsg, x, &m, MSG_ERRQUEUE);
	printf("flags %x name %u control %zu\n", (unsigned)m.msg_flags, m.msg_namelen, (size_t)m.msg_controllen);
	t_bytes("what was sent", buf, 4);
	const struct sock_extended_err *e = (void *)CMSG_DATA(CMSG_FIRSTHDR(&m));
	printf("errno %u origin %d type %d code %d\n", e->ee_errno, e->ee_origin, e->ee_type, e->ee_code);
	T(recvmsg, x, &m, MSG_ERRQUEUE);
	MUST(close, x);
}

static void show_control(const struct msghdr *m)
{
	printf("  flags %x\n", (unsigned)m->msg_flags);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR((struct msghdr *)m, c)) {
		printf("  level %d type %d length %zu", c->cmsg_level, c->cmsg_type, (size_t)c->cmsg_len);
		if (c->cmsg_level == SOL_SOCKET)
			printf(" a time\n");
		else
			t_bytes("", CMSG_DATA(c), (long)(c->cmsg_len - CMSG_LEN(0)));
	}
}

static void received(int fd, size_t room)
{
	struct iovec v = { buf, 100 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = room };

	WAIT(fd, POLLIN);
	T(recvmsg, fd, &m, 0);
	show_control(&m);
}

static void put(struct msghdr *m, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *c = (void *)(control.bytes + m->msg_controllen);

	memset(c, 0, sizeof(*c)); /* musl has a hole in it */
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	m->msg_control = &control;
	m->msg_controllen += CMSG_SPACE(len);
}

static void controls(int family)
{
	int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6, one = 1, hops = 17;
	struct iovec v = { buf, 10 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	struct in6_pktinfo i6 = { .ipi6_ifindex = 1 };
	struct in_pktinfo i4 = { .ipi_ifindex = 1 };
	union addr a, b;
	int x = bound(family, SOCK_DGRAM, &a), y = bound(family, SOCK_DGRAM, &b);

	T(setsockopt, x, level, family == AF_INET ? IP_PKTINFO : IPV6_RECVPKTINFO, &one, sizeof(one));
	T(setsockopt, x, level, family == AF_INET ? IP_RECVTTL : IPV6_RECVHOPLIMIT, &one, sizeof(one));
	T(setsockopt, x, level, family == AF_INET ? IP_RECVTOS : IPV6_RECVTCLASS, &one, sizeof(one));
	T(sendto, y, "x", 1, 0, &a, addr_size(&a));
	received(x, sizeof(control));
	T(setsockopt, x, SOL_SOCKET, SO_TIMESTAMP, &one, sizeof(one));
	m.msg_name = &a;
	m.msg_namelen = addr_size(&a);
	put(&m, level, family == AF_INET ? IP_TTL : IPV6_HOPLIMIT, &hops, sizeof(hops));
	hops = 8;
	put(&m, level, family == AF_INET ? IP_TOS : IPV6_TCLASS, &hops, sizeof(hops));
	if (family == AF_INET)
		put(&m, level, IP_PKTINFO, &i4, sizeof(i4));
	else
		put(&m, level, IPV6_PKTINFO, &i6, sizeof(i6));
	T(sendmsg, y, &m, 0);
	received(x, sizeof(control));
	T(setsockopt, x, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
	one = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;
	T(setsockopt, x, SOL_SOCKET, SO_TIMESTAMPING, &one, sizeof(one));
	T(sendto, y, "x", 1, 0, &a, addr_size(&a));
	received(x, 40);
	m.msg_controllen = 0;
	put(&m, level, 99, &hops, sizeof(hops));
	T(sendmsg, y, &m, 0);
	m.msg_controllen = 0;
	put(&m, level, family == AF_INET ? IP_TTL : IPV6_HOPLIMIT, &hops, 1);
	T(sendmsg, y, &m, 0);
	m.msg_controllen = 0;
	put(&m, 12345, 6, &hops, 4);
	T(sendmsg, y, &m, 0);
	MUST(close, x);
	MUST(close, y);
}

#define ROW 3

static void rows(void)
{
	struct mmsghdr m[ROW] = { 0 };
	union addr a, from[ROW];
	struct iovec v[ROW];
	int x = bound(AF_INET, SOCK_DGRAM, &a), y = (int)MUST(socket, AF_INET, SOCK_DGRAM, 0);

	for (int i = 0; i < ROW; i++) {
		v[i] = (struct iovec){ buf + 1000 * i, (size_t)i + 1 };
		m[i].msg_hdr = (struct msghdr){
			.msg_name = &a, .msg_namelen = sizeof(a.in), .msg_iov = &v[i], .msg_iovlen = 1
		};
	}
	T(sendmmsg, y, m, ROW, 0);
	for (int i = 0; i < ROW; i++) {
		v[i].iov_len = 2;
		m[i].msg_hdr.msg_name = &from[i];
		m[i].msg_hdr.msg_namelen = sizeof(from[i]);
	}
	WAIT(x, POLLIN);
	T(recvmmsg, x, m, ROW, MSG_WAITFORONE, NULL);
	for (int i = 0; i < ROW; i++)
		printf("  %u flags %x name %u\n", m[i].msg_len, (unsigned)m[i].msg_hdr.msg_flags,
		       m[i].msg_hdr.msg_namelen);
	MUST(close, x);
	MUST(close, y);
}

static void mapped(void)
{
	int x = (int)MUST(socket, AF_INET6, SOCK_DGRAM, 0), y, one = 1;
	union addr a = { .in6 = { .sin6_family = AF_INET6 } }, from;
	socklen_t len = sizeof(a.in6);

	T(bind, x, &a, sizeof(a.in6));
	MUST(getsockname, x, &a, &len);
	y = (int)MUST(socket, AF_INET, SOCK_DGRAM, 0);
	in_port_t port = a.in6.sin6_port;
	loopback(&a, AF_INET);
	a.in.sin_port = port;
	T(sendto, y, "four", 4, 0, &a, sizeof(a.in));
	len = sizeof(from);
	T(recvfrom, x, buf, 100, 0, &from, &len);
	t_bytes("from", &from.in6.sin6_addr, 16);
	T(sendto, x, "six to four", 11, 0, &from, len);
	T(recvfrom, y, buf, 100, 0, NULL, NULL);
	T(sendto, x, "six", 3, 0, &a, sizeof(a.in));
	a.sa.sa_family = AF_UNSPEC;
	T(sendto, x, "unspec", 6, 0, &a, sizeof(a.in));
	T(sendto, y, "unspec", 6, 0, &a, sizeof(a.in));
	WAIT(x, POLLIN);
	MUST(close, x);
	x = (int)MUST(socket, AF_INET6, SOCK_DGRAM, 0);
	T(setsockopt, x, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	T(connect, x, &from, sizeof(from.in6));
	loopback(&a, AF_INET);
	a.in.sin_addr.s_addr = INADDR_BROADCAST;
	a.in.sin_port = htons(9);
	T(sendto, y, "all", 3, 0, &a, sizeof(a.in));
	MUST(close, x);
	MUST(close, y);
}

MAIN
{
	plain(AF_INET);
	plain(AF_INET6);
	refused();
	controls(AF_INET);
	controls(AF_INET6);
	rows();
	mapped();
}
