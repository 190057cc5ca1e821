/* SPDX-License-Identifier: Apache-2.0 */
/* One argument at enter or at leave, and the result: what is common to all kinds. */
#include "trace/decode.h"

#include "trace/flags.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static void print(struct dec *d, const struct dec_kind *k, uint64_t v)
{
	if (k->value)
		k->value(d, v);
	else if (k->names)
		dec_enum(d, k->names, (uint32_t)v);
	else if (k->bits)
		dec_bits(d, k->bits, (uint32_t)v);
	else if (d->leaving && d->result < 0)
		dec_addr(d, v);
	else
		dec_object(d, v, k->object);
}

void dec_arg(struct dec *d, unsigned i)
{
	const struct dec_kind *k;

	d->i = i;
	if (!d->info) {
		if (!d->leaving)
			dec_hex(d, d->call->a[i]);
		return;
	}
	k = dec_kind_of(d->info->arg[i].kind);
	if (k->when == DEC_BOTH || k->when == (d->leaving ? DEC_LEAVE : DEC_ENTER))
		print(d, k, d->call->a[i]);
}

bool dec_noreturn(const struct hk_call *call)
{
	return call->nr == SYS_exit || call->nr == SYS_exit_group;
}

static void flags_result(struct dec *d, const char *what, const struct dec_names *set)
{
	dec_hex(d, (uint64_t)d->result);
	if (!d->result)
		return;
	dec_printf(d, " (%s ", what);
	dec_bits(d, set, (uint64_t)d->result);
	dec_puts(d, ")");
}

static void named_result(struct dec *d, const struct dec_names *set)
{
	dec_printf(d, "%ld", d->result);
	dec_puts(d, " (");
	dec_enum(d, set, (uint64_t)d->result);
	dec_puts(d, ")");
}

static void fcntl_result(struct dec *d)
{
	switch ((int)d->call->a[1]) {
	case F_GETFD:
		flags_result(d, "flags", &names_fdflags);
		break;
	case F_GETFL:
		dec_printf(d, "%#lx (flags ", d->result);
		dec_open_flags(d, (uint64_t)d->result);
		dec_puts(d, ")");
		break;
	case F_GET_SEALS:
		flags_result(d, "seals", &names_seals);
		break;
	case F_GETLEASE:
		dec_printf(d, "%#lx (", d->result);
		dec_enum(d, &names_lock_type, (uint64_t)d->result);
		dec_puts(d, ")");
		break;
	case F_GETSIG:
		dec_printf(d, "%ld", d->result);
		if (d->result) {
			dec_puts(d, " (");
			dec_signal(d, (uint64_t)d->result);
			dec_puts(d, ")");
		}
		break;
	default:
		dec_printf(d, "%ld", d->result);
	}
}

static void success(struct dec *d)
{
	switch (d->call->nr) {
	case SYS_mmap:
	case SYS_mremap:
	case SYS_brk:
	case SYS_shmat:
		dec_hex(d, (uint64_t)d->result);
		break;
	case SYS_umask:
		dec_perm(d, (uint64_t)d->result);
		break;
	case SYS_fcntl:
		fcntl_result(d);
		break;
	case SYS_sched_getscheduler:
		named_result(d, &names_sched);
		break;
	case SYS_adjtimex:
	case SYS_clock_adjtime:
		named_result(d, &names_timex_state);
		break;
	case SYS_ioprio_get:
		dec_printf(d, "%ld (", d->result);
		dec_ioprio(d, (uint64_t)d->result);
		dec_puts(d, ")");
		break;
	case SYS_personality:
		dec_hex(d, (uint64_t)d->result);
		dec_puts(d, " (");
		dec_personality(d, (uint64_t)d->result);
		dec_puts(d, ")");
		break;
	case SYS_prctl:
		if ((int)d->call->a[0] == PR_GET_DUMPABLE) {
			named_result(d, &names_dumpable);
			break;
		}
		/* fall through */
	default:
		dec_printf(d, "%ld", d->result);
	}
}

void dec_result(struct dec *d)
{
	const char *name;

	if (d->result < 0 && d->result > -4096) {
		name = strerrorname_np((int)-d->result);
		if (name)
			dec_printf(d, "-1 %s (%s)", name, strerrordesc_np((int)-d->result));
		else
			dec_printf(d, "-1 (errno %ld)", -d->result);
	} else {
		success(d);
	}
	if (d->aux->len)
		dec_printf(d, " (%s)", d->aux->data);
}
