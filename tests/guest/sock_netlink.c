/* SPDX-License-Identifier: Apache-2.0 */
/* What libc asks a netlink socket and interface ioctls: the interfaces and their addresses, by itself and through getifaddrs and kin.
 * covers: socket bind sendto recvmsg getsockname ioctl
 * husk: --net host */
#include "sock.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

static char buf[65536];

static void dump(int type)
{
	struct {
		struct nlmsghdr n;
		struct rtgenmsg g;
	} ask = { { sizeof(ask), (unsigned short)type, NLM_F_REQUEST | NLM_F_DUMP, 7, 0 }, { AF_UNSPEC } };
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK }, from;
	struct iovec v = { buf, sizeof(buf) };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &v, .msg_iovlen = 1 };
	socklen_t len = sizeof(nl);
	int fd = (int)T(socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), count = 0, loop = 0;
	bool done = false;

	T(bind, fd, &nl, sizeof(nl));
	T(getsockname, fd, &nl, &len);
	OK(nl.nl_pid != 0 && len == sizeof(nl));
	nl.nl_pid = 0;
	OK(S(sendto, fd, &ask, sizeof(ask), 0, &nl, sizeof(nl)) == sizeof(ask));
	while (!done) {
		ssize_t n = S(recvmsg, fd, &m, 0);

		if (!OK(n > 0 && from.nl_pid == 0))
			break;
		for (struct nlmsghdr *h = (void *)buf; NLMSG_OK(h, (unsigned)n); h = NLMSG_NEXT(h, n)) {
			done |= h->nlmsg_type == NLMSG_DONE;
			count += h->nlmsg_type != NLMSG_DONE;
			if (h->nlmsg_type == RTM_NEWLINK)
				loop += (((struct ifinfomsg *)NLMSG_DATA(h))->ifi_flags & IFF_LOOPBACK) != 0;
		}
	}
	printf("%d messages, %d loopback\n", count, loop);
	T(listen, fd, 1);
	T(accept, fd, NULL, NULL);
	MUST(close, fd);
}

/* What only an administrator may do. */
static void change(void)
{
	struct {
		struct nlmsghdr n;
		struct ifinfomsg i;
	} ask = { .n = { sizeof(ask), RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0 },
		  .i = { .ifi_index = 1, .ifi_change = IFF_UP } };
	int fd = (int)MUST(socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (getuid() != 0) {
		OK(S(write, fd, &ask, sizeof(ask)) == sizeof(ask));
		OK(S(read, fd, buf, sizeof(buf)) > 0);
		const struct nlmsgerr *e = NLMSG_DATA((struct nlmsghdr *)(void *)buf);
		printf("error %d\n", e->error);
	}
	MUST(close, fd);
}

static void libc(void)
{
	struct ifaddrs *list, *p;
	char name[IF_NAMESIZE];
	int four = 0, six = 0;

	OK(getifaddrs(&list) == 0);
	for (p = list; p; p = p->ifa_next) {
		if (!p->ifa_addr || strcmp(p->ifa_name, "lo") != 0)
			continue;
		four += p->ifa_addr->sa_family == AF_INET;
		six += p->ifa_addr->sa_family == AF_INET6;
	}
	freeifaddrs(list);
	printf("lo has %d and %d addresses\n", four, six);
	OK(if_nametoindex("lo") == 1);
	OK(if_indextoname(1, name) && strcmp(name, "lo") == 0);
	OK(if_nametoindex("no-such") == 0);
}

static void ioctls(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	struct ifconf c = { .ifc_len = sizeof(buf), .ifc_buf = buf };
	int fd = (int)MUST(socket, AF_INET, SOCK_DGRAM, 0), n;

	T(ioctl, fd, SIOCGIFFLAGS, &r);
	printf("flags %x\n", (unsigned)r.ifr_flags);
	T(ioctl, fd, SIOCGIFADDR, &r);
	printf("%s\n", inet_ntoa(((struct sockaddr_in *)(void *)&r.ifr_addr)->sin_addr));
	T(ioctl, fd, SIOCGIFNETMASK, &r);
	T(ioctl, fd, SIOCGIFMTU, &r);
	printf("mtu %d\n", r.ifr_mtu);
	T(ioctl, fd, SIOCGIFHWADDR, &r);
	T(ioctl, fd, SIOCGIFINDEX, &r);
	printf("index %d\n", r.ifr_ifindex);
	T(ioctl, fd, SIOCGIFNAME, &r);
	strcpy(r.ifr_name, "no-such");
	T(ioctl, fd, SIOCGIFFLAGS, &r);
	T(ioctl, fd, SIOCGIFCONF, &c);
	n = c.ifc_len;
	OK(n > 0 && n % (int)sizeof(r) == 0);
	c.ifc_buf = NULL;
	T(ioctl, fd, SIOCGIFCONF, &c);
	OK(c.ifc_len >= n);
	c.ifc_len = 10;
	c.ifc_buf = buf;
	T(ioctl, fd, SIOCGIFCONF, &c);
	printf("length %d\n", c.ifc_len);
	T_BAD(t_out, ioctl, fd, SIOCGIFCONF, bad);
	T_BAD(t_out, ioctl, fd, SIOCGIFFLAGS, bad);
	c.ifc_len = sizeof(buf);
	for (const struct t_ptr *p = t_out_opt(); p->name; p++) {
		c.ifc_buf = p->p;
		t_show("SIOCGIFCONF into ", p->name, S(ioctl, fd, SIOCGIFCONF, &c));
	}
}

MAIN
{
	dump(RTM_GETLINK);
	dump(RTM_GETADDR);
	change();
	libc();
	ioctls();
}
