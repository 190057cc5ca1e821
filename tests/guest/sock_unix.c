/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of AF_UNIX with names: paths and abstract ones, streams, datagrams, sequenced packets; descriptors and credentials through them.
 * covers: socket bind listen accept connect sendto recvfrom sendmsg recvmsg getsockname getpeername
 * husk: --net host */
#include "sock.h"

#include <sys/epoll.h>
#include <sys/uio.h>

static char buf[4096];
static union {
	struct cmsghdr align;
	char bytes[512];
} control;

static void show(const char *call, int fd, long (*name)(int, union addr *, socklen_t *))
{
	union addr u;
	socklen_t len = sizeof(u);
	long r;

	memset(&u, 'z', sizeof(u));
	r = name(fd, &u, &len);
	printf("%s: %s length %u", call, r < 0 ? t_errname(r) : "ok", len);
	t_bytes("", u.un.sun_path, r < 0 || len < 2 ? 0 : (long)len - 2);
}

static long sock(int fd, union addr *u, socklen_t *len)
{
	return S(getsockname, fd, u, len);
}

static long peer(int fd, union addr *u, socklen_t *len)
{
	return S(getpeername, fd, u, len);
}

static void life(int type, const char *path)
{
	union addr u;
	socklen_t len = unix_addr(&u, path);
	int l = (int)T(socket, AF_UNIX, type | SOCK_NONBLOCK, 0), c, a;

	T(listen, l, 1);
	T(connect, l, &u, len);
	T(bind, l, &u, len);
	T(bind, l, &u, len);
	show("bound", l, sock);
	c = (int)MUST(socket, AF_UNIX, type | SOCK_NONBLOCK, 0);
	T(bind, c, &u, len);
	T(connect, c, &u, len);
	T(listen, l, 1);
	T(accept, l, NULL, NULL);
	T(connect, c, &u, len);
	T(connect, c, &u, len);
	READY(l, POLLIN | POLLOUT);
	show("peer of c", c, peer);
	show("name of c", c, sock);
	socklen_t out = sizeof(u);
	a = (int)T(accept, l, &u, &out);
	printf("length %u\n", out);
	show("name of a", a, sock);
	T(sendto, c, "one", 3, 0, NULL, 0);
	T(sendto, c, "two", 3, MSG_EOR, NULL, 0);
	T(recvfrom, a, buf, 2, MSG_TRUNC, NULL, NULL);
	T(recvfrom, a, buf, 100, MSG_PEEK, NULL, NULL);
	T(recvfrom, a, buf, 100, MSG_DONTWAIT, NULL, NULL);
	T(recvfrom, a, buf, 100, MSG_DONTWAIT, NULL, NULL);
	T(sendto, c, "oob", 3, MSG_OOB, NULL, 0);
	len = unix_addr(&u, path);
	T(sendto, c, "to a name", 9, 0, &u, len);
	T(shutdown, c, SHUT_WR);
	while (S(recvfrom, a, buf, 100, MSG_DONTWAIT, NULL, NULL) > 0)
		;
	T(recvfrom, a, buf, 100, MSG_DONTWAIT, NULL, NULL);
	READY(a, POLLIN | POLLOUT | POLLRDHUP);
	MUST(close, c);
	READY(a, POLLIN | POLLOUT | POLLRDHUP);
	T(sendto, a, "x", 1, MSG_NOSIGNAL, NULL, 0);
	MUST(close, a);
	MUST(close, l);
	c = (int)MUST(socket, AF_UNIX, type, 0);
	T(connect, c, &u, len);
	T(unlink, path);
	T(connect, c, &u, len);
	MUST(close, c);
}

static void datagrams(void)
{
	union addr a, b, from;
	socklen_t la = unix_addr(&a, "dir/a"), lb = unix_addr(&b, "b"), len = sizeof(from);
	int x = (int)MUST(socket, AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0),
	    y = (int)MUST(socket, AF_UNIX, SOCK_DGRAM, 0);

	T(bind, x, &a, la);
	T(sendto, y, "anonymous", 9, 0, &a, la);
	memset(&from, 'z', sizeof(from));
	T(recvfrom, x, buf, 100, 0, &from, &len);
	printf("length %u\n", len);
	T(bind, y, &b, lb);
	T(sendto, y, "named", 5, 0, &a, la);
	len = sizeof(from);
	T(recvfrom, x, buf, 100, 0, &from, &len);
	t_bytes("from", &from, (long)len);
	T(connect, x, &from, len);
	T(sendto, x, "back", 4, 0, NULL, 0);
	T(recvfrom, y, buf, 2, MSG_TRUNC, NULL, NULL);
	T(connect, x, &(union addr){ .sa = { .sa_family = AF_UNSPEC } }, 2);
	T(sendto, x, "to whom", 7, 0, NULL, 0);
	T(connect, y, &a, la);
	T(connect, x, &a, la);
	MUST(close, y);
	T(sendto, x, "gone", 4, 0, &b, lb);
	unlink("b");
	T(sendto, x, "gone", 4, 0, &b, lb);
	MUST(close, x);
	unlink("dir/a");
}

/* Abstract names are the machine's: only one of those who run this test now has them. Returns what to close. */
static long names_are_ours(void)
{
	struct sockaddr_un u = { .sun_family = AF_UNIX };
	long guard = MUST(socket, AF_UNIX, SOCK_STREAM, 0);

	memcpy(u.sun_path, "\0husk test, guard", 17);
	for (int i = 0; i < 1000 && S(bind, guard, &u, 19) == -EADDRINUSE; i++)
		usleep(10000);
	return guard;
}

/* What names may be. */
static void names(void)
{
	union addr u;
	char proc[64];
	int n = 0, fd[8];

#define BIND(len_)                                                                                                     \
	(fd[n] = (int)MUST(socket, AF_UNIX, SOCK_STREAM, 0), T(bind, fd[n], &u, len_), show("  name", fd[n], sock), n++)
	long guard = names_are_ours();

	unix_addr(&u, "");
	fd[n] = (int)MUST(socket, AF_UNIX, SOCK_STREAM, 0);
	T(bind, fd[n], &u, 2); /* the kernel chooses */
	socklen_t len = sizeof(u);
	T(getsockname, fd[n++], &u, &len);
	printf("length %u\n", len);
	unix_addr(&u, "");
	BIND(3); /* the abstract name of one NUL */
	memcpy(u.un.sun_path, "\0husk test\0\1", 12);
	BIND(14);
	T(listen, fd[n - 1], 1);
	fd[n] = (int)MUST(socket, AF_UNIX, SOCK_STREAM, 0);
	T(connect, fd[n], &u, 14);
	show("  peer", fd[n], peer);
	T(connect, fd[n], &u, 13);
	MUST(close, fd[n]);
	memset(u.un.sun_path, 'p', sizeof(u.un.sun_path)); /* no NUL */
	BIND(sizeof(u.un));
	BIND(sizeof(u.un) + 1);
	while (n)
		MUST(close, fd[--n]);
	MUST(close, guard);
	BIND(40);
	T(unlink, t_name(0));
	unix_addr(&u, "short\0and more");
	BIND(20);
	unix_addr(&u, "no/such/dir");
	BIND(20);
	unix_addr(&u, "file/x");
	t_file("file", "");
	BIND(20);
	unix_addr(&u, "link");
	MUST(symlink, "elsewhere", "link");
	BIND(20);
	while (n)
		MUST(close, fd[--n]);
	unix_addr(&u, "file");
	fd[0] = (int)MUST(socket, AF_UNIX, SOCK_STREAM, 0);
	T(connect, fd[0], &u, 20);
	T(connect, fd[0], &u, 2);
	T(connect, fd[0], &u, 1);
	unix_addr(&u, "/proc/self/exe");
	T(connect, fd[0], &u, 20);
	T(bind, fd[0], &u, 20);
	unix_addr(&u, "/proc/self/cwd/through");
	T(bind, fd[0], &u, 30);
	T(listen, fd[0], 1);
	fd[1] = (int)MUST(socket, AF_UNIX, SOCK_STREAM, 0);
	unix_addr(&u, "through");
	T(connect, fd[1], &u, 20);
	show("  peer", fd[1], peer);
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d/x", fd[1]);
	unix_addr(&u, proc);
	T(connect, fd[1], &u, 30);
	MUST(close, fd[0]);
	MUST(close, fd[1]);
	fd[0] = (int)MUST(socket, AF_UNIX, SOCK_DGRAM, 0);
	fd[1] = (int)MUST(socket, AF_UNIX, SOCK_STREAM, 0);
	unix_addr(&u, "dgram");
	MUST(bind, fd[0], &u, 20);
	T(connect, fd[1], &u, 20);
	u.sa.sa_family = AF_INET;
	T(connect, fd[1], &u, 20);
	T(bind, fd[1], &u, 20);
	T(socket, AF_UNIX, SOCK_RAW, 0);
	T(socket, AF_UNIX, SOCK_RDM, 0);
	T(socket, AF_UNIX, SOCK_STREAM, 1);
	T(socket, AF_UNIX, SOCK_STREAM, 2);
	T(chmod, "dgram", 0);
	T(connect, fd[1], &u, 20);
}

static void put(struct msghdr *m, int type, const void *data, size_t len)
{
	struct cmsghdr *c = (void *)(control.bytes + m->msg_controllen);

	memset(c, 0, sizeof(*c)); /* musl has a hole in it */
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	m->msg_control = &control;
	m->msg_controllen += CMSG_SPACE(len);
}

/* Receive and say what came: descriptors by their flags, credentials by whether they are ours. */
static void received(int fd, size_t room, int flags)
{
	struct iovec v = { buf, 100 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = room };
	uid_t uid = getuid();

	T(recvmsg, fd, &m, flags);
	printf("  flags %x control %zu\n", (unsigned)m.msg_flags, (size_t)m.msg_controllen);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		const int *data = (const void *)CMSG_DATA(c);

		printf("  level %d type %d of %zu:", c->cmsg_level, c->cmsg_type, n);
		for (size_t i = 0; c->cmsg_type == SCM_RIGHTS && i < n; i++) {
			printf(" %d flags %ld", data[i], S(fcntl, data[i], F_GETFD));
			S(close, data[i]);
		}
		if (c->cmsg_type == SCM_CREDENTIALS)
			printf(" %s", data[0] == getpid() && data[1] == (int)uid ? "ours" : "others'");
		printf("\n");
	}
}

static void rights(int type)
{
	struct iovec v = { buf, 3 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	int fd[2], pass[3], one = 1, big[254];

	MUST(socketpair, AF_UNIX, type | SOCK_NONBLOCK, 0, fd);
	pass[0] = (int)MUST(open, "/dev/null", O_RDWR);
	pass[1] = (int)MUST(epoll_create1, 0);
	pass[2] = fd[0];
	put(&m, SCM_RIGHTS, pass, sizeof(pass));
	T(sendmsg, fd[0], &m, 0);
	received(fd[1], sizeof(control), 0);
	T(sendmsg, fd[0], &m, 0);
	received(fd[1], sizeof(control), MSG_CMSG_CLOEXEC | MSG_PEEK);
	received(fd[1], CMSG_LEN(sizeof(int)), MSG_CMSG_CLOEXEC);
	m.msg_controllen = 0;
	pass[1] = 99;
	put(&m, SCM_RIGHTS, pass, sizeof(pass));
	T(sendmsg, fd[0], &m, 0);
	pass[1] = -1;
	m.msg_controllen = 0;
	put(&m, SCM_RIGHTS, pass, sizeof(pass));
	T(sendmsg, fd[0], &m, 0);
	/* As many as there can be, and one more. */
	for (size_t i = 0; i < sizeof(big) / sizeof(big[0]); i++)
		big[i] = pass[0];
	struct {
		struct cmsghdr head;
		int data[256];
	} many = { .head = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	memcpy(many.data, big, sizeof(big));
	m.msg_control = &many;
	many.head.cmsg_len = m.msg_controllen = CMSG_LEN(253 * sizeof(int));
	T(sendmsg, fd[0], &m, 0);
	received(fd[1], 20, 0);
	many.head.cmsg_len = m.msg_controllen = CMSG_LEN(254 * sizeof(int));
	T(sendmsg, fd[0], &m, 0);
	T(setsockopt, fd[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one));
	m.msg_controllen = 0;
	T(sendmsg, fd[0], &m, 0);
	received(fd[1], sizeof(control), 0);
	put(&m, SCM_RIGHTS, pass, sizeof(int));
	T(sendmsg, fd[0], &m, 0);
	received(fd[1], sizeof(control), 0);
	MUST(close, fd[0]);
	MUST(close, fd[1]);
	MUST(close, pass[0]);
}

static void credentials(void)
{
	struct iovec v = { buf, 3 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	struct ucred c = { getpid(), getuid(), getgid() }, got = { 0 };
	int fd[2], one = 1;
	socklen_t len = sizeof(got);

	MUST(socketpair, AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fd);
	T(getsockopt, fd[0], SOL_SOCKET, SO_PEERCRED, &got, &len);
	OK(got.pid == c.pid && got.uid == c.uid && got.gid == c.gid);
	put(&m, SCM_CREDENTIALS, &c, sizeof(c));
	T(sendmsg, fd[0], &m, 0);
	received(fd[1], sizeof(control), 0);
	MUST(setsockopt, fd[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one));
	T(sendmsg, fd[0], &m, 0);
	received(fd[1], sizeof(control), 0);
	c.pid = 1;
	m.msg_controllen = 0;
	put(&m, SCM_CREDENTIALS, &c, sizeof(c));
	T(sendmsg, fd[0], &m, 0);
	c.pid = getpid();
	c.uid = 0;
	m.msg_controllen = 0;
	put(&m, SCM_CREDENTIALS, &c, sizeof(c));
	T(sendmsg, fd[0], &m, 0);
	m.msg_controllen = 0;
	put(&m, SCM_CREDENTIALS, &c, 8);
	T(sendmsg, fd[0], &m, 0);
	m.msg_controllen = 0;
	put(&m, 77, &c, 8);
	T(sendmsg, fd[0], &m, 0);
	MUST(close, fd[0]);
	MUST(close, fd[1]);
}

MAIN
{
	MUST(mkdir, "dir", 0755);
	life(SOCK_STREAM, "stream");
	life(SOCK_SEQPACKET, "./dir/../seqpacket");
	datagrams();
	names();
	rights(SOCK_STREAM);
	rights(SOCK_DGRAM);
	credentials();
}
