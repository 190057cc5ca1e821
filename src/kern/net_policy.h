/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the network a guest may reach: the one place that decides, by family, address and port, whether a socket may be made, connected, sent from,
 * bound or listened on. Pure functions of the policy and a copied address; the handlers of syscalls/ ask, the command line fills it in.
 *
 * Two things confine a guest: a network namespace of its own, where the kernel has only what was put into it (`isolated`), and this policy. Without the
 * former, --net none is this policy alone: no address of IPv4 or IPv6 is reached, nor any name in the abstract namespace of AF_UNIX, which is the host's.
 */
#ifndef HK_KERN_NET_POLICY_H
#define HK_KERN_NET_POLICY_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_RULES_MAX 64

enum net_mode {
	NET_NONE, /* nothing, or the loopback of a namespace of its own */
	NET_HOST, /* the host's network */
};

/* What an address is named for. */
enum net_use {
	NET_CONNECT, /* connect, and datagrams with an address */
	NET_LISTEN,  /* bind and listen */
	NET_USES
};

/* Addresses that are allowed: "10.0.0.0/8:443", "[fd00::/8]:8000-8100", "127.0.0.1", ":80". */
struct net_rule {
	uint8_t family;     /* AF_INET, AF_INET6; 0: both, any address */
	uint8_t prefix;     /* so many bits of addr count */
	uint16_t low, high; /* ports; 0 to 65535: any, and a port the kernel chooses */
	uint8_t addr[16];
};

struct net_rules {
	unsigned count;
	struct net_rule rule[NET_RULES_MAX];
};

struct net_policy {
	enum net_mode mode;
	bool isolated; /* the process is in a network namespace made for it: who makes that sets it, before the program starts */
	struct net_rules allow[NET_USES];
};

/* 0; -EINVAL for what is no rule; -ENOSPC when there are NET_RULES_MAX. For NET_LISTEN "0.0.0.0" and "::" mean every address of their family. */
HK_MUST_CHECK int net_policy_allow(struct net_policy *p, enum net_use use, const char *text);

/* Is everything allowed that the kernel allows? Once one list has an entry, both lists count. */
bool net_policy_open(const struct net_policy *p);

/*
 * The questions. 0, or -errno with *why, a text that lives for ever. An address is as long as its family wants, or the kernel refuses it: what is too
 * short to be understood is allowed. Where the kernel takes AF_UNSPEC for AF_INET, say so (`unspec_is_inet`).
 */
HK_MUST_CHECK int net_policy_socket(const struct net_policy *p, int family, int type, int protocol, const char **why);
HK_MUST_CHECK int net_policy_address(const struct net_policy *p, enum net_use use, const void *addr, size_t len,
				     bool unspec_is_inet, const char **why);
/* May a socket with this name be listened on? Port 0: it is not bound yet, the kernel chooses. */
HK_MUST_CHECK int net_policy_listen(const struct net_policy *p, const void *addr, size_t len, const char **why);

/*
 * Give up the capabilities with which the host's network could be changed or packets made by hand, unless the policy leaves that to the kernel: rules
 * about addresses would mean nothing to who has them. For root; others have none. 0 or -errno.
 */
HK_MUST_CHECK int net_policy_drop_capabilities(const struct net_policy *p);

#endif
