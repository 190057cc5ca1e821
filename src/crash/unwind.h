/* SPDX-License-Identifier: Apache-2.0 */
/* The call stack of a dead guest: runs the back-trace plug-in in a child process, since what it reads (the program's files and memory) may be hostile. */
#ifndef HK_CRASH_UNWIND_H
#define HK_CRASH_UNWIND_H

#include "crash/access.h"
#include "crash/backtrace.h"

#define UNWIND_MAPS 4096

/* The guest's file mappings, by rising address; paths are owned. */
struct unwind_maps {
	struct backtrace_map *map;
	uint32_t count, cap;
};

/* Copy the file mappings out of mm. 0 or -ENOMEM; beyond UNWIND_MAPS they are left out. */
HK_MUST_CHECK int unwind_collect(struct unwind_maps *maps, struct mm *mm);
void unwind_free(struct unwind_maps *maps);
/* The registers by DWARF's numbers. */
void unwind_registers(uint64_t r[BT_REGS], const struct hk_regs *g);
/* The mapping that holds addr, or NULL; *base = where its file's first byte is (or would be) mapped. */
const struct backtrace_map *unwind_module(const struct unwind_maps *maps, uint64_t addr, uint64_t *base);

struct unwind {
	unsigned count;
	struct backtrace_frame frame[BACKTRACE_FRAMES];
	char trouble[200]; /* why there are none, or no more; "" = nothing to say */
};

/* Takes at most some seconds, whatever the guest left behind. Strings in out are terminated, but otherwise as found. */
void unwind_run(struct unwind *out, const struct unwind_maps *maps, const struct access_cpu *cpu);

#endif
