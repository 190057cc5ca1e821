/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers for calls whose arguments are plain numbers that mean the same to the host: PASS2(sys_setpgid, SYS_setpgid) defines one that hands on two
 * arguments. The host cuts each to its own type. Private to syscalls/.
 */
#ifndef HK_SYSCALLS_PASS_H
#define HK_SYSCALLS_PASS_H

#include "base/hostcall.h"
#include "syscalls/handlers.h"

#define PASS_FN(fn) int64_t fn(struct hk_task *t HK_UNUSED, const uint64_t a[6] HK_UNUSED)

#define PASS0(fn, nr)                                                                                                  \
	PASS_FN(fn)                                                                                                    \
	{                                                                                                              \
		return hk_hostcall(nr);                                                                                \
	}
#define PASS1(fn, nr)                                                                                                  \
	PASS_FN(fn)                                                                                                    \
	{                                                                                                              \
		return hk_hostcall(nr, a[0]);                                                                          \
	}
#define PASS2(fn, nr)                                                                                                  \
	PASS_FN(fn)                                                                                                    \
	{                                                                                                              \
		return hk_hostcall(nr, a[0], a[1]);                                                                    \
	}
#define PASS3(fn, nr)                                                                                                  \
	PASS_FN(fn)                                                                                                    \
	{                                                                                                              \
		return hk_hostcall(nr, a[0], a[1], a[2]);                                                              \
	}

/* A first argument that is a pointer to one `type`, read or written by the host; the same for the second. */
#define PASS_OBJ(fn, nr, type)                                                                                         \
	PASS_FN(fn)                                                                                                    \
	{                                                                                                              \
		return hk_hostcall(nr, host_obj(a[0], type));                                                          \
	}
#define PASS1_OBJ(fn, nr, type)                                                                                        \
	PASS_FN(fn)                                                                                                    \
	{                                                                                                              \
		return hk_hostcall(nr, a[0], host_obj(a[1], type));                                                    \
	}

#endif
