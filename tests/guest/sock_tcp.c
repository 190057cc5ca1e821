/* SPDX-License-Identifier: Apache-2.0 */
/* TCP on loopback, both ends in one process: the life of a connection, errors, flags, urgent data, shutdown, resets, timeouts.
 * covers: socket bind listen accept accept4 connect shutdown getsockname getpeername
 * husk: --net host */
#include "sock.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

static char buf[65536];

static void show(const char *what, const union addr *u, socklen_t len)
{
	printf("%s: family %d length %u", what, u->sa.sa_family, len);
	if (u->sa.sa_family == AF_INET)
		printf(" %08x port %s", ntohl(u->in.sin_addr.s_addr), u->in.sin_port ? "set" : "0");
	if (u->sa.sa_family == AF_INET6) {
		t_bytes(" addr", &u->in6.sin6_addr, 16);
		printf(" port %s scope %u", u->in6.sin6_port ? "set" : "0", u->in6.sin6_scope_id);
	}
	printf("\n");
}

static void life(int family)
{
	union addr u, v;
	socklen_t len = loopback(&u, family);
	int l = (int)T(socket, family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), c, a;

	T(fcntl, l, F_GETFD);
	T(fcntl, l, F_GETFL);
	T(getsockname, l, &v, &len);
	T(listen, l, -1);
	T(listen, l, 5);
	MUST(close, l);
	l = (int)MUST(socket, family, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP);
	T(accept, l, NULL, NULL);
	len = loopback(&u, family);
	T(bind, l, &u, len);
	T(bind, l, &u, len);
	T(listen, l, 1);
	T(accept, l, NULL, NULL);
	T(getsockname, l, &u, &len);
	show("name", &u, len);
	T(getpeername, l, &v, &len);
	READY(l, POLLIN | POLLOUT);
	c = (int)MUST(socket, family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	READY(c, POLLIN | POLLOUT);
	len = addr_size(&u);
	long r = S(connect, c, &u, len);
	OK(r == -EINPROGRESS || r == 0);
	WAIT(c, POLLOUT);
	T(connect, c, &u, len);
	WAIT(l, POLLIN);
	len = sizeof(v);
	a = (int)T(accept4, l, &v, &len, SOCK_CLOEXEC);
	show("peer", &v, len);
	T(fcntl, a, F_GETFD);
	T(fcntl, a, F_GETFL);
	len = sizeof(u);
	T(getpeername, a, &u, &len);
	OK(memcmp(&u, &v, len) == 0);
	T(accept4, l, NULL, NULL, 1);
	T(accept4, l, NULL, NULL, SOCK_NONBLOCK);
	T(write, c, "hello", 5);
	WAIT(a, POLLIN);
	T(ioctl, a, FIONREAD, buf);
	T(recvfrom, a, buf, 3, MSG_PEEK, NULL, NULL);
	T(recvfrom, a, buf, 2, 0, NULL, NULL);
	T(read, a, buf, 100);
	t_bytes("got", buf, 3);
	T(recvfrom, a, buf, 100, MSG_DONTWAIT, NULL, NULL);
	MUST(close, a);
	WAIT(c, POLLIN | POLLRDHUP);
	T(read, c, buf, 100);
	MUST(close, c);
	MUST(close, l);
}

static void half_closed(void)
{
	int fd[2];

	tcp_pair(AF_INET, fd);
	T(sendto, fd[0], "last words", 10, MSG_NOSIGNAL | MSG_MORE, NULL, 0);
	T(shutdown, fd[0], SHUT_WR);
	T(sendto, fd[0], "x", 1, MSG_NOSIGNAL, NULL, 0);
	T(recvfrom, fd[1], buf, 100, MSG_WAITALL, NULL, NULL);
	T(recvfrom, fd[1], buf, 100, 0, NULL, NULL);
	READY(fd[1], POLLIN | POLLOUT | POLLRDHUP);
	T(sendto, fd[1], "answer", 6, 0, NULL, 0);
	WAIT(fd[0], POLLIN);
	T(recvfrom, fd[0], buf, 100, 0, NULL, NULL);
	T(shutdown, fd[0], SHUT_RD);
	T(recvfrom, fd[0], buf, 100, 0, NULL, NULL);
	READY(fd[0], POLLIN | POLLOUT | POLLRDHUP);
	T(shutdown, fd[1], SHUT_RDWR);
	READY(fd[1], POLLIN | POLLOUT | POLLRDHUP);
	T(shutdown, fd[1], 3);
	T(shutdown, fd[1], -1);
	T(shutdown, 0, SHUT_RD);
	T(shutdown, 99, SHUT_RD);
	MUST(close, fd[0]);
	MUST(close, fd[1]);
	fd[0] = (int)MUST(socket, AF_INET, SOCK_STREAM, 0);
	T(shutdown, fd[0], SHUT_WR);
	T(recvfrom, fd[0], buf, 1, 0, NULL, NULL);
	T(sendto, fd[0], "x", 1, MSG_NOSIGNAL, NULL, 0);
	MUST(close, fd[0]);
}

static void reset(void)
{
	struct linger now = { 1, 0 };
	int fd[2], error = 0;
	socklen_t len = sizeof(error);

	tcp_pair(AF_INET, fd);
	T(setsockopt, fd[0], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	MUST(close, fd[0]);
	WAIT(fd[1], POLLIN | POLLOUT);
	T(getsockopt, fd[1], SOL_SOCKET, SO_ERROR, &error, &len);
	OK(error == ECONNRESET);
	T(read, fd[1], buf, 1);
	T(sendto, fd[1], "x", 1, MSG_NOSIGNAL, NULL, 0);
	MUST(close, fd[1]);
	tcp_pair(AF_INET6, fd);
	T(setsockopt, fd[0], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	MUST(close, fd[0]);
	WAIT(fd[1], POLLIN);
	T(read, fd[1], buf, 1);
	T(read, fd[1], buf, 1);
	MUST(close, fd[1]);
}

static void refused(void)
{
	union addr u;
	int l = bound(AF_INET, SOCK_STREAM, &u), c = (int)MUST(socket, AF_INET, SOCK_STREAM, 0), error = 0;
	socklen_t len = sizeof(error);

	T(connect, c, &u, sizeof(u.in));
	T(getsockopt, c, SOL_SOCKET, SO_ERROR, &error, &len);
	READY(c, POLLIN | POLLOUT);
	MUST(close, c);
	c = (int)MUST(socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	long r = S(connect, c, &u, sizeof(u.in));
	OK(r == -EINPROGRESS || r == -ECONNREFUSED);
	if (r == -EINPROGRESS) {
		WAIT(c, POLLOUT);
		S(getsockopt, c, SOL_SOCKET, SO_ERROR, &error, &len);
		OK(error == ECONNREFUSED);
	}
	MUST(close, c);
	c = (int)MUST(socket, AF_INET, SOCK_STREAM, 0);
	T(bind, c, &u, sizeof(u.in));
	T(connect, c, &u, sizeof(u.in) - 1);
	T(connect, c, &u, 1);
	T(connect, c, &u, 0);
	u.sa.sa_family = AF_INET6;
	T(connect, c, &u, sizeof(u.in6));
	T(bind, c, &u, sizeof(u.in6));
	u.sa.sa_family = AF_UNSPEC;
	T(connect, c, &u, sizeof(u.in));
	T(bind, c, &u, sizeof(u.in));
	u.sa.sa_family = AF_INET;
	u.in.sin_addr.s_addr = htonl(0xc0000263); /* 192.0.2.99, somebody else's */
	u.in.sin_port = 0;
	T(bind, c, &u, sizeof(u.in));
	loopback(&u, AF_INET);
	u.in.sin_port = htons(1);
	T(bind, c, &u, sizeof(u.in));
	MUST(close, c);
	MUST(close, l);
}

static void urgent(void)
{
	int fd[2], one = 1, mark = 9;

	tcp_pair(AF_INET, fd);
	T(sendto, fd[0], "abc", 3, MSG_OOB, NULL, 0);
	T(sendto, fd[0], "de", 2, 0, NULL, 0);
	WAIT(fd[1], POLLPRI);
	T(ioctl, fd[1], SIOCATMARK, &mark);
	printf("mark %d\n", mark);
	T(recvfrom, fd[1], buf, 100, 0, NULL, NULL);
	T(ioctl, fd[1], SIOCATMARK, &mark);
	printf("mark %d\n", mark);
	T(recvfrom, fd[1], buf, 100, MSG_OOB | MSG_PEEK, NULL, NULL);
	T(recvfrom, fd[1], buf, 100, MSG_OOB, NULL, NULL);
	t_bytes("urgent", buf, 1);
	T(recvfrom, fd[1], buf, 100, MSG_OOB, NULL, NULL);
	WAIT(fd[1], POLLIN);
	T(recvfrom, fd[1], buf, 100, 0, NULL, NULL);
	T(setsockopt, fd[1], SOL_SOCKET, SO_OOBINLINE, &one, sizeof(one));
	T(sendto, fd[0], "fg", 2, MSG_OOB, NULL, 0);
	WAIT(fd[1], POLLPRI);
	T(recvfrom, fd[1], buf, 100, 0, NULL, NULL);
	T(recvfrom, fd[1], buf, 100, 0, NULL, NULL);
	T(recvfrom, fd[1], buf, 100, MSG_OOB, NULL, NULL);
	MUST(close, fd[0]);
	MUST(close, fd[1]);
}

static void vectors(void)
{
	struct iovec v[3] = { { "one ", 4 }, { NULL, 0 }, { "three", 5 } };
	int fd[2], p[2], f;
	loff_t off = 2;
	char *edge = t_edge(4);

	tcp_pair(AF_INET6, fd);
	T(writev, fd[0], v, 3);
	v[0] = (struct iovec){ buf, 2 };
	v[1] = (struct iovec){ buf + 100, 3 };
	T(readv, fd[1], v, 2);
	t_bytes("2", buf, 2);
	t_bytes("3", buf + 100, 3);
	t_file("f", "file in a row");
	f = (int)MUST(open, "f", O_RDONLY);
	T(sendfile, fd[0], f, &off, 4);
	OK(off == 6);
	MUST(pipe, p);
	T(splice, f, NULL, p[1], NULL, 4, 0);
	T(splice, p[0], NULL, fd[0], NULL, 4, 0);
	T(shutdown, fd[0], SHUT_WR);
	T(recvfrom, fd[1], buf, 100, MSG_WAITALL, NULL, NULL);
	t_bytes("rest", buf, 12);
	T(sendto, fd[1], edge, 8, 0, NULL, 0);
	T(sendto, fd[1], edge, 4, 0, NULL, 0);
	WAIT(fd[0], POLLIN);
	T(splice, fd[0], NULL, p[1], NULL, 100, 0);
	T(read, p[0], buf, 100);
	T(sendto, fd[1], "abcdefgh", 8, 0, NULL, 0);
	WAIT(fd[0], POLLIN);
	T(recvfrom, fd[0], edge, 8, 0, NULL, NULL);
	T(recvfrom, fd[0], edge, 4, MSG_TRUNC, NULL, NULL);
	MUST(close, fd[0]);
	MUST(close, fd[1]);
}

static void timeouts(void)
{
	struct timeval little = { 0, 30000 };
	int fd[2], l;
	union addr u;
	long r;

	l = listener(AF_INET, 0, &u);
	tcp_pair(AF_INET, fd);
	T(setsockopt, fd[0], SOL_SOCKET, SO_RCVTIMEO, &little, sizeof(little));
	T(setsockopt, l, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof(little));
	T(accept, l, NULL, NULL);
	T(recvfrom, fd[0], buf, 1, 0, NULL, NULL);
	T(setsockopt, fd[0], SOL_SOCKET, SO_SNDTIMEO, &little, sizeof(little));
	do
		r = S(sendto, fd[0], buf, sizeof(buf), 0, NULL, 0);
	while (r > 0);
	OK(r == -EAGAIN);
	MUST(close, fd[0]);
	MUST(close, fd[1]);
	MUST(close, l);
}

static void events(void)
{
	struct epoll_event ev = { EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, { .u64 = 7 } }, got[4];
	int fd[2], ep = (int)MUST(epoll_create1, 0);

	tcp_pair(AF_INET, fd);
	T(epoll_ctl, ep, EPOLL_CTL_ADD, fd[0], &ev);
	T(epoll_wait, ep, got, 4, 0);
	printf("  %x\n", got[0].events);
	T(epoll_wait, ep, got, 4, 0);
	MUST(write, fd[1], "x", 1);
	WAIT(fd[0], POLLIN);
	T(epoll_wait, ep, got, 4, 1000);
	printf("  %x\n", got[0].events);
	MUST(shutdown, fd[1], SHUT_WR);
	WAIT(fd[0], POLLRDHUP);
	T(epoll_wait, ep, got, 4, 1000);
	printf("  %x\n", got[0].events);
	MUST(close, fd[0]);
	T(epoll_wait, ep, got, 4, 0);
	MUST(close, fd[1]);
	MUST(close, ep);
}

static void sharing(void)
{
	int one = 1, a, b, c;
	union addr u;

	a = (int)MUST(socket, AF_INET, SOCK_STREAM, 0);
	MUST(setsockopt, a, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	socklen_t len = loopback(&u, AF_INET);
	MUST(bind, a, &u, len);
	MUST(getsockname, a, &u, &len);
	MUST(listen, a, 4);
	b = (int)MUST(socket, AF_INET, SOCK_STREAM, 0);
	T(bind, b, &u, len);
	T(setsockopt, b, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	T(bind, b, &u, len);
	T(setsockopt, b, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	T(bind, b, &u, len);
	T(listen, b, 4);
	c = (int)MUST(socket, AF_INET, SOCK_STREAM, 0);
	T(connect, c, &u, len);
	MUST(close, a);
	MUST(close, b);
	MUST(close, c);
}

MAIN
{
	life(AF_INET);
	life(AF_INET6);
	half_closed();
	reset();
	refused();
	urgent();
	vectors();
	timeouts();
	events();
	sharing();
}
