/* SPDX-License-Identifier: Apache-2.0 */
/* What scan.c collects and wrapper.c reads. */
#ifndef HK_SCAN_GRAPH_H
#define HK_SCAN_GRAPH_H

#include "scan/internal.h"

struct export
{
	const char *name;
	struct obj *obj;
	uint64_t value;
};

struct site {
	struct func *f;
	uint64_t at;
	struct value rax;
};

/* The registers of a call that may carry a number: RAX (Go) and the six of the System V convention. */
#define CALL_REGS 7
static const uint8_t call_regs[CALL_REGS] = { REG_RAX, REG_RDI, REG_RSI, REG_RDX, REG_RCX, REG_R8, 9 };

struct call {
	struct func *from, *to;
	uint64_t at;
	struct value reg[CALL_REGS];
};

/* Who goes somewhere, from where; regs NULL: not by a call but by taking the address. */
struct origin {
	struct func *f;
	uint64_t at;
	const struct value *regs;
};

/* A number, or none, and where. */
struct finding {
	uint64_t nr;
	const struct obj *obj;
	uint64_t at;
};

struct scan {
	VEC(struct obj *) objs;
	VEC(struct export) exports; /* by name */
	VEC(struct func *) work;    /* reached, to be followed */
	VEC(struct site) sites;
	VEC(struct call) calls;
	VEC(struct finding) found;      /* by number, one each */
	VEC(struct finding) unresolved; /* by place */
	unsigned distinct_sites;
	bool failed; /* no memory */
};

/* From sites and calls to found and unresolved. False without memory. */
bool wrapper_resolve(struct scan *s);

#endif
