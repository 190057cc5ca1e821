/* SPDX-License-Identifier: Apache-2.0 */
/* Names of socket options: those of syscalls/sockopts.def, and others that programs try. */
#include "trace/flags.h"

#define ROW(nr, name, kind, where) NV(nr, #name),
#define NONE(nr, name, kind, where)
#define X(nr, name) NV(nr, #name),

/* clang-format off */

static const struct dec_name so_list[] = {
#define SO ROW
#define IP NONE
#define IPV6 NONE
#define TCP NONE
#define UDP NONE
#define NETLINK NONE
#include "syscalls/sockopts.def"
#undef SO
#undef IP
#undef IPV6
#undef TCP
#undef UDP
#undef NETLINK
	X(26, SO_ATTACH_FILTER)
	X(27, SO_DETACH_FILTER)
	X(44, SO_LOCK_FILTER)
	X(50, SO_ATTACH_BPF)
	X(51, SO_ATTACH_REUSEPORT_CBPF)
	X(52, SO_ATTACH_REUSEPORT_EBPF)
	X(71, SO_NETNS_COOKIE)
	X(73, SO_RESERVE_MEM)
	X(76, SO_PASSPIDFD)
	X(77, SO_PEERPIDFD)
};
const struct dec_names names_so = { "SO_???", so_list, HK_ARRAY_LEN(so_list), NULL };

static const struct dec_name ip_list[] = {
#define SO NONE
#define IP ROW
#define IPV6 NONE
#define TCP NONE
#define UDP NONE
#define NETLINK NONE
#include "syscalls/sockopts.def"
#undef SO
#undef IP
#undef IPV6
#undef TCP
#undef UDP
#undef NETLINK
	X(3, IP_HDRINCL)
	X(4, IP_OPTIONS)
	X(5, IP_ROUTER_ALERT)
	X(7, IP_RETOPTS)
	X(16, IP_IPSEC_POLICY)
	X(17, IP_XFRM_POLICY)
	X(18, IP_PASSSEC)
	X(41, IP_MSFILTER)
	X(48, MCAST_MSFILTER)
};
const struct dec_names names_ip = { "IP_???", ip_list, HK_ARRAY_LEN(ip_list), NULL };

static const struct dec_name ipv6_list[] = {
#define SO NONE
#define IP NONE
#define IPV6 ROW
#define TCP NONE
#define UDP NONE
#define NETLINK NONE
#include "syscalls/sockopts.def"
#undef SO
#undef IP
#undef IPV6
#undef TCP
#undef UDP
#undef NETLINK
	X(36, IPV6_HDRINCL)
	X(50, IPV6_PKTINFO)
	X(52, IPV6_HOPLIMIT)
	X(54, IPV6_HOPOPTS)
	X(57, IPV6_RTHDR)
	X(59, IPV6_DSTOPTS)
};
const struct dec_names names_ipv6 = { "IPV6_???", ipv6_list, HK_ARRAY_LEN(ipv6_list), NULL };

static const struct dec_name tcp_list[] = {
#define SO NONE
#define IP NONE
#define IPV6 NONE
#define TCP ROW
#define UDP NONE
#define NETLINK NONE
#include "syscalls/sockopts.def"
#undef SO
#undef IP
#undef IPV6
#undef TCP
#undef UDP
#undef NETLINK
	X(14, TCP_MD5SIG)
	X(19, TCP_REPAIR)
	X(31, TCP_ULP)
	X(35, TCP_ZEROCOPY_RECEIVE)
};
const struct dec_names names_tcp = { "TCP_???", tcp_list, HK_ARRAY_LEN(tcp_list), NULL };

static const struct dec_name udp_list[] = {
#define SO NONE
#define IP NONE
#define IPV6 NONE
#define TCP NONE
#define UDP ROW
#define NETLINK NONE
#include "syscalls/sockopts.def"
#undef SO
#undef IP
#undef IPV6
#undef TCP
#undef UDP
#undef NETLINK
	X(100, UDP_ENCAP)
};
const struct dec_names names_udp = { "UDP_???", udp_list, HK_ARRAY_LEN(udp_list), NULL };

static const struct dec_name nl_list[] = {
#define SO NONE
#define IP NONE
#define IPV6 NONE
#define TCP NONE
#define UDP NONE
#define NETLINK ROW
#include "syscalls/sockopts.def"
#undef SO
#undef IP
#undef IPV6
#undef TCP
#undef UDP
#undef NETLINK
	X(6, NETLINK_RX_RING)
	X(7, NETLINK_TX_RING)
	X(8, NETLINK_LISTEN_ALL_NSID)
};
const struct dec_names names_nl = { "NETLINK_???", nl_list, HK_ARRAY_LEN(nl_list), NULL };
/* clang-format on */
