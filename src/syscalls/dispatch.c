/* SPDX-License-Identifier: Apache-2.0 */
#include "syscalls/dispatch.h"

#include "kern/fd.h"
#include "syscalls/handlers.h"
#include "syscalls/profile.h"
#include "syscalls/table.h"

#include <errno.h>
#include <fcntl.h>

typedef int64_t (*handler_fn)(struct hk_task *t, const uint64_t a[6]);

static const handler_fn handlers[HK_SYSCALL_SLOTS] = {
#define SYS(nr, name, ...) [HK_SLOT_OF_ROW(nr)] = sys_##name,
#define NOSYS(...)
#include "syscalls/rows.def"
#undef SYS
#undef NOSYS
};

/* No call may name one of the monitor's descriptors: the argument kinds say which arguments are descriptors. */
static int check_fds(const struct hk_task *t, const struct hk_syscall_info *info, const uint64_t a[6])
{
	for (unsigned i = 0; i < info->nargs; i++) {
		enum hk_arg_kind kind = info->arg[i].kind;

		if ((kind == HK_ARG_FD || kind == HK_ARG_DIRFD) && fd_check(&t->proc->fds, (int)a[i]))
			return -EBADF;
	}
	return 0;
}

static int64_t serve(struct hk_task *t, struct hk_call *call)
{
	const struct hk_syscall_info *info = hk_syscall_info(call->nr);
	unsigned slot = hk_syscall_slot(call->nr);
	handler_fn fn;
	int r;

	if (!info) {
		call->note = "no such system call in this build";
		return -ENOSYS;
	}
	if (t->proc->profile && !profile_allows(t->proc->profile, slot)) {
		call->note = "left out by --syscalls";
		return -ENOSYS;
	}
	/* The mask keeps a mispredicted branch from reading behind the table. */
	fn = handlers[slot & (HK_SYSCALL_SLOTS - 1)];
	if (!fn) {
		call->note = info->refused;
		return -ENOSYS;
	}
	r = check_fds(t, info, call->a);
	return r ? r : fn(t, call->a);
}

static void note_seen(uint64_t *seen, unsigned slot)
{
	__atomic_fetch_or(&seen[slot / 64], 1UL << slot % 64, __ATOMIC_RELAXED);
}

/* --classic-numbers: what the courses' programs call by numbers that Linux has given to others since. */
static uint64_t modern_number(uint64_t nr)
{
	return nr == 333 ? HK_OWN_NR : nr == 449 ? HK_OWN_NR + 1 : nr == 450 ? HK_OWN_NR + 2 : nr;
}

int64_t hk_dispatch(struct hk_task *t, struct hk_call *call)
{
	struct hk_trace_hook *trace = t->proc->trace;
	int64_t result;

	t->call = call;
	if (t->proc->classic_numbers)
		call->nr = modern_number(call->nr);
	if (t->proc->seen)
		note_seen(t->proc->seen, hk_syscall_slot(call->nr));
	if (trace)
		trace->enter(trace->ctx, call);
	result = serve(t, call);
	if (trace)
		trace->leave(trace->ctx, call, result);
	t->call = NULL;
	return result;
}
