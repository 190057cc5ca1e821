/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which memory an instruction touches. KVM says of an access that the host mapping forbids only that there was one (DESIGN D3): here the
 * instruction is decoded and its operands are compared with the VMA tree, to find the address, the kind of access and the signal.
 * Pure functions of registers and bytes, but for access_fetch and access_find, which look at guest memory. Thread-safe.
 */
#ifndef HK_CRASH_ACCESS_H
#define HK_CRASH_ACCESS_H

#include "base/compiler.h"
#include "kern/cpu.h"
#include "mm/mm.h"

#include <stdbool.h>

#define ACCESS_CODE_MAX 15 /* no instruction is longer */
#define ACCESS_MAX      80 /* no instruction touches more places: ENTER with 31 levels makes 66 accesses */

struct access_cpu {
	struct hk_regs regs;
	uint64_t fs_base, gs_base;
	uint8_t code[ACCESS_CODE_MAX]; /* the bytes at regs.rip … */
	size_t code_len;               /* … as many as could be read */
};

struct access {
	uint64_t addr;
	uint32_t size;
	unsigned how; /* MM_READ, MM_WRITE, MM_EXEC or MM_READ|MM_WRITE */
	bool stack;   /* through the stack segment: a non-canonical address is #SS, not #GP */
	bool masked;  /* only some bytes of it, as a mask register says */
	bool uncertain; /* the address comes from vector or tile registers: addr is the base only, and size that of one element */
};

struct access_fault {
	int signo;     /* SIGSEGV or SIGBUS */
	int code;      /* si_code */
	uint64_t addr; /* si_addr: the first byte of the operand on the page that refuses */
	struct access op;
};

enum access_result {
	ACCESS_SPURIOUS,  /* nothing stands in the way (any more): run on */
	ACCESS_FOUND,     /* *fault says what */
	ACCESS_UNCERTAIN, /* only an operand whose address is not known can have failed; *fault holds a guess */
};

/* Fill cpu->code and code_len from guest memory at cpu->regs.rip. */
void access_fetch(struct access_cpu *cpu);

/* List the accesses of the instruction in the order in which they are tried: the fetch, then reads, then writes. At most max are
 * written; returns their number. Bytes that are no instruction give the fetch alone. */
size_t access_list(const struct access_cpu *cpu, struct access *out, size_t max);

/* A processor's view of an address: with 48 bits, are the upper ones copies of bit 47? */
bool access_canonical(uint64_t addr);

/* Why did the instruction fail? The first access that the VMA tree forbids; else the first that the host itself cannot do. */
enum access_result access_find(struct mm *mm, const struct access_cpu *cpu, struct access_fault *fault);

/* The instruction's access that covers addr, into *op; for messages. how: prefer one of these kinds (0 = any). */
bool access_at(const struct access_cpu *cpu, uint64_t addr, unsigned how, struct access *op);

#endif
