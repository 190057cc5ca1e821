/* SPDX-License-Identifier: Apache-2.0 */
/* kern/net_policy.c: what is a rule, which addresses it covers, what is asked of which list. */
#include "kern/net_policy.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

static void test_parse(void **state)
{
	static const char *const good[] = {
		"127.0.0.1",
		"0.0.0.0/0",
		"10.0.0.0/8:443",
		":80",
		":8000-8100",
		"1.2.3.4:1-65535",
		"::1",
		"::",
		"fd00::/8",
		"[fd00::/8]:80-90",
		"[::1]",
		"[::1]:1",
		"::ffff:1.2.3.4",
		"[::ffff:1.2.3.4/120]:5",
		"1.2.3.4/32",
		"2001:db8::/128",
	};
	static const char *const wrong[] = {
		"",
		":",
		"1.2.3",
		"1.2.3.4.5",
		"300.0.0.1",
		"localhost",
		"1.2.3.4/33",
		"1.2.3.4/",
		"1.2.3.4/-1",
		"1.2.3.4:",
		":0",
		":65536",
		":80-",
		":-80",
		":90-80",
		":80 ",
		" :80",
		":80-90-100",
		":x",
		"[::1",
		"::1]",
		"[]",
		"[1.2.3.4]:1",
		"[::1]80",
		"[::1]/64:80",
		"[::1/129]",
		"/8",
		"/8:80",
		"1.2.3.4/8/8",
		":99999999999999999999",
		"::1/64:80:90:::",
		"1.2.3.4:80/8",
		"0x7f.1",
		"*",
		"*:80",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222:3333:4444:5555",
		"127.0.0.1/08x",
	};

	(void)state;
	for (size_t i = 0; i < HK_ARRAY_LEN(good); i++) {
		struct net_policy p = { .mode = NET_HOST };

		if (net_policy_allow(&p, NET_CONNECT, good[i]) || p.allow[NET_CONNECT].count != 1)
			fail_msg("refused: %s", good[i]);
	}
	for (size_t i = 0; i < HK_ARRAY_LEN(wrong); i++) {
		struct net_policy p = { .mode = NET_HOST };

		if (net_policy_allow(&p, NET_CONNECT, wrong[i]) != -EINVAL || p.allow[NET_CONNECT].count)
			fail_msg("taken: %s", wrong[i]);
	}
}

static void test_many(void **state)
{
	struct net_policy p = { .mode = NET_HOST };

	(void)state;
	for (int i = 0; i < NET_RULES_MAX; i++)
		assert_int_equal(net_policy_allow(&p, NET_LISTEN, "1.2.3.4"), 0);
	assert_int_equal(net_policy_allow(&p, NET_LISTEN, "1.2.3.4"), -ENOSPC);
	assert_int_equal(net_policy_allow(&p, NET_CONNECT, "1.2.3.4"), 0);
}

static socklen_t address(struct sockaddr_storage *s, const char *addr, int port)
{
	struct sockaddr_in *in = (void *)s;
	struct sockaddr_in6 *in6 = (void *)s;

	memset(s, 0, sizeof(*s));
	if (strchr(addr, ':')) {
		assert_int_equal(inet_pton(AF_INET6, addr, &in6->sin6_addr), 1);
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		return sizeof(*in6);
	}
	assert_int_equal(inet_pton(AF_INET, addr, &in->sin_addr), 1);
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)port);
	return sizeof(*in);
}

static int ask(const struct net_policy *p, enum net_use use, const char *addr, int port)
{
	struct sockaddr_storage s;
	socklen_t len = address(&s, addr, port);
	const char *why = NULL;
	int r = net_policy_address(p, use, &s, len, true, &why);

	assert_true((r == 0) == (why == NULL));
	return r;
}

static void test_match(void **state)
{
	static const struct {
		const char *rule, *addr;
		int port;
		bool covered;
	} cases[] = {
		{ "10.1.2.3", "10.1.2.3", 5, true },
		{ "10.1.2.3", "10.1.2.2", 5, false },
		{ "10.1.2.3", "::ffff:10.1.2.3", 5, true },
		{ "10.1.2.3", "::10.1.2.3", 5, false },
		{ "10.1.2.3/31", "10.1.2.2", 5, true },
		{ "10.1.2.3/31", "10.1.2.4", 5, false },
		{ "10.128.0.0/9", "10.128.0.0", 5, true },
		{ "10.128.0.0/9", "10.255.255.255", 5, true },
		{ "10.128.0.0/9", "10.127.255.255", 5, false },
		{ "0.0.0.0/0", "255.255.255.255", 5, true },
		{ "0.0.0.0/0", "::1", 5, false },
		{ "::/0", "::1", 5, true },
		{ "::/0", "10.0.0.1", 5, false },
		{ "::/0", "::ffff:10.0.0.1", 5, false },
		{ "fd00::/9", "fd7f::1", 5, true },
		{ "fd00::/9", "fd80::1", 5, false },
		{ "[2001:db8::/127]:7", "2001:db8::1", 7, true },
		{ "[2001:db8::/127]:7", "2001:db8::1", 8, false },
		{ "[2001:db8::/127]:7", "2001:db8::2", 7, false },
		{ ":7-9", "1.1.1.1", 6, false },
		{ ":7-9", "1.1.1.1", 7, true },
		{ ":7-9", "fd00::1", 9, true },
		{ ":7-9", "fd00::1", 10, false },
		{ "127.0.0.1", "0.0.0.0", 5, true }, /* this host */
		{ "::1", "::", 5, true },
		{ "0.0.0.0", "1.1.1.1", 5, false },
		{ "127.0.0.1", "::ffff:0.0.0.0", 5, true },
	};

	(void)state;
	for (size_t i = 0; i < HK_ARRAY_LEN(cases); i++) {
		struct net_policy p = { .mode = NET_HOST };

		assert_int_equal(net_policy_allow(&p, NET_CONNECT, cases[i].rule), 0);
		if (ask(&p, NET_CONNECT, cases[i].addr, cases[i].port) != (cases[i].covered ? 0 : -EACCES))
			fail_msg("%s and %s port %d", cases[i].rule, cases[i].addr, cases[i].port);
		assert_int_equal(ask(&p, NET_LISTEN, cases[i].addr, cases[i].port), -EACCES);
		assert_int_equal(ask(&p, NET_LISTEN, cases[i].addr, 0), 0);
	}
}

static int ask_listen(const struct net_policy *p, const char *addr, int port)
{
	struct sockaddr_storage s;
	socklen_t len = address(&s, addr, port);
	const char *why;

	return net_policy_listen(p, &s, len, &why);
}

static void test_listen(void **state)
{
	struct net_policy p = { .mode = NET_HOST };
	struct sockaddr_un un = { AF_UNIX, "/some/where" };
	const char *why;

	(void)state;
	assert_int_equal(net_policy_allow(&p, NET_LISTEN, "0.0.0.0:80"), 0);
	assert_int_equal(ask(&p, NET_LISTEN, "0.0.0.0", 80), 0);
	assert_int_equal(ask(&p, NET_LISTEN, "127.0.0.1", 80), 0);
	assert_int_equal(ask(&p, NET_LISTEN, "127.0.0.1", 81), -EACCES);
	assert_int_equal(ask_listen(&p, "127.0.0.1", 80), 0);
	assert_int_equal(ask_listen(&p, "127.0.0.1", 0), -EACCES);
	assert_int_equal(ask_listen(&p, "::", 80), -EACCES);
	assert_int_equal(net_policy_allow(&p, NET_LISTEN, "127.0.0.0/8"), 0);
	assert_int_equal(ask_listen(&p, "127.0.0.1", 0), 0);
	assert_int_equal(ask_listen(&p, "0.0.0.0", 0), -EACCES);
	assert_int_equal(net_policy_listen(&p, &un, sizeof(un), &why), 0);
	assert_int_equal(ask(&p, NET_CONNECT, "127.0.0.1", 80), -EACCES);
}

static void test_modes(void **state)
{
	struct net_policy p = { .mode = NET_NONE };

	(void)state;
	assert_false(net_policy_open(&p));
	assert_int_equal(ask(&p, NET_CONNECT, "127.0.0.1", 80), -ENETUNREACH);
	assert_int_equal(ask(&p, NET_LISTEN, "127.0.0.1", 0), -EACCES);
	assert_int_equal(ask_listen(&p, "127.0.0.1", 80), -EACCES);
	p.isolated = true;
	assert_true(net_policy_open(&p));
	assert_int_equal(ask(&p, NET_CONNECT, "127.0.0.1", 80), 0);
	assert_int_equal(ask_listen(&p, "::", 0), 0);
	p = (struct net_policy){ .mode = NET_HOST };
	assert_true(net_policy_open(&p));
	assert_int_equal(ask(&p, NET_CONNECT, "1.2.3.4", 80), 0);
}

/* Addresses that are cut short, of odd families, of none. */
static void test_odd_addresses(void **state)
{
	struct net_policy p = { .mode = NET_NONE };
	struct sockaddr_storage s;
	struct sockaddr_un *un = (void *)&s;
	const char *why;

	(void)state;
	for (size_t len = 0; len <= sizeof(s); len++) {
		address(&s, "10.0.0.1", 80);
		assert_int_equal(net_policy_address(&p, NET_CONNECT, &s, len, false, &why), len < 8 ? 0 : -ENETUNREACH);
		s.ss_family = AF_UNSPEC;
		assert_int_equal(net_policy_address(&p, NET_CONNECT, &s, len, false, &why), 0);
		assert_int_equal(net_policy_address(&p, NET_CONNECT, &s, len, true, &why), len < 8 ? 0 : -ENETUNREACH);
		address(&s, "fd00::1", 80);
		assert_int_equal(net_policy_address(&p, NET_CONNECT, &s, len, false, &why),
				 len < 24 ? 0 : -ENETUNREACH);
		memset(&s, 0, sizeof(s));
		s.ss_family = AF_UNIX;
		assert_int_equal(net_policy_address(&p, NET_CONNECT, &s, len, false, &why), len < 3 ? 0 : -EACCES);
		un->sun_path[0] = '/';
		assert_int_equal(net_policy_address(&p, NET_CONNECT, &s, len, false, &why), 0);
		s.ss_family = AF_VSOCK;
		assert_int_equal(net_policy_address(&p, NET_CONNECT, &s, len, false, &why),
				 len < 2 ? 0 : -EAFNOSUPPORT);
		s.ss_family = AF_NETLINK;
		assert_int_equal(net_policy_address(&p, NET_CONNECT, &s, len, false, &why), 0);
	}
}

static void test_sockets(void **state)
{
	static const struct {
		int family, type, protocol, open, restricted;
	} cases[] = {
		{ AF_UNIX, SOCK_STREAM, 0, 0, 0 },
		{ AF_INET, SOCK_STREAM, 0, 0, 0 },
		{ AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP, 0, 0 },
		{ AF_INET, SOCK_RAW, IPPROTO_ICMP, 0, -EPERM },
		{ AF_INET6, SOCK_RAW | SOCK_NONBLOCK, 0, 0, -EPERM },
		{ AF_INET, SOCK_DGRAM, IPPROTO_ICMP, 0, 0 },
		{ AF_INET, SOCK_STREAM, IPPROTO_SCTP, 0, -EPROTONOSUPPORT },
		{ AF_INET, SOCK_PACKET, 0, -EPERM, -EPERM },
		{ AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, 0, 0 },
		{ AF_NETLINK, SOCK_DGRAM, NETLINK_GENERIC, -EPROTONOSUPPORT, -EPROTONOSUPPORT },
		{ AF_PACKET, SOCK_RAW, 0, -EAFNOSUPPORT, -EAFNOSUPPORT },
		{ AF_VSOCK, SOCK_STREAM, 0, -EAFNOSUPPORT, -EAFNOSUPPORT },
		{ -1, SOCK_STREAM, 0, 0, 0 }, /* the kernel's to refuse */
		{ AF_MAX, SOCK_STREAM, 0, 0, 0 },
	};
	const struct net_policy host = { .mode = NET_HOST }, none = { .mode = NET_NONE };

	(void)state;
	for (size_t i = 0; i < HK_ARRAY_LEN(cases); i++) {
		const char *why;

		assert_int_equal(net_policy_socket(&host, cases[i].family, cases[i].type, cases[i].protocol, &why),
				 cases[i].open);
		assert_int_equal(net_policy_socket(&none, cases[i].family, cases[i].type, cases[i].protocol, &why),
				 cases[i].restricted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),   cmocka_unit_test(test_many),  cmocka_unit_test(test_match),
		cmocka_unit_test(test_listen),  cmocka_unit_test(test_modes), cmocka_unit_test(test_odd_addresses),
		cmocka_unit_test(test_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
