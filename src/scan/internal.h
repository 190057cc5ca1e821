/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of scan/ share. The ELF files are hostile: whatever is read from one goes through obj_bytes or a checked section. */
#ifndef HK_SCAN_INTERNAL_H
#define HK_SCAN_INTERNAL_H

#include "scan/scan.h"

#include <elf.h>

struct obj;

/* A growing array: VEC(type) v; vec_push(&v, item) is false without memory. */
#define VEC(type)                                                                                                      \
	struct {                                                                                                       \
		type *v;                                                                                               \
		size_t n, cap;                                                                                         \
	}
bool vec_grow(void *pv, size_t *cap, size_t size);
#define vec_push(vec, ...)                                                                                             \
	(((vec)->n < (vec)->cap || vec_grow(&(vec)->v, &(vec)->cap, sizeof(*(vec)->v))) &&                             \
	 ((vec)->v[(vec)->n++] = (__VA_ARGS__), true))

/* ---- values that registers may have ---- */

#define VALUE_MAX 6
enum value_kind {
	VALUE_NONE,    /* not reached */
	VALUE_SET,     /* one of n constants */
	VALUE_ARG,     /* what register `reg` held when the function was entered */
	VALUE_UNKNOWN, /* anything */
};
struct value {
	uint8_t kind, n, reg;
	uint32_t c[VALUE_MAX];
};

/* General registers as the processor numbers them. */
enum { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8, REG_R11 = 11, REG_COUNT = 16 };

/* ---- objects ---- */

/* Where other functions jump in, with what they know of the registers. */
struct entry {
	uint64_t at;
	struct value reg[REG_COUNT];
};

struct func {
	struct obj *obj;
	uint64_t start, end;
	bool reached, queued, pointed_at; /* pointed_at: reached code or data has its address */
	VEC(struct entry) entries;
};

/* A relocated word: a pointer to `target` in this object, or to the symbol (then target is 0). */
struct reloc {
	uint64_t slot, target;
	const char *symbol;
	bool got; /* a slot of the linker's, of interest only where code uses it; else a pointer in data, which anybody may find */
};

struct symbol {
	const char *name;
	uint64_t value;
};

struct range {
	uint64_t start, end;
	const uint8_t *bytes; /* end - start of them; NULL: zero-filled, or code */
};

struct obj {
	char *path;
	const uint8_t *map;
	size_t size;
	bool fixed; /* not position-independent: addresses are written as they are */
	bool interpreter;
	uint64_t entry;
	char *interp; /* path of the dynamic linker, or NULL */
	VEC(struct range) code;
	VEC(struct range) data;
	VEC(struct func) funcs;     /* sorted, disjoint */
	VEC(struct reloc) relocs;   /* sorted by slot */
	VEC(struct symbol) exports; /* defined dynamic symbols */
	VEC(struct symbol) names;   /* function names, sorted by value, for reports */
	VEC(const char *) needed;
	VEC(uint64_t) starts; /* where functions begin, in any order */
	VEC(uint64_t) roots;  /* what the dynamic linker or the kernel calls */
	const char *runpath;  /* or NULL */
	bool loads;           /* imports dlopen or dlsym */
};

/* Read and index a file. NULL with err filled. */
struct obj *obj_open(const char *path, struct hk_err *err);
void obj_close(struct obj *o);
/* len bytes at an address of the object, or NULL if they are not all in the file. */
const uint8_t *obj_bytes(const struct obj *o, uint64_t va, uint64_t len);
bool obj_is_code(const struct obj *o, uint64_t va);
/* The bytes of code from va to the end of its segment, *len of them. */
const uint8_t *obj_code(const struct obj *o, uint64_t va, uint64_t *len);
struct func *obj_func(const struct obj *o, uint64_t va);
const struct reloc *obj_reloc(const struct obj *o, uint64_t slot);
void obj_site(const struct obj *o, uint64_t va, struct scan_site *site);

/* needed.c: where the dynamic linker would find a library. The path (malloc'ed), or NULL. */
char *needed_find(const struct obj *by, const char *name);

/* ---- one function ---- */

/* What flow_function tells of. Addresses are the object's. */
struct flow_events {
	void *ctx;
	/* A SYSCALL with these values in RAX. */
	void (*syscall)(void *ctx, struct func *f, uint64_t at, const struct value *rax);
	/* A call of, or a jump out of the function to, target, with these registers. */
	void (*call)(void *ctx, struct func *f, uint64_t at, uint64_t target, const struct value regs[REG_COUNT]);
	/* The same through the word at slot. */
	void (*call_slot)(void *ctx, struct func *f, uint64_t at, uint64_t slot, const struct value regs[REG_COUNT]);
	/* The address of code, or of a word, appears in an instruction. */
	void (*refer)(void *ctx, struct func *f, uint64_t address);
};

/* Follow constants through f. 0 or -ENOMEM. */
HK_MUST_CHECK int flow_function(struct func *f, const struct flow_events *ev);

/* True if it changed *to. */
bool value_merge(struct value *to, const struct value *from);

#endif
