/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reach TRY…: try to use the network, one line with the errno's name (or "ok") for each try. Nobody listens at port 1 of this host: ECONNREFUSED means that
 * the host's kernel was asked. A try is WHAT,ADDRESS,PORT or a word; see tries[]. Natively everything is allowed that the kernel allows.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

union addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

static socklen_t parse(union addr *u, const char *addr, int port)
{
	memset(u, 0, sizeof(*u));
	if (inet_pton(AF_INET, addr, &u->in.sin_addr) == 1) {
		u->in.sin_family = AF_INET;
		u->in.sin_port = htons((uint16_t)port);
		return sizeof(u->in);
	}
	if (inet_pton(AF_INET6, addr, &u->in6.sin6_addr) != 1)
		exit(2);
	u->in6.sin6_family = AF_INET6;
	u->in6.sin6_port = htons((uint16_t)port);
	return sizeof(u->in6);
}

static int tcp(const union addr *u)
{
	return socket(u->sa.sa_family, SOCK_STREAM, 0);
}

static int udp(const union addr *u)
{
	return socket(u->sa.sa_family, SOCK_DGRAM, 0);
}

static int try_connect(const union addr *u, socklen_t len)
{
	return connect(tcp(u), &u->sa, len);
}

static int try_send(const union addr *u, socklen_t len)
{
	return sendto(udp(u), "x", 1, 0, &u->sa, len) < 0 ? -1 : 0;
}

static int try_fastopen(const union addr *u, socklen_t len)
{
	return sendto(tcp(u), "x", 1, MSG_FASTOPEN, &u->sa, len) < 0 ? -1 : 0;
}

static int try_message(const union addr *u, socklen_t len)
{
	struct iovec v = { (void *)(uintptr_t) "x", 1 };
	struct msghdr m = { (void *)(uintptr_t)u, len, &v, 1, NULL, 0, 0 };

	return sendmsg(udp(u), &m, 0) < 0 ? -1 : 0;
}

/* An address of IPv4 under the name of no family. */
static int try_unspec(const union addr *u, socklen_t len)
{
	union addr copy = *u;

	copy.sa.sa_family = AF_UNSPEC;
	return sendto(udp(u), "x", 1, 0, &copy.sa, len) < 0 ? -1 : 0;
}

/* With a list of stations on the way. */
static int try_route(const union addr *u, socklen_t len)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(8)];
	} control = { { CMSG_LEN(8), IPPROTO_IP, IP_RETOPTS } };
	struct iovec v = { (void *)(uintptr_t) "x", 1 };
	struct msghdr m = { (void *)(uintptr_t)u, len, &v, 1, &control, sizeof(control), 0 };

	memcpy(CMSG_DATA(&control.head), "\203\7\4\177\0\0\1\0", 8);
	return sendmsg(udp(u), &m, 0) < 0 ? -1 : 0;
}

static int try_bind(const union addr *u, socklen_t len)
{
	return bind(tcp(u), &u->sa, len);
}

static int try_listen(const union addr *u, socklen_t len)
{
	int fd = tcp(u);

	return bind(fd, &u->sa, len) ? -1 : listen(fd, 1);
}

static int try_unbound(const union addr *u, socklen_t len)
{
	(void)len;
	return listen(tcp(u), 1);
}

static const struct {
	const char *name;
	int (*fn)(const union addr *u, socklen_t len);
} tries[] = {
	{ "connect", try_connect }, { "send", try_send },     { "fastopen", try_fastopen },
	{ "message", try_message }, { "unspec", try_unspec }, { "route", try_route },
	{ "bind", try_bind },       { "listen", try_listen }, { "unbound", try_unbound },
};

static int abstract(int type)
{
	struct sockaddr_un un = { AF_UNIX, "\0husk reach" };
	int fd = socket(AF_UNIX, type, 0);

	return bind(fd, (struct sockaddr *)&un, 12) ? -1 : listen(fd, 1);
}

/* Take loopback down, as root might: the kernel must say no. */
static int down(void)
{
	struct {
		struct nlmsghdr n;
		struct ifinfomsg i;
		char answer[512];
	} m = { .n = { NLMSG_LENGTH(sizeof(m.i)), RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0 },
		.i = { .ifi_index = 9999, .ifi_change = IFF_UP } };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (write(fd, &m, m.n.nlmsg_len) < 0 || read(fd, &m, sizeof(m)) < 0)
		return -1;
	errno = -((struct nlmsgerr *)NLMSG_DATA(&m.n))->error;
	return errno ? -1 : 0;
}

static int word(const char *what)
{
	if (!strcmp(what, "raw"))
		return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	if (!strcmp(what, "packet"))
		return socket(AF_PACKET, SOCK_RAW, 0);
	if (!strcmp(what, "oldpacket"))
		return socket(AF_INET, SOCK_PACKET, 0);
	if (!strcmp(what, "vsock"))
		return socket(AF_VSOCK, SOCK_STREAM, 0);
	if (!strcmp(what, "sctp"))
		return socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
	if (!strcmp(what, "generic"))
		return socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	if (!strcmp(what, "abstract"))
		return abstract(SOCK_STREAM);
	if (!strcmp(what, "down"))
		return down();
	if (!strcmp(what, "caps"))
		return prctl(PR_CAPBSET_READ, 12) || prctl(PR_CAPBSET_READ, 13) ? 0 : (errno = EPERM, -1);
	exit(2);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char *what = strdup(argv[i]), *addr = strchr(what, ','), *port = addr ? strchr(addr + 1, ',') : NULL;
		union addr u;
		int r = -2;

		if (!port) {
			r = word(what);
		} else {
			*addr++ = *port++ = '\0';
			socklen_t len = parse(&u, addr, atoi(port));
			for (size_t k = 0; k < sizeof(tries) / sizeof(tries[0]); k++)
				if (!strcmp(tries[k].name, what))
					r = tries[k].fn(&u, len);
		}
		if (r == -2)
			return 2;
		printf("%s %s\n", argv[i], r < 0 ? strerrorname_np(errno) : "ok");
	}
	return 0;
}
