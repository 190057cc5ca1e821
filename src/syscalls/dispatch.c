/* SPDX-License-Identifier: Apache-2.0 */
#include "syscalls/dispatch.h"

#include "kern/fd.h"
#include "syscalls/handlers.h"
#include "syscalls/table.h"

#include <errno.h>
#include <fcntl.h>

typedef int64_t (*handler_fn)(struct hk_task *t, const uint64_t a[6]);

enum {
#define SYS(nr, name, ...)   HANDLER_NR_##name = nr,
#define NOSYS(nr, name, ...) HANDLER_NR_##name = nr,
#include "syscalls/rows.def"
#undef SYS
#undef NOSYS
	HANDLER_COUNT = 512
};

static const handler_fn handlers[HANDLER_COUNT] = {
#define SYS(nr, name, ...) [nr] = sys_##name,
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
	handler_fn fn;
	uint64_t i;
	int r;

	if (!info) {
		call->note = "no such system call in this build";
		return -ENOSYS;
	}
	/* The row exists, so nr < HANDLER_COUNT; the mask keeps a mispredicted branch from reading behind the table. */
	i = call->nr & (HANDLER_COUNT - 1);
	fn = handlers[i];
	if (!fn) {
		call->note = info->refused;
		return -ENOSYS;
	}
	r = check_fds(t, info, call->a);
	return r ? r : fn(t, call->a);
}

int64_t hk_dispatch(struct hk_task *t, struct hk_call *call)
{
	struct hk_trace_hook *trace = t->proc->trace;
	int64_t result;

	t->call = call;
	if (trace)
		trace->enter(trace->ctx, call);
	result = serve(t, call);
	if (trace)
		trace->leave(trace->ctx, call, result);
	t->call = NULL;
	return result;
}
