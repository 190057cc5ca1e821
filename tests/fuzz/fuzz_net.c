/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network policy: rules from text, addresses from bytes.
 *
 * Threat model: the guest chooses every byte and the length of an address; rules come from the command line, which is trusted, but whose text may be
 * anything. Held to: no sanitizer report; a rule that is taken is sound; an answer is 0 or one of the policy's errnos, with a reason; what is allowed is
 * covered by a rule, by a second, slow matcher that goes bit by bit; what the kernel takes for an address of IPv4 or IPv6 is never allowed where there is
 * no network.
 * Input: a line of up to 64 bytes for a rule, its end a newline, then a byte (bit 0: for listening, bit 1: AF_UNSPEC is AF_INET, bit 2: no network), then
 * the address.
 */
#include "base/bug.h"
#include "kern/net_policy.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RULE_MAX 64

static void check_rule(const struct net_rule *r)
{
	HK_BUG_ON(r->family != 0 && r->family != AF_INET && r->family != AF_INET6);
	HK_BUG_ON(r->prefix > (r->family == AF_INET6 ? 128 : r->family == AF_INET ? 32 : 0));
	HK_BUG_ON(r->low > r->high || (r->low == 0 && r->high != 65535));
}

static bool bit(const uint8_t *addr, unsigned i)
{
	return addr[i / 8] >> (7 - i % 8) & 1;
}

static bool covered(const struct net_rule *r, int family, const uint8_t *addr, unsigned port)
{
	if ((r->family && r->family != family) || port < r->low || port > r->high)
		return false;
	for (unsigned i = 0; i < r->prefix; i++)
		if (bit(r->addr, i) != bit(addr, i))
			return false;
	return true;
}

/* The address as the kernel takes it. False: the kernel does not take it for one of IPv4 or IPv6. */
static bool understood(const uint8_t *a, size_t len, bool unspec, int *family, uint8_t addr[16], unsigned *port)
{
	static const uint8_t mapped[12] = { [10] = 0xff, 0xff };
	sa_family_t f;

	if (len < sizeof(f))
		return false;
	memcpy(&f, a, sizeof(f));
	*family = f == AF_UNSPEC && unspec ? AF_INET : f;
	memset(addr, 0, 16);
	if (*family == AF_INET && len >= 8) {
		memcpy(addr, a + 4, 4);
	} else if (*family == AF_INET6 && len >= 24) {
		memcpy(addr, a + 8, 16);
		if (memcmp(addr, mapped, sizeof(mapped)) == 0) {
			*family = AF_INET;
			memmove(addr, addr + 12, 4);
			memset(addr + 4, 0, 12);
		}
	} else {
		return false;
	}
	*port = (unsigned)(a[2] << 8 | a[3]);
	return true;
}

static void to_this_host(int family, uint8_t addr[16])
{
	static const uint8_t zero[16];

	if (memcmp(addr, zero, family == AF_INET ? 4 : 16) != 0)
		return;
	addr[0] = family == AF_INET ? 127 : 0;
	addr[family == AF_INET ? 3 : 15] = 1;
}

static void ask(const struct net_policy *p, enum net_use use, bool unspec, const uint8_t *a, size_t len)
{
	const char *why = NULL;
	int r = net_policy_address(p, use, a, len, unspec, &why), family;
	unsigned port;
	uint8_t addr[16];

	HK_BUG_ON(r != 0 && r != -EACCES && r != -ENETUNREACH && r != -EAFNOSUPPORT);
	HK_BUG_ON((r == 0) != (why == NULL));
	if (!understood(a, len, unspec, &family, addr, &port))
		return;
	if (p->mode == NET_NONE)
		HK_BUG_ON(r == 0);
	if (p->mode == NET_NONE || (use == NET_LISTEN && port == 0))
		return;
	if (use == NET_CONNECT)
		to_this_host(family, addr);
	HK_BUG_ON((r == 0) != (p->allow[use].count && covered(&p->allow[use].rule[0], family, addr, port)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', hk_min(size, RULE_MAX));
	struct net_policy p = { .mode = NET_HOST };
	char text[RULE_MAX + 1] = "";
	enum net_use use;
	uint8_t flags, *copy;
	size_t len;

	if (!end || end + 1 == data + size)
		return 0;
	memcpy(text, data, (size_t)(end - data));
	flags = end[1];
	use = flags & 1 ? NET_LISTEN : NET_CONNECT;
	if (net_policy_allow(&p, use, text) == 0)
		check_rule(&p.allow[use].rule[0]);
	else if (net_policy_allow(&p, 1 - use, "192.0.2.1:9")) /* so that there is a list at all */
		HK_BUG("a good rule was refused");
	if (flags & 4)
		p.mode = NET_NONE;
	/* Exactly as long as it says, for AddressSanitizer. */
	len = (size_t)(data + size - (end + 2));
	copy = malloc(len);
	HK_BUG_ON(len && !copy);
	if (len)
		memcpy(copy, end + 2, len);
	ask(&p, use, flags & 2, copy, len);
	free(copy);
	return 0;
}
