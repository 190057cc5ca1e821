/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules as a seccomp program: KVM_RUN, made most often, is asked for first; then a binary tree over the numbers; its leaves allow, refuse, or go to
 * the tests of a call's arguments. Made anew at each start, which takes microseconds. seccomp(2).
 */
#include "jail/rules.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

#define LOAD(field)       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_ARG(n)       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offsetof(struct seccomp_data, args) + 8 * (n)))
#define JUMP(op, k, t, e) BPF_JUMP(BPF_JMP | (op) | BPF_K, (k), (t), (e))
#define GO(offset)        BPF_STMT(BPF_JMP | BPF_JA, (offset))
#define RETURN(what)      BPF_STMT(BPF_RET | BPF_K, (what))

/* Numbers from start up to the next range's, treated alike. rule: NULL allows or refuses. */
struct range {
	unsigned start;
	bool allow;
	const struct rule *rule;
};

struct builder {
	struct filter *f;
	const uint32_t *ioctls;
	size_t ioctl_count;
	unsigned ranges;
	struct range range[FILTER_CALLS + 1];
};

static void put(struct builder *b, struct sock_filter insn)
{
	/* too long: the length says so in the end */
	if (b->f->len < FILTER_MAX)
		b->f->insn[b->f->len] = insn;
	b->f->len++;
}

static void put_refusal(struct builder *b, const struct rule *rule)
{
	if (rule && rule->error)
		put(b, (struct sock_filter)RETURN(SECCOMP_RET_ERRNO | (uint32_t)rule->error));
	else
		put(b, (struct sock_filter)RETURN(SECCOMP_RET_KILL_PROCESS));
}

/* One of a list: each value jumps over the rest of the list and over the one instruction behind it. A list longer than 8 bits can
 * count would be cut: that is a mistake in rules.c, which test_cage finds. */
static void put_one_of(struct builder *b, const uint32_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put(b, (struct sock_filter)JUMP(BPF_JEQ, list[i], (uint8_t)(count - i), 0));
}

static void put_test(struct builder *b, const struct rule *rule, const struct rule_test *t)
{
	put(b, (struct sock_filter)LOAD_ARG(t->arg));
	switch (t->kind) {
	case TEST_NO_BITS:
		put(b, (struct sock_filter)JUMP(BPF_JSET, t->mask, 0, 1));
		break;
	case TEST_EQUAL:
		put(b, (struct sock_filter)JUMP(BPF_JEQ, t->mask, 1, 0));
		break;
	case TEST_UNLESS:
		put(b, (struct sock_filter)JUMP(BPF_JSET, t->mask, 1, 0));
		put(b, (struct sock_filter)RETURN(SECCOMP_RET_ALLOW));
		return;
	case TEST_ONE_OF:
		put_one_of(b, t->list, t->count);
		break;
	case TEST_END:
		return;
	}
	put_refusal(b, rule);
}

static void put_rule(struct builder *b, const struct rule *rule)
{
	for (size_t i = 0; i < RULE_TESTS && rule->test[i].kind != TEST_END; i++)
		put_test(b, rule, &rule->test[i]);
	put(b, (struct sock_filter)RETURN(SECCOMP_RET_ALLOW));
}

static void put_ioctl(struct builder *b)
{
	size_t count;
	const uint32_t *guest = rules_ioctls(&count);

	put(b, (struct sock_filter)LOAD_ARG(1));
	/* a list at a time, the refusal behind the last: a match in the first jumps to an "allow" of its own */
	put_one_of(b, b->ioctls, b->ioctl_count);
	put(b, (struct sock_filter)GO(1));
	put(b, (struct sock_filter)RETURN(SECCOMP_RET_ALLOW));
	put_one_of(b, guest, count);
	put_refusal(b, NULL);
	put(b, (struct sock_filter)RETURN(SECCOMP_RET_ALLOW));
}

static void put_leaf(struct builder *b, const struct range *r)
{
	if (r->allow)
		put(b, (struct sock_filter)RETURN(SECCOMP_RET_ALLOW));
	else if (r->rule && r->rule->kind == RULE_CHECK)
		put_rule(b, r->rule);
	else
		put_refusal(b, r->rule);
}

/* The tree over ranges [from, to); the number is in the accumulator. */
static void put_tree(struct builder *b, unsigned from, unsigned to)
{
	unsigned middle = from + (to - from) / 2, jump;

	if (to - from == 1) {
		put_leaf(b, &b->range[from]);
		return;
	}
	put(b, (struct sock_filter)JUMP(BPF_JGE, b->range[middle].start, 0, 1));
	jump = b->f->len;
	put(b, (struct sock_filter)GO(0));
	put_tree(b, from, middle);
	if (jump < FILTER_MAX)
		b->f->insn[jump].k = b->f->len - jump - 1;
	put_tree(b, middle, to);
}

static const struct rule *find_rule(unsigned nr)
{
	size_t count;
	const struct rule *rules = rules_own(&count);

	for (size_t i = 0; i < count; i++)
		if (rules[i].nr == nr)
			return &rules[i];
	return NULL;
}

static void make_ranges(struct builder *b)
{
	for (unsigned nr = 0; nr <= FILTER_CALLS; nr++) {
		const struct rule *rule = nr < FILTER_CALLS ? find_rule(nr) : NULL;
		const struct range *before = b->ranges ? &b->range[b->ranges - 1] : NULL;
		const char *name;
		bool allow = rule ? rule->kind == RULE_ALLOW : rule_served(nr, &name);

		/* a plain refusal is the same for all */
		if (rule && (rule->kind == RULE_ALLOW || (rule->kind == RULE_DENY && !rule->error)))
			rule = NULL;
		if (!before || rule || before->rule || before->allow != allow)
			b->range[b->ranges++] = (struct range){ nr, allow, rule };
	}
}

int filter_build(struct filter *f, const uint32_t *ioctls, size_t ioctl_count)
{
	struct builder b = { .f = f, .ioctls = ioctls, .ioctl_count = ioctl_count };
	unsigned jump;

	f->len = 0;
	make_ranges(&b);
	put(&b, (struct sock_filter)LOAD(arch));
	put(&b, (struct sock_filter)JUMP(BPF_JEQ, AUDIT_ARCH_X86_64, 1, 0));
	put(&b, (struct sock_filter)RETURN(SECCOMP_RET_KILL_PROCESS));
	put(&b, (struct sock_filter)LOAD(nr));
	put(&b, (struct sock_filter)JUMP(BPF_JEQ, SYS_ioctl, 0, 1));
	jump = f->len;
	put(&b, (struct sock_filter)GO(0));
	put_tree(&b, 0, b.ranges);
	if (f->len >= FILTER_MAX)
		return -E2BIG;
	f->insn[jump].k = f->len - jump - 1;
	put_ioctl(&b);
	return f->len > FILTER_MAX ? -E2BIG : 0;
}
