/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bare guest of `husk boot` finds: where things lie in its memory, and the ports by which it speaks to husk. Read by C and by assembly, in
 * 16, 32 and 64 bits; needs nothing but itself. docs/lab/boot.md explains it.
 */
#ifndef HUSK_BOOT_H
#define HUSK_BOOT_H

/* Guest-physical addresses at the start. The image's first byte is its entry point. */
#define HUSK_BOOT_LOAD16 0x7c00  /* real16: as a PC's firmware loads a boot sector; the stack grows down from here */
#define HUSK_BOOT_LOAD   0x10000 /* the other modes; the stack grows down from the end of memory */
#define HUSK_BOOT_GDT    0x1000  /* not in real16 */
#define HUSK_BOOT_TABLES 0x2000  /* page tables of paged32 and long64 */

#define HUSK_BOOT_CS 0x08 /* selectors of that GDT */
#define HUSK_BOOT_DS 0x10

/* Ports. An address is a linear one, translated by the page tables in force; segment bases are not added. */
#define HUSK_BOOT_CONSOLE                                                                                              \
	0xe9 /* out, 1 byte: to standard output; in: 1 byte the next of standard input (0 at its end), 4 bytes ~0 at its end */
#define HUSK_BOOT_NUMBER 0xea /* out: printed in decimal */
#define HUSK_BOOT_STRING                                                                                               \
	0xeb /* out, 4 bytes: address of a NUL-terminated string, printed; at most HUSK_BOOT_STRING_MAX bytes */
#define HUSK_BOOT_EXITS  0xec /* in, 4 bytes: how many times the processor has left the VM, this time included */
#define HUSK_BOOT_FILE   0xed /* out, 4 bytes: address of a struct husk_boot_file */
#define HUSK_BOOT_STATUS 0xee /* in, 4 bytes: what became of the last STRING or FILE: 0, or a negative Linux errno */
#define HUSK_BOOT_EXIT   0xef /* out, 1 byte: end with this exit status (HLT ends with 0) */

#define HUSK_BOOT_STRING_MAX   4096
#define HUSK_BOOT_TRANSFER_MAX 0x100000 /* the most bytes of one read or write; more is cut to it */
#define HUSK_BOOT_FILES        16       /* open at once */

/* struct husk_boot_file's op */
#define HUSK_BOOT_OPEN  0 /* a: address of the path, below --dir; b: flags (below); the result is a descriptor */
#define HUSK_BOOT_READ  1 /* a: descriptor, b: address, c: bytes; the result is how many were read, 0 at the end */
#define HUSK_BOOT_WRITE 2 /* the same for writing */
#define HUSK_BOOT_CLOSE 3 /* a: descriptor */

/* flags of HUSK_BOOT_OPEN, as Linux has them */
#define HUSK_BOOT_RDONLY 0
#define HUSK_BOOT_WRONLY 1
#define HUSK_BOOT_RDWR   2
#define HUSK_BOOT_CREAT  0x40
#define HUSK_BOOT_TRUNC  0x200
#define HUSK_BOOT_APPEND 0x400

#ifndef __ASSEMBLER__
#include <stdint.h>

struct husk_boot_file {
	uint32_t op;
	int32_t result; /* 0 or more, or a negative Linux errno; written by husk */
	uint32_t a, b, c;
};
#endif

#endif
