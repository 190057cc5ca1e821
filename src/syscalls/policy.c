/* SPDX-License-Identifier: Apache-2.0 */
#include "syscalls/policy.h"

#include "syscalls/handlers.h"
#include "syscalls/table.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

_Static_assert(CALL_POLICY_MAX == HK_SYSCALL_SLOTS, "an action for each slot");

/* Short names, as --trace-filter has them. */
static const struct {
	const char *alias, *name;
} aliases[] = {
	{ "mem", "memory" }, { "net", "network" }, { "proc", "process" }, { "sig", "signal" }, { "sys", "system" }
};

static bool is(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && strncmp(word, name, len) == 0;
}

/* Give the action to a call or to every call of a class. False if the word is neither. */
static bool apply(struct call_policy *p, const char *word, size_t len, enum call_action action)
{
	const char *class = NULL;
	const struct hk_syscall_info *s;
	bool found = false;

	for (size_t i = 0; i < HK_ARRAY_LEN(aliases); i++)
		if (is(word, len, aliases[i].alias))
			class = aliases[i].name;
	for (unsigned i = 0; (s = hk_syscall_at(i)); i++) {
		const char *of = hk_class_name(s->class);

		if (!is(word, len, s->name) && !is(word, len, of) && !(class && strcmp(of, class) == 0))
			continue;
		p->action[hk_syscall_slot(s->nr)] = (uint8_t)action;
		found = true;
	}
	return found;
}

static int apply_list(struct call_policy *p, const char *list, enum call_action action, const char **word, size_t *len)
{
	p->on = true;
	for (;; list += *list == ',') {
		*word = list;
		*len = strcspn(list, ",");
		if (!*len || !apply(p, list, *len, action))
			return -EINVAL;
		list += *len;
		if (!*list)
			return 0;
	}
}

int policy_deny(struct call_policy *p, const char *list, enum call_action action, const char **word, size_t *len)
{
	return apply_list(p, list, action, word, len);
}

int policy_allow_only(struct call_policy *p, const char *list, enum call_action action, const char **word, size_t *len)
{
	static const unsigned always[] = { SYS_exit, SYS_exit_group, SYS_rt_sigreturn };
	int r;

	memset(p->action, action, sizeof(p->action));
	r = apply_list(p, list, CALL_ALLOW, word, len);
	for (size_t i = 0; i < HK_ARRAY_LEN(always); i++)
		p->action[always[i]] = CALL_ALLOW;
	return r;
}

static int64_t end_by_policy(struct hk_task *t)
{
	const uint64_t status[6] = { 128 + SIGSYS };

	task_note(t, "the policy ends the process");
	return sys_exit_group(t, status);
}

int64_t policy_check(struct hk_task *t, unsigned nr)
{
	struct call_policy *p = &t->proc->policy;

	switch (p->action[hk_syscall_slot(nr)]) {
	case CALL_ENOSYS:
		task_note(t, "left out by the policy");
		return -ENOSYS;
	case CALL_ERRNO:
		task_note(t, "refused by the policy");
		return -EPERM;
	case CALL_LOG:
		p->action[hk_syscall_slot(nr)] = CALL_ALLOW;
		dprintf(STDERR_FILENO, "husk: policy: process %d called %s\n", (int)getpid(),
			hk_syscall_info(nr)->name);
		return 0;
	case CALL_KILL:
		dprintf(STDERR_FILENO, "husk: policy: process %d called %s and was ended\n", (int)getpid(),
			hk_syscall_info(nr)->name);
		return end_by_policy(t);
	default:
		return 0;
	}
}
