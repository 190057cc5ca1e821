/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What table.def says, as data: for the dispatcher, the trace, `husk syscalls`, the docs. Read-only and thread-safe.
 *
 * A row of table.def is one of
 *   SYS(number, name, CLASS, ROAD, args…)        served by int64_t sys_<name>(struct hk_task *t, const uint64_t a[6])
 *   NOSYS(number, name, CLASS, "why", args…)     answered with ENOSYS; the reason is shown in the trace
 * An argument is A(KIND, name); its KIND is one of HK_ARG_KINDS below and tells how it is checked and printed.
 */
#ifndef HK_SYSCALLS_TABLE_H
#define HK_SYSCALLS_TABLE_H

#include <stdbool.h>
#include <stdint.h>

/* clang-format cannot make up its mind about lists of X(…). */
/* clang-format off */
#define HK_SYSCALL_CLASSES(X) \
	X(FILE, "file") \
	X(DESC, "desc") \
	X(MEMORY, "memory") \
	X(PROCESS, "process") \
	X(SIGNAL, "signal") \
	X(TIME, "time") \
	X(NETWORK, "network") \
	X(IPC, "ipc") \
	X(SYSTEM, "system")
/* clang-format on */

/* The cheapest road by which a call may be served (DESIGN D5); today all take OWN. */
enum hk_road {
	HK_ROAD_OWN,    /* on the calling thread, by an exit: it may block or concerns the thread */
	HK_ROAD_SERVER, /* any monitor thread may serve it */
	HK_ROAD_GATE,   /* can be answered inside the guest */
};

enum hk_class {
#define X(id, text) HK_CLASS_##id,
	HK_SYSCALL_CLASSES(X)
#undef X
		HK_CLASS_COUNT
};

#include "syscalls/argkinds.h"

struct hk_arg {
	enum hk_arg_kind kind;
	const char *name;
};

struct hk_syscall_info {
	unsigned nr;
	const char *name;
	enum hk_class class;
	enum hk_road road;
	const char *refused; /* NULL: served; else why it is answered with ENOSYS */
	unsigned nargs;
	struct hk_arg arg[6];
};

/*
 * A number's place in tables: Linux's numbers stand for themselves, husk's own (from HK_OWN_NR on) come behind them. What has no row has the last
 * slot, which is nobody's. All 64 bits are looked at.
 */
#define HK_OWN_NR          0x4800
#define HK_OWN_SLOT        480
#define HK_SYSCALL_SLOTS   512
#define HK_SLOT_NONE       (HK_SYSCALL_SLOTS - 1)
#define HK_SLOT_OF_ROW(nr) ((nr) < HK_OWN_NR ? (nr) : (nr)-HK_OWN_NR + HK_OWN_SLOT)

static inline unsigned hk_syscall_slot(uint64_t nr)
{
	if (nr < HK_OWN_SLOT)
		return (unsigned)nr;
	nr -= HK_OWN_NR; /* what lies below wraps round to the largest numbers */
	return nr < HK_SLOT_NONE - HK_OWN_SLOT ? (unsigned)nr + HK_OWN_SLOT : HK_SLOT_NONE;
}

/* The row of a slot, and of a number; NULL if no such call is in this build. */
const struct hk_syscall_info *hk_syscall_at_slot(unsigned slot);
const struct hk_syscall_info *hk_syscall_info(uint64_t nr);
/* The same by name; NULL if none. */
const struct hk_syscall_info *hk_syscall_by_name(const char *name);
/* The row at position i in table order, or NULL behind the last. */
const struct hk_syscall_info *hk_syscall_at(unsigned i);
const char *hk_class_name(enum hk_class c);

#endif
