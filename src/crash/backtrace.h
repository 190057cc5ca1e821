/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract between husk and its back-trace plug-in, husk-backtrace.so, which is opened only when a program has crashed or its profile
 * is written: start-up does not pay for libdw. Fixed-width types; a plug-in of another version is refused.
 */
#ifndef HK_CRASH_BACKTRACE_H
#define HK_CRASH_BACKTRACE_H

#include <stddef.h>
#include <stdint.h>

#define BACKTRACE_VERSION 2
#define BACKTRACE_FILE    "husk-backtrace.so"
#define BACKTRACE_SYMBOL  "husk_backtrace"
#define FOLD_SYMBOL       "husk_fold"

#define BACKTRACE_FRAMES 64 /* the most that are told */

/* DWARF's numbers of the x86-64 registers: psABI 3.6.2. */
enum backtrace_reg {
	BT_RAX,
	BT_RDX,
	BT_RCX,
	BT_RBX,
	BT_RSI,
	BT_RDI,
	BT_RBP,
	BT_RSP,
	BT_R8, /* … R15 = 15 */
	BT_RIP = 16,
	BT_REGS
};

/* One mapping of a file. Sorted by start in the list; not overlapping. */
struct backtrace_map {
	uint64_t start, end, offset;
	uint64_t dev, ino;  /* the file that was mapped; ino 0 = not known */
	uint32_t exec, pad; /* may be executed */
	const char *path;
};

struct backtrace_frame {
	uint64_t pc;
	uint64_t symbol_offset; /* pc - start of the symbol */
	int32_t line;           /* 0 = not known */
	int32_t guessed;        /* found by the frame pointers, not by call-frame information */
	char symbol[200];       /* "" = none */
	char file[200];         /* source file; "" = not known */
};

struct backtrace_input {
	uint32_t version;
	uint32_t map_count;
	const struct backtrace_map *maps;
	uint64_t regs[BT_REGS];
	void *ctx;
	/* Read 8 bytes of guest memory: 0, or not 0 when it cannot be read. */
	int (*read)(void *ctx, uint64_t addr, uint64_t *value);
	/* Told each frame, innermost first; not 0 = stop. */
	int (*frame)(void *ctx, const struct backtrace_frame *f);
};

/* The plug-in's function of that name: the number of frames told, or -errno. */
typedef int (*backtrace_fn)(const struct backtrace_input *in);

/* ---- the stacks of many moments ---- */

/* What a thread looked like at one moment. */
struct fold_sample {
	uint64_t regs[BT_REGS];
	uint64_t stack_at; /* where … */
	size_t stack_len;  /* … so much of the stack lay, which was copied to … */
	const void *stack; /* … here; aligned to 8 */
	const char *leaf;  /* NULL: it ran the innermost frame; else what was done for that, shown as [leaf] */
	uint64_t weight;
};

struct fold_input {
	uint32_t version;
	uint32_t map_count;
	const struct backtrace_map *maps;
	void *ctx;
	/* The next sample: 1, or 0 at the end. */
	int (*next)(void *ctx, struct fold_sample *s);
	/* Told each: its frames, outermost first, names separated by semicolons, without other odd characters. */
	void (*stack)(void *ctx, const char *frames, uint64_t weight);
};

/* 0 or -errno. */
typedef int (*fold_fn)(const struct fold_input *in);

#endif
