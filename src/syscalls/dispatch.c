/* SPDX-License-Identifier: Apache-2.0 */
#include "syscalls/dispatch.h"

#include "kern/fd.h"
#include "syscalls/handlers.h"
#include "syscalls/nowait.h"
#include "syscalls/policy.h"
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

static int64_t serve(struct hk_task *t, struct hk_call *call, bool nowait)
{
	const struct hk_syscall_info *info = hk_syscall_info(call->nr);
	unsigned slot = hk_syscall_slot(call->nr);
	handler_fn fn;
	int r;

	if (!info) {
		call->note = "no such system call in this build";
		return -ENOSYS;
	}
	/* The mask keeps a mispredicted branch from reading behind the table. */
	fn = handlers[slot & (HK_SYSCALL_SLOTS - 1)];
	if (!fn) {
		call->note = info->refused;
		return -ENOSYS;
	}
	if (t->proc->policy.on) {
		int64_t refused = policy_check(t, info->nr);

		if (refused || t->exiting)
			return refused;
	}
	r = check_fds(t, info, call->a);
	if (r)
		return r;
	return nowait ? nowait_serve(t, call->nr, call->a, fn) : fn(t, call->a);
}

/* --classic-numbers: what the courses' programs call by a number that Linux has given to another call since. */
static uint64_t modern_number(uint64_t nr)
{
	return nr == 333 ? HK_OWN_NR : nr == 449 || nr == 450 ? HK_OWN_NR + nr - 448 : nr;
}

static int64_t dispatch(struct hk_task *t, struct hk_call *call, bool nowait)
{
	struct hk_trace_hook *trace = t->proc->trace;
	int64_t result;

	t->call = call;
	if (t->proc->classic_numbers)
		call->nr = modern_number(call->nr);
	if (trace)
		trace->enter(trace->ctx, call);
	result = serve(t, call, nowait);
	if (trace)
		trace->leave(trace->ctx, call, result);
	t->call = NULL;
	return result;
}

int64_t hk_dispatch(struct hk_task *t, struct hk_call *call)
{
	return dispatch(t, call, false);
}

bool hk_may_serve(uint64_t nr)
{
	return nowait_may(nr);
}

int64_t hk_dispatch_nowait(struct hk_task *t, struct hk_call *call)
{
	call->served = "server";
	return nowait_may(call->nr) ? dispatch(t, call, true) : -HK_WOULD_WAIT;
}
