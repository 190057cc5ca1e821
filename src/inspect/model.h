/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be seen inside a machine at one moment, as plain data: collect.c fills it, the others put it into words and pictures. */
#ifndef HK_INSPECT_MODEL_H
#define HK_INSPECT_MODEL_H

#include "inspect/inspect.h"
#include "mm/ptwalk.h"
#include "vmm/look.h"

struct hk_process;

enum region_kind {
	REGION_IMAGE,   /* the program's file, and its zeroed data behind */
	REGION_LIBRARY, /* another executable file's */
	REGION_FILE,
	REGION_HEAP,
	REGION_STACK,
	REGION_ANON,
	REGION_VDSO,
	REGION_VVAR,
	REGION_PATCHES, /* what patched system calls jump to */
	REGION_STUBS,   /* the gate's code */
	REGION_CPU,     /* a vCPU's descriptor tables and exception stack */
	REGION_RING,    /* a vCPU's page for calls that do not leave the VM */
	REGION_STATE,   /* where its extended state is saved */
	REGION_KINDS
};

/* A range of virtual addresses. */
struct region {
	enum region_kind kind;
	uint64_t start, end, offset;
	int prot; /* PROT_*, as the program asked */
	bool shared;
	uint64_t mapped;   /* bytes of it that the page tables map */
	uint64_t resident; /* … that have memory on the host; ~0: not known */
	bool has_gpa;
	uint64_t first, gpa, hva; /* its first mapped byte, if has_gpa */
	char name[200];
};

enum slot_kind { SLOT_TABLES, SLOT_VVAR, SLOT_MEMORY };

struct slot {
	enum slot_kind kind;
	uint64_t gpa, hva, size;
};

/* An entry of the page tables; leaves that follow each other and say the same of memory that follows, as one. In the order of pt_visit. */
struct node {
	struct pt_entry first;
	unsigned count;
};

struct inspect {
	char point[96]; /* when it was, in words */
	char program[256];
	int pid;
	struct region *region;        /* by address */
	unsigned regions, region_cap; /* in the order of addresses */
	unsigned counted;             /* of them, those below what the walk over the tables has come to */
	struct slot *slot;            /* by guest-physical address */
	unsigned slots;
	unsigned max_slots, gpa_bits;
	struct node *node;
	unsigned nodes, node_cap;
	uint64_t root;                   /* guest-physical address of the top table */
	uint64_t arena_hva, arena_used;  /* the memory of page tables and gate */
	uint64_t tables[PT_LEVELS + 1];  /* tables of each level */
	uint64_t entries[PT_LEVELS + 1]; /* … and present entries in them */
	uint64_t covered;                /* bytes that leaves map … */
	uint64_t covered_large;          /* … by large entries */
	uint64_t asked;                  /* bytes of the program's mappings … */
	uint64_t asked_mapped, resident;
	uint64_t entry; /* where the program starts */
	bool ring0_syscall;
	struct look_vcpu *vcpu; /* by number */
	unsigned vcpus;
};

/* Fill it; the world has been stopped. 0 or -errno. */
HK_MUST_CHECK int inspect_collect(struct inspect *in, struct vm *vm, struct hk_process *proc);
void inspect_free(struct inspect *in);

const char *region_kind_name(enum region_kind kind);
const char *slot_kind_name(enum slot_kind kind);
/* The region or the slot that holds an address; NULL: none. */
const struct region *inspect_region(const struct inspect *in, uint64_t va);
const struct slot *inspect_slot(const struct inspect *in, uint64_t gpa);
/* "2 MiB", "64 TiB", "1.5 GiB"; in buf. */
const char *inspect_size(uint64_t n, char buf[24]);
#define INSPECT_SIZE(n) inspect_size((n), (char[24]){ 0 })
/* "U W NX": who may use what an entry maps, and for what. */
const char *inspect_flags(uint64_t entry);

/* How one address is translated. */
struct translation {
	char asked[INSPECT_PLACE];
	bool known; /* it is an address */
	uint64_t va;
	int steps;
	struct pt_entry step[PT_LEVELS];
	uint64_t table_hva[PT_LEVELS];
	bool mapped;
	uint64_t gpa;
	const struct slot *slot; /* NULL: no memory there */
	uint64_t hva;
	bool resident;    /* the host has a page for it … */
	uint64_t host_pa; /* … here; 0: the host does not tell */
};

/* Translate what is asked, an address or the name of a register or a region, for the program on vCPU 0. */
void inspect_translate(struct translation *t, const char *asked, const struct inspect *in, const struct pagetable *pt);

void inspect_text(const struct inspect *in, struct hk_strbuf *out);
void inspect_json(const struct inspect *in, struct hk_strbuf *out);
void inspect_svg(const struct inspect *in, struct hk_strbuf *out);
void inspect_translation_text(const struct translation *t, const struct inspect *in, struct hk_strbuf *out);
void inspect_translations_json(const struct translation *t, unsigned n, const struct inspect *in,
			       struct hk_strbuf *out);

#endif
