/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the plug-in's two services have in common: libdw told of the guest's modules, and the frames of a stack. All that it reads (files, memory, registers)
 * may be hostile: husk runs the plug-in in a process of its own that may die. Debug information is looked for on this machine only, never on the net.
 */
#ifndef HK_CRASH_SESSION_H
#define HK_CRASH_SESSION_H

#include "crash/backtrace.h"

#include <elfutils/libdwfl.h>
#include <stdbool.h>

struct session {
	const struct backtrace_map *maps;
	uint32_t map_count;
	int (*read)(void *ctx, uint64_t addr, uint64_t *value); /* as struct backtrace_input's */
	void *read_ctx;
	/* Told each frame, innermost first; exact: pc is no return address. False: no more. */
	bool (*tell)(struct session *s, uint64_t pc, bool exact, bool guessed);
	Dwfl *dwfl;
	uint64_t regs[BT_REGS];
	int told; /* counted by tell */
	bool attached;
	bool in_call; /* the first frame of libdwfl's stands within a call, one byte before the return address */
	uint64_t last_sp, last_pc;
};

/* With maps and map_count set. 0 or -errno. */
int session_begin(struct session *s);
void session_end(struct session *s);
/* Tell the frames of the stack that s->regs stand on. */
void session_unwind(struct session *s);

#endif
