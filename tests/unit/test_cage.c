/* SPDX-License-Identifier: Apache-2.0 */
/* The system-call filter: every number gets what the rules say, by running the program as the kernel would. */
#include "unit.h"

#include "jail/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define RUN   0xae80u /* the monitor's own ioctl requests, as KVM numbers them */
#define OTHER 0xae01u

static const uint32_t own[] = { RUN, OTHER };

/* The classic BPF that filter.c uses, and nothing else. */
static uint32_t interpret(const struct filter *f, const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (unsigned pc = 0; pc < f->len; pc++) {
		const struct sock_filter *i = &f->insn[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(i->k % 4 == 0 && i->k < sizeof(*d));
			memcpy(&a, (const char *)d + i->k, 4);
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += a & i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			fail_msg("instruction %u has the code %#x", pc, i->code);
		}
	}
	fail_msg("the program ran off its end");
	return 0;
}

static struct filter *built(void)
{
	static struct filter f;

	if (!f.len)
		assert_int_equal(filter_build(&f, own, HK_ARRAY_LEN(own)), 0);
	return &f;
}

static uint32_t call(int nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	struct seccomp_data data = { .nr = nr, .arch = AUDIT_ARCH_X86_64, .args = { a, b, c, d, e } };

	return interpret(built(), &data);
}

static void every_number(void **state)
{
	size_t count;
	const struct rule *rules = rules_own(&count);
	const char *name;

	(void)state;
	for (unsigned nr = 0; nr < 2 * FILTER_CALLS; nr++) {
		uint32_t want = rule_served(nr, &name) ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS;
		bool checked = nr == SYS_ioctl;

		for (size_t i = 0; i < count; i++) {
			if (rules[i].nr != nr)
				continue;
			checked |= rules[i].kind == RULE_CHECK;
			want = rules[i].kind == RULE_ALLOW ? SECCOMP_RET_ALLOW
			       : rules[i].error            ? SECCOMP_RET_ERRNO | (uint32_t)rules[i].error
							   : SECCOMP_RET_KILL_PROCESS;
		}
		if (!checked && call((int)nr, 0, 0, 0, 0, 0) != want)
			fail_msg("call %u (%s): %#x instead of %#x", nr, name ? name : "?",
				 call((int)nr, 0, 0, 0, 0, 0), want);
	}
	assert_int_equal(call(-1, 0, 0, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(call(0x40000000, 0, 0, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
}

static void no_number_twice(void **state)
{
	size_t count;
	const struct rule *rules = rules_own(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_non_null(rules[i].why);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(rules[i].nr, rules[k].nr);
	}
}

static void another_architecture(void **state)
{
	struct seccomp_data data = { .nr = SYS_read, .arch = AUDIT_ARCH_I386 };

	(void)state;
	assert_int_equal(interpret(built(), &data), SECCOMP_RET_KILL_PROCESS);
}

static void requests(void **state)
{
	size_t count;
	const uint32_t *list = rules_ioctls(&count);

	(void)state;
	assert_in_range(count, 1, 254); /* what the jumps reach */
	for (size_t i = 0; i < count; i++)
		assert_int_equal(call(SYS_ioctl, 0, list[i], 0, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(call(SYS_ioctl, 0, RUN, 0, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(call(SYS_ioctl, 0, OTHER, 0, 0, 0), SECCOMP_RET_ALLOW);
	/* the kernel looks at 32 bits of it too */
	assert_int_equal(call(SYS_ioctl, 0, 0x100000000 | RUN, 0, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(call(SYS_ioctl, 0, 0x5412, 0, 0, 0), SECCOMP_RET_KILL_PROCESS); /* TIOCSTI */
	assert_int_equal(call(SYS_ioctl, 0, 0xae82, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
}

static void arguments(void **state)
{
	(void)state;
	assert_int_equal(call(SYS_mmap, 0, 0, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, 0),
			 SECCOMP_RET_ALLOW);
	assert_int_equal(call(SYS_mmap, 0, 0, PROT_READ | PROT_EXEC, MAP_PRIVATE, 3), SECCOMP_RET_ALLOW);
	assert_int_equal(call(SYS_mmap, 0, 0, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(call(SYS_mmap, 0, 0, PROT_EXEC, MAP_SHARED, 3), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(call(SYS_mprotect, 0, 0, PROT_WRITE, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(call(SYS_mprotect, 0, 0, PROT_READ | PROT_EXEC, 0, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(call(SYS_clone, CLONE_VM | CLONE_THREAD, 0, 0, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(call(SYS_clone, CLONE_NEWUSER, 0, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(call(SYS_clone, CLONE_NEWNS | 17, 0, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(call(SYS_execveat, 3, 0, 0, 0, AT_EMPTY_PATH), SECCOMP_RET_ALLOW);
	assert_int_equal(call(SYS_execveat, 3, 0, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(call(SYS_prctl, PR_SET_NAME, 0, 0, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(call(SYS_prctl, PR_SET_MM, 0, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(call(SYS_prctl, PR_SET_SECCOMP, 0, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(call(SYS_socketpair, AF_UNIX, 0, 0, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(call(SYS_socketpair, AF_VSOCK, 0, 0, 0, 0), SECCOMP_RET_ERRNO | EAFNOSUPPORT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number),
		cmocka_unit_test(no_number_twice),
		cmocka_unit_test(another_architecture),
		cmocka_unit_test(requests),
		cmocka_unit_test(arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
