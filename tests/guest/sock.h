/* SPDX-License-Identifier: Apache-2.0 */
/* What the guest programs about sockets share: loopback addresses with ports that the kernel chooses (and that are therefore not printed). */
#ifndef SOCK_H
#define SOCK_H

#include "t.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

union addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage all;
};

static T_UNUSED socklen_t loopback(union addr *u, int family)
{
	memset(u, 0, sizeof(*u));
	if (family == AF_INET) {
		u->in.sin_family = AF_INET;
		u->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(u->in);
	}
	u->in6.sin6_family = AF_INET6;
	u->in6.sin6_addr.s6_addr[15] = 1;
	return sizeof(u->in6);
}

static T_UNUSED socklen_t unix_addr(union addr *u, const char *path)
{
	memset(u, 0, sizeof(*u));
	u->un.sun_family = AF_UNIX;
	memcpy(u->un.sun_path, path, strlen(path) + 1);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
}

/* A socket that is bound to a free port of loopback; *u is its name. */
static T_UNUSED int bound(int family, int type, union addr *u)
{
	socklen_t len = loopback(u, family);
	int fd = (int)MUST(socket, family, type, 0);

	MUST(bind, fd, u, len);
	MUST(getsockname, fd, u, &len);
	return fd;
}

static T_UNUSED int listener(int family, int flags, union addr *u)
{
	int fd = bound(family, SOCK_STREAM | flags, u);

	MUST(listen, fd, 8);
	return fd;
}

static T_UNUSED socklen_t addr_size(const union addr *u)
{
	return u->sa.sa_family == AF_INET ? sizeof(u->in) : sizeof(u->in6);
}

/* A connected pair of TCP sockets. */
static T_UNUSED void tcp_pair(int family, int fd[2])
{
	union addr u;
	int l = listener(family, 0, &u);

	fd[0] = (int)MUST(socket, family, SOCK_STREAM, 0);
	MUST(connect, fd[0], &u, addr_size(&u));
	fd[1] = (int)MUST(accept, l, NULL, NULL);
	MUST(close, l);
}

/* What poll says at once, or after what is under way on loopback has arrived. */
static T_UNUSED void ready(const char *what, int fd, short events, int ms)
{
	struct pollfd p = { fd, events, 0 };
	long n = S(poll, &p, 1, ms);

	printf("%s: %ld %#x\n", what, n, (unsigned)p.revents);
}

#define READY(fd, events) ready("poll(" #fd ", " #events ")", fd, events, 0)
#define WAIT(fd, events)  ready("wait(" #fd ", " #events ")", fd, events, 5000)

static T_UNUSED void no_signal(int sig)
{
	(void)sig;
}

/* SIGALRM soon, to interrupt a call: with SA_RESTART in flags the call goes on. */
static T_UNUSED void interrupt(int flags)
{
	struct sigaction act = { .sa_handler = no_signal, .sa_flags = flags };

	sigaction(SIGALRM, &act, NULL);
	ualarm(20000, 20000);
}

static T_UNUSED void quiet(void)
{
	ualarm(0, 0);
}

#endif
