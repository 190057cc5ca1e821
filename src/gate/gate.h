/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls without exits: SYSCALL instructions that a program uses often are replaced by jumps to trampolines, which lead to the gate's code at ring 3
 * (guest/gate_fast.inc). That answers by itself what it can, and hands the rest to the server thread through the vCPU's data page. One struct gate a guest
 * process; mm's lock guards it, and its functions take it. docs/system-calls.md has the whole picture.
 */
#ifndef HK_GATE_GATE_H
#define HK_GATE_GATE_H

#include "abi/layout.h"
#include "kern/cpu.h"
#include "mm/mm.h"

#define GATE_SITES 1024
#define GATE_INDEX 4096 /* power of two, at least twice GATE_SITES */
#define GATE_PAGES 512
#define GATE_HOT   256

/* A patched SYSCALL. */
struct gate_site {
	uint64_t at;    /* of the SYSCALL */
	uint64_t start; /* where the change begins: at it, or at the MOV or XOR before it */
	uint64_t tail;  /* the trampoline's own SYSCALL */
	uint64_t tramp;
	uint32_t nr;    /* the call that goes to the gate; others are made by the tail */
	uint8_t old[8]; /* what stood at start */
	uint8_t len;
	bool live; /* the text has the jump now */
};

struct gate_page {
	uint64_t at;
	uint64_t used[HK_PAGE_SIZE / 64 / 8]; /* a bit for each 8 bytes */
};

/* A SYSCALL that traps: how often, and whether it is known to be unfit. */
struct gate_hot {
	uint64_t rip;
	unsigned count;
	bool unfit;
};

struct gate_counts {
	uint64_t patched, unfit, undone, settled;
};

struct gate {
	struct mm *mm;               /* NULL: the gate is off, and nothing is ever patched */
	unsigned after;              /* so many exits make an instruction worth replacing */
	bool serve[GATE_DATA_CALLS]; /* calls that go to the server, by number */
	bool masks;                  /* signal masks are the gate's while the program runs */
	bool serving;                /* there is a server: before, they are not worth replacing */
	unsigned sites_used, pages_used;
	uint64_t low, high; /* the trampolines lie between */
	struct gate_site site[GATE_SITES];
	uint16_t by_at[GATE_INDEX], by_tail[GATE_INDEX]; /* hash tables of 1 + index, 0 = none */
	struct gate_page page[GATE_PAGES];
	struct gate_hot hot[GATE_HOT];
	struct gate_counts counts;
};

/* Begin. After mm_init. */
void gate_init(struct gate *g, struct mm *mm, unsigned after);

/* The vCPU made a system call by an exit, with these registers. Often enough, and its instruction is replaced. alone: no other thread of the guest's runs. */
void gate_trapped(struct gate *g, const struct hk_regs *r, bool alone);

/* Is there a replaced instruction at rip? #GP there means that it was being replaced just then. */
bool gate_is_site(struct gate *g, uint64_t rip);

enum gate_settled {
	GATE_ELSEWHERE, /* the vCPU was not in the gate, or is as if it had not been: undone or finished */
	GATE_MAKE_CALL, /* the registers are those of a system call that is yet to be made */
	GATE_ANSWERED, /* the registers are those after a system call that an exit was taken for, but that was answered before */
};

/* How the vCPU came out. */
enum gate_exit {
	GATE_EXIT_KICK,
	GATE_EXIT_CALL,  /* a system call */
	GATE_EXIT_FAULT, /* a page fault that may be mended */
	GATE_EXIT_TRAP,  /* any other exception, a forbidden access */
};

/*
 * Nobody but the gate's own code may see the program stand in a trampoline or in the gate: set the registers to before or after the call. data: the
 * vCPU's page; the server must not be serving this vCPU.
 */
enum gate_settled gate_settle(struct gate *g, struct hk_regs *r, struct gate_data *data, enum gate_exit how);

/* Write what the gate answers for this thread into its page: at its start, after fork, after its ids may have changed. */
void gate_fill(const struct gate *g, struct gate_data *data);
void gate_fill_ids(struct gate_data *data);
/* May a call with this number have changed an answer? Then gate_fill_ids. */
bool gate_changes_ids(uint64_t nr);
/* May a call with this number have sent a signal to another thread of the process? */
bool gate_sends_signals(uint64_t nr);

#endif
