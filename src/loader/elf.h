/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read an ELF file's headers and say how to map it. A pure function of bytes: no mapping, no process, every byte
 * hostile. elf(5), gABI, x86-64 psABI.
 */
#ifndef HK_LOADER_ELF_H
#define HK_LOADER_ELF_H

#include "base/err.h"

#include <limits.h>
#include <stdbool.h>

#define ELF_MAX_SEGMENTS 1170 /* Linux: program headers of 64 KiB */

/* Where the bytes come from: a file in husk, a buffer in tests and fuzzers. */
struct elf_source {
	void *ctx;
	uint64_t size;
	/* Read exactly len bytes at off: 0, or -errno (-ENOEXEC behind the end). */
	int (*read)(void *ctx, uint64_t off, void *buf, size_t len);
};

struct elf_segment {
	uint64_t vaddr, memsz; /* as in the file, not page-aligned; no overflow, memsz >= filesz, memsz > 0 */
	/* offset ≡ vaddr modulo the page size. [offset, offset+filesz) may reach behind the end of the file: Linux
	 * maps such a segment too, and touching a page that the file does not have is SIGBUS. */
	uint64_t offset, filesz;
	int prot; /* PROT_* */
};

struct elf_plan {
	bool fixed; /* ET_EXEC: the addresses are final and inside the guest's range; else ET_DYN: add a bias, modulo 2^64 */
	/* Unbiased. A user address wherever [low, high) is placed in [HK_MMAP_MIN, HK_GUEST_MAX); not always in a
	 * segment. */
	uint64_t entry;
	uint64_t low, high; /* the pages that the segments span, page-aligned, unbiased; low < high */
	uint64_t align;     /* largest p_align of a PT_LOAD, at least a page, a power of two, at most 1 GiB */
	uint64_t phdr;      /* unbiased address of the program headers in memory; 0 = not in a segment */
	uint16_t phnum;
	bool exec_stack; /* PT_GNU_STACK asks for it; without one the stack is not executable (as Linux for x86-64) */
	bool truncated;  /* a segment reaches behind the end of the file */
	bool has_interp;
	char interp[PATH_MAX]; /* may be "": Linux answers EACCES (it takes it for ".") */
	unsigned count;        /* at least 1 */
	/* Map them in this order, each complete with its zero-filled part: a later one replaces pages of an earlier
	 * one. By rising vaddr, or, if any two share a page, in the file's order, as Linux maps them. */
	struct elf_segment seg[ELF_MAX_SEGMENTS];
};

/* name is for messages. 0; -ENOEXEC (malformed, wrong class or machine: the message says which); -EIO or -EINVAL
 * where Linux says so (the interpreter's path lies behind the end of the file); other errors from the source. On
 * failure *plan is unspecified. */
HK_MUST_CHECK int elf_parse(const struct elf_source *src, const char *name, struct elf_plan *plan, struct hk_err *err);

#endif
