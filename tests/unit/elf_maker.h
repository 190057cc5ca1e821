/* SPDX-License-Identifier: Apache-2.0 */
/* Small ELF files made by hand, for the loader's tests and as seeds for its fuzzer. */
#ifndef HK_TESTS_ELF_MAKER_H
#define HK_TESTS_ELF_MAKER_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_FILE_MAX   (128 << 10)
#define ELF_FILE_BASE  0x400000UL /* where an ET_EXEC file lies */
#define ELF_FILE_ENTRY 0xc00UL    /* offset of the code */
#define ELF_FILE_EXIT  42         /* what the program exits with */

struct elf_file {
	_Alignas(8) uint8_t bytes[ELF_FILE_MAX];
	size_t size;
};

/* A program of 4096 bytes that runs on Linux and exits with ELF_FILE_EXIT; one read-and-execute segment holds all of
 * it. */
void elf_make(struct elf_file *f, uint16_t type);

static inline Elf64_Ehdr *elf_eh(struct elf_file *f)
{
	return (Elf64_Ehdr *)f->bytes;
}

/* The program headers; e_phoff must be inside the buffer and aligned. */
static inline Elf64_Phdr *elf_ph(struct elf_file *f, unsigned i)
{
	return (Elf64_Phdr *)(f->bytes + elf_eh(f)->e_phoff) + i;
}

/* One more program header, all zero but for its type. */
Elf64_Phdr *elf_add(struct elf_file *f, uint32_t type);
/* One more PT_LOAD, readable and writable. */
Elf64_Phdr *elf_add_load(struct elf_file *f, uint64_t vaddr, uint64_t memsz, uint64_t offset, uint64_t filesz);
/* A PT_INTERP whose len bytes at 0x800 are path's. */
Elf64_Phdr *elf_add_interp(struct elf_file *f, const char *path, size_t len);

/* The hand-made variants, accepted and refused ones. */
struct elf_variant {
	const char *name;
	void (*make)(struct elf_file *f); /* changes what elf_make made */
	uint16_t type;
	int want;            /* elf_parse's answer: 0 or -errno */
	const char *text;    /* in its message; NULL where it accepts */
	const char *differs; /* why Linux answers otherwise; NULL where it does not */
};

extern const struct elf_variant elf_variants[];
extern const size_t elf_variant_count;

#endif
