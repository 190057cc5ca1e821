/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/cage.h"

#include "jail/rules.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static int drop_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &head, data) ? -errno : 0;
}

static int install_filter(const struct cage_options *o)
{
	struct filter *f HK_FREE = malloc(sizeof(*f));
	struct sock_fprog program;
	int r = f ? filter_build(f, o->ioctls, o->ioctl_count) : -ENOMEM;

	if (r)
		return r;
	program = (struct sock_fprog){ f->len, f->insn };
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) ? -errno : 0;
}

int cage_close(const struct cage_options *o, struct hk_err *err)
{
	const struct rlimit none = { 0, 0 };
	int r;

	/* A core file would be the monitor's, with the guest's memory in it. */
	if (!o->keep_capabilities && setrlimit(RLIMIT_CORE, &none))
		return hk_err_set(err, -errno, "cannot forbid core files: %s", strerror(errno));
	r = o->keep_capabilities ? 0 : drop_capabilities();
	if (r)
		return hk_err_set(err, r, "cannot drop capabilities: %s", strerror(-r));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return hk_err_set(err, -errno, "cannot give up new privileges: %s", strerror(errno));
	r = install_filter(o);
	return r ? hk_err_set(err, r, "cannot install the system-call filter: %s", strerror(-r)) : 0;
}

static void show_tests(const struct rule *rule, FILE *out)
{
	for (size_t i = 0; i < RULE_TESTS && rule->test[i].kind != TEST_END; i++) {
		const struct rule_test *t = &rule->test[i];

		switch (t->kind) {
		case TEST_NO_BITS:
			fprintf(out, " [argument %u without %#x]", t->arg, t->mask);
			break;
		case TEST_EQUAL:
			fprintf(out, " [argument %u is %#x]", t->arg, t->mask);
			break;
		case TEST_UNLESS:
			fprintf(out, " [if argument %u has %#x:]", t->arg, t->mask);
			break;
		case TEST_ONE_OF:
			fprintf(out, " [argument %u is one of", t->arg);
			for (size_t k = 0; k < t->count; k++)
				fprintf(out, " %u", t->list[k]);
			fputc(']', out);
			break;
		case TEST_END:
			break;
		}
	}
}

static void show_rules(FILE *out)
{
	static const char *const kinds[] = { "never", "allowed", "checked" };
	size_t count;
	const struct rule *rules = rules_own(&count);
	char number[16];
	const char *name;

	for (size_t i = 0; i < count; i++) {
		(void)rule_served(rules[i].nr, &name);
		snprintf(number, sizeof(number), "%u", rules[i].nr);
		fprintf(out, "  %-8s %-18s %s", kinds[rules[i].kind], name ? name : number, rules[i].why);
		show_tests(&rules[i], out);
		fputc('\n', out);
	}
}

static void show_served(FILE *out)
{
	size_t count, own = 0, served = 0;
	const struct rule *rules = rules_own(&count);

	fputs("  served   ", out);
	for (unsigned nr = 0; nr < FILTER_CALLS; nr++) {
		char number[16];
		const char *name;

		for (own = 0; own < count && rules[own].nr != nr; own++)
			;
		if (own == count && rule_served(nr, &name)) {
			snprintf(number, sizeof(number), "%u", nr);
			fprintf(out, "%s%s", served++ ? " " : "", name ? name : number);
		}
	}
	fprintf(out, "\n  every other call ends the process\n");
}

void cage_show(const struct cage_options *o, FILE *out)
{
	size_t count;

	(void)rules_ioctls(&count);
	fprintf(out, "the monitor's own cage:\n");
	fprintf(out, "  no new privileges, %s\n",
		o->keep_capabilities ? "the caller's capabilities" : "no capabilities, no core files");
	fprintf(out, "  ioctl: %zu requests of a guest's, %zu of the monitor's to KVM\n", count, o->ioctl_count);
	fprintf(out, "host calls:\n");
	show_rules(out);
	show_served(out);
}
