/* SPDX-License-Identifier: Apache-2.0 */
/* setsockopt and getsockopt by an explicit list (sockopts.def): some options name addresses or descriptors. Values go straight from and to guest memory. */
#include "syscalls/handlers.h"
#include "syscalls/sockaddr.h"

#include "mm/uaccess.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>

#define OPTION_MOST (1u << 18) /* SO_PEERGROUPS with all the groups there can be */
#define NETLINK_SOL 270        /* SOL_NETLINK, which not every libc names */

enum where { ANY, OPEN };

static const struct {
	int level, option;
	enum where where;
} options[] = {
#define SO(nr, name, kind, where)      { SOL_SOCKET, nr, where },
#define IP(nr, name, kind, where)      { IPPROTO_IP, nr, where },
#define IPV6(nr, name, kind, where)    { IPPROTO_IPV6, nr, where },
#define TCP(nr, name, kind, where)     { IPPROTO_TCP, nr, where },
#define UDP(nr, name, kind, where)     { IPPROTO_UDP, nr, where },
#define NETLINK(nr, name, kind, where) { NETLINK_SOL, nr, where },
#include "syscalls/sockopts.def"
#undef SO
#undef IP
#undef IPV6
#undef TCP
#undef UDP
#undef NETLINK
};

static const char *refused(const struct net_policy *p, int level, int option)
{
	for (size_t i = 0; i < HK_ARRAY_LEN(options); i++)
		if (options[i].level == level && options[i].option == option)
			return options[i].where == ANY || net_policy_open(p)
				       ? NULL
				       : "no such option where the network is restricted";
	return "no such option in the list of socket options";
}

#define NO_OPTION INT_MAX /* no protocol has it */

/* What the host says to an option that does not exist: the protocols differ. */
static int64_t no_option(struct hk_task *t, const char *why, int64_t nr, uint64_t fd, uint64_t level)
{
	int value = 0, len = sizeof(value);
	uint64_t last = nr == SYS_getsockopt ? (uint64_t)(uintptr_t)&len : sizeof(value);

	task_note(t, why);
	return hk_hostcall(nr, fd, level, NO_OPTION, &value, last);
}

int64_t sys_setsockopt(struct hk_task *t, const uint64_t a[6])
{
	uint64_t len = hk_min((uint32_t)a[4], OPTION_MOST);
	const char *why = refused(&t->proc->net, (int)a[1], (int)a[2]);

	if (why)
		return no_option(t, why, SYS_setsockopt, a[0], a[1]);
	return hk_hostcall(SYS_setsockopt, a[0], a[1], a[2], host_addr(a[3], len), a[4]);
}

int64_t sys_getsockopt(struct hk_task *t, const uint64_t a[6])
{
	const char *why = refused(&t->proc->net, (int)a[1], (int)a[2]);
	uint64_t lenp;
	int64_t r;
	int len;

	if (why)
		return no_option(t, why, SYS_getsockopt, a[0], a[1]);
	lenp = get_guest(&len, GVA(a[4])) ? HOST_BAD_ADDR : (uint64_t)(uintptr_t)&len;
	r = hk_hostcall(SYS_getsockopt, a[0], a[1], a[2],
			lenp == HOST_BAD_ADDR || len < 0 ? a[3] : host_addr(a[3], hk_min((unsigned)len, OPTION_MOST)),
			lenp);
	/* Some options tell the room they need with ERANGE. */
	if ((r == 0 || r == -ERANGE) && put_guest(GVA(a[4]), &len))
		return -EFAULT;
	return r;
}
