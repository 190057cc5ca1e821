/* SPDX-License-Identifier: Apache-2.0 */
/* Socket options: what each is at first, and what comes back after it was set, on every kind of socket; lengths and errors.
 * covers: setsockopt getsockopt
 * husk: --net host */
#include "sock.h"

#include <linux/netlink.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

static const struct {
	const char *name;
	int level, option, value;
} ints[] = {
#define O(level, option, value)                                                                                        \
	{                                                                                                              \
#option, level, option, value                                                                          \
	}
	O(SOL_SOCKET, SO_DEBUG, 0),
	O(SOL_SOCKET, SO_REUSEADDR, 1),
	O(SOL_SOCKET, SO_REUSEPORT, 1),
	O(SOL_SOCKET, SO_TYPE, 1),
	O(SOL_SOCKET, SO_ERROR, 1),
	O(SOL_SOCKET, SO_DONTROUTE, 1),
	O(SOL_SOCKET, SO_BROADCAST, 7),
	O(SOL_SOCKET, SO_SNDBUF, 30000),
	O(SOL_SOCKET, SO_RCVBUF, 1),
	O(SOL_SOCKET, SO_SNDBUFFORCE, 30000),
	O(SOL_SOCKET, SO_KEEPALIVE, 1),
	O(SOL_SOCKET, SO_OOBINLINE, 1),
	O(SOL_SOCKET, SO_NO_CHECK, 1),
	O(SOL_SOCKET, SO_PRIORITY, 6),
	O(SOL_SOCKET, SO_PASSCRED, 1),
	O(SOL_SOCKET, SO_RCVLOWAT, 10),
	O(SOL_SOCKET, SO_SNDLOWAT, 10),
	O(SOL_SOCKET, SO_TIMESTAMP, 1),
	O(SOL_SOCKET, SO_TIMESTAMPNS, 1),
	O(SOL_SOCKET, SO_TIMESTAMPING, 0x18),
	O(SOL_SOCKET, SO_ACCEPTCONN, 1),
	O(SOL_SOCKET, SO_PROTOCOL, 1),
	O(SOL_SOCKET, SO_DOMAIN, 1),
	O(SOL_SOCKET, SO_RXQ_OVFL, 1),
	O(SOL_SOCKET, SO_PEEK_OFF, 3),
	O(SOL_SOCKET, SO_MARK, 1),
	O(SOL_SOCKET, SO_ZEROCOPY, 1),
	O(SOL_SOCKET, SO_MAX_PACING_RATE, 1000000),
	O(IPPROTO_IP, IP_TOS, 0x10),
	O(IPPROTO_IP, IP_TTL, 33),
	O(IPPROTO_IP, IP_TTL, 300),
	O(IPPROTO_IP, IP_PKTINFO, 1),
	O(IPPROTO_IP, IP_MTU_DISCOVER, 2),
	O(IPPROTO_IP, IP_RECVERR, 1),
	O(IPPROTO_IP, IP_RECVTTL, 1),
	O(IPPROTO_IP, IP_RECVTOS, 1),
	O(IPPROTO_IP, IP_FREEBIND, 1),
	O(IPPROTO_IP, IP_TRANSPARENT, 1),
	O(IPPROTO_IP, IP_MINTTL, 3),
	O(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1),
	O(IPPROTO_IP, IP_MULTICAST_TTL, 5),
	O(IPPROTO_IP, IP_MULTICAST_LOOP, 0),
	O(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 9),
	O(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 9),
	O(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0),
	O(IPPROTO_IPV6, IPV6_MTU_DISCOVER, 1),
	O(IPPROTO_IPV6, IPV6_RECVERR, 1),
	O(IPPROTO_IPV6, IPV6_V6ONLY, 1),
	O(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1),
	O(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1),
	O(IPPROTO_IPV6, IPV6_RECVTCLASS, 1),
	O(IPPROTO_IPV6, IPV6_TCLASS, 0x20),
	O(IPPROTO_IPV6, IPV6_DONTFRAG, 1),
	O(IPPROTO_TCP, TCP_NODELAY, 1),
	O(IPPROTO_TCP, TCP_MAXSEG, 1000),
	O(IPPROTO_TCP, TCP_CORK, 1),
	O(IPPROTO_TCP, TCP_KEEPIDLE, 100),
	O(IPPROTO_TCP, TCP_KEEPINTVL, 10),
	O(IPPROTO_TCP, TCP_KEEPCNT, 5),
	O(IPPROTO_TCP, TCP_SYNCNT, 3),
	O(IPPROTO_TCP, TCP_LINGER2, 20),
	O(IPPROTO_TCP, TCP_DEFER_ACCEPT, 3),
	O(IPPROTO_TCP, TCP_QUICKACK, 0),
	O(IPPROTO_TCP, TCP_USER_TIMEOUT, 5000),
	O(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16384),
	O(IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1),
	O(IPPROTO_TCP, TCP_INQ, 1),
	O(IPPROTO_UDP, UDP_CORK, 1),
	O(IPPROTO_UDP, UDP_SEGMENT, 500),
	O(IPPROTO_UDP, UDP_GRO, 1),
	O(SOL_NETLINK, NETLINK_EXT_ACK, 1),
	O(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1),
	O(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, 1),
	O(SOL_NETLINK, NETLINK_NO_ENOBUFS, 1),
	O(12345, 1, 1),
};

static long get(int fd, int level, int option, int *value)
{
	socklen_t len = sizeof(*value);

	*value = -77;
	return S(getsockopt, fd, level, option, value, &len);
}

static void say(const char *what, long r, int value)
{
	if (r < 0)
		printf(" %s %s", what, t_errname(r));
	else
		printf(" %s %d", what, value);
}

/* Each option: before, the attempt to set it, after. */
static void trip(const char *what, int family, int type)
{
	int fd = (int)MUST(socket, family, type, 0), value;

	for (size_t i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
		long r = get(fd, ints[i].level, ints[i].option, &value);

		printf("%s %s:", what, ints[i].name);
		say("first", r, value);
		r = S(setsockopt, fd, ints[i].level, ints[i].option, &ints[i].value, sizeof(int));
		say("set", r, 0);
		r = get(fd, ints[i].level, ints[i].option, &value);
		say("then", r, value);
		printf("\n");
	}
	MUST(close, fd);
}

static void structures(void)
{
	struct linger l = { 1, 30 };
	struct timeval t = { 2, 500000 };
	char text[20] = "lo";
	unsigned char one[1] = { 1 };
	socklen_t len = sizeof(l);
	int x = (int)MUST(socket, AF_INET, SOCK_STREAM, 0);

	T(setsockopt, x, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	memset(&l, 0, sizeof(l));
	T(getsockopt, x, SOL_SOCKET, SO_LINGER, &l, &len);
	printf("linger %d %d length %u\n", l.l_onoff, l.l_linger, len);
	T(setsockopt, x, SOL_SOCKET, SO_LINGER, &l, 4);
	T(setsockopt, x, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	memset(&t, 0, sizeof(t));
	len = sizeof(t);
	T(getsockopt, x, SOL_SOCKET, SO_RCVTIMEO, &t, &len);
	printf("timeout %ld.%06ld length %u\n", (long)t.tv_sec, (long)t.tv_usec, len);
	t.tv_usec = 1000000;
	T(setsockopt, x, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
	len = sizeof(text);
	T(getsockopt, x, IPPROTO_TCP, TCP_CONGESTION, text, &len);
	OK(len == 16 && strlen(text) < 16);
	T(setsockopt, x, IPPROTO_TCP, TCP_CONGESTION, text, strlen(text));
	T(setsockopt, x, IPPROTO_TCP, TCP_CONGESTION, "no-such-one", 11);
	T(setsockopt, x, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2);
	memset(text, 'z', sizeof(text));
	len = sizeof(text);
	T(getsockopt, x, SOL_SOCKET, SO_BINDTODEVICE, text, &len);
	t_bytes("device", text, 4);
	printf("length %u\n", len);
	T(setsockopt, x, SOL_SOCKET, SO_BINDTODEVICE, "no-such-one", 11);
	T(setsockopt, x, IPPROTO_IP, IP_TOS, one, 1);
	len = 1;
	T(getsockopt, x, IPPROTO_IP, IP_TOS, one, &len);
	printf("tos %d length %u\n", one[0], len);
	T(setsockopt, x, IPPROTO_TCP, TCP_NODELAY, one, 1);
	T(setsockopt, x, SOL_SOCKET, SO_KEEPALIVE, one, 3);
	MUST(close, x);
}

static void multicast(void)
{
	struct ip_mreqn group = { { htonl(0xe0000107) }, { htonl(INADDR_LOOPBACK) }, 1 };
	struct ipv6_mreq six = { .ipv6mr_interface = 1 };
	int x = (int)MUST(socket, AF_INET, SOCK_DGRAM, 0), y = (int)MUST(socket, AF_INET6, SOCK_DGRAM, 0);

	T(setsockopt, x, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group));
	T(setsockopt, x, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, 8);
	T(setsockopt, x, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, 4);
	T(setsockopt, x, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof(group));
	T(setsockopt, x, IPPROTO_IP, IP_DROP_MEMBERSHIP, &group, sizeof(group));
	T(setsockopt, x, IPPROTO_IP, IP_DROP_MEMBERSHIP, &group, sizeof(group));
	memcpy(&six.ipv6mr_multiaddr, "\xff\1\0\0\0\0\0\0\0\0\0\0\0\0\1\7", 16);
	T(setsockopt, y, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &six, sizeof(six));
	T(setsockopt, y, IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, &six, sizeof(six));
	MUST(close, x);
	MUST(close, y);
}

static void connected(void)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int fd[2];

	tcp_pair(AF_INET, fd);
	memset(&info, 0, sizeof(info));
	T(getsockopt, fd[0], IPPROTO_TCP, TCP_INFO, &info, &len);
	printf("state %d\n", info.tcpi_state);
	len = 1;
	T(getsockopt, fd[0], IPPROTO_TCP, TCP_INFO, &info, &len);
	printf("length %u\n", len);
	len = 0;
	T(getsockopt, fd[0], SOL_SOCKET, SO_TYPE, &info, &len);
	printf("length %u\n", len);
	MUST(close, fd[0]);
	MUST(close, fd[1]);
}

MAIN
{
	trip("tcp", AF_INET, SOCK_STREAM);
	trip("tcp6", AF_INET6, SOCK_STREAM);
	trip("udp", AF_INET, SOCK_DGRAM);
	trip("udp6", AF_INET6, SOCK_DGRAM);
	trip("unix", AF_UNIX, SOCK_STREAM);
	trip("unix-dgram", AF_UNIX, SOCK_DGRAM);
	trip("netlink", AF_NETLINK, SOCK_RAW);
	structures();
	multicast();
	connected();
}
