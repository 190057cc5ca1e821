/* SPDX-License-Identifier: Apache-2.0 */
/* The form of fuzz_syscalls's inputs, shared with what makes its seeds. All numbers are little-endian; what is missing at the end is zero. */
#ifndef HK_TESTS_SYSCALLS_INPUT_H
#define HK_TESTS_SYSCALLS_INPUT_H

#include <stdint.h>

/*
 * options (1 byte), length of memory (2), memory, then calls to the end or INPUT_CALLS of them:
 * selector (2), six arguments: tag (1) and payload, whose size the tag tells.
 */
#define INPUT_CALLS 32

enum input_option {
	OPTION_JSON = 1,
	OPTION_RIP = 2,
	OPTION_LONG_STRINGS = 4,
	OPTION_NO_TRACE = 8,
	OPTION_XSAVE = 16,       /* signal frames have extended state */
	OPTION_CWD_IN_PROC = 32, /* also --net host with lists; else --net none */
	OPTION_MEM_LIMIT = 64,   /* as --mem */
	OPTION_SERVER = 128,     /* calls come by way of the server thread */
};

/* Selectors, modulo SELECTORS: a system call's number, one of the odd numbers of fuzz_syscalls.c, or something else than a call. */
enum input_selector {
	SELECT_ODD = 512,
	SELECT_REGS = 576, /* the program's RSP, RIP, RFLAGS, RAX, RCX, RDX are the arguments */
	SELECT_SIGNAL, /* signal arg0 with siginfo of code arg1 and value arg2 arrived; arg3 odd: held back; arg4 odd: during the next call */
	SELECT_FAULT, /* the CPU's exception: signal arg0, code arg1, address arg2 */
	SELECT_TOUCH, /* the program touches address arg0 with access arg1 */
	SELECTORS
};

enum input_tag {
	TAG_FIT,      /* 1 byte: what suits the argument's kind, chosen by the byte */
	TAG_SMALL,    /* 1 byte: a number */
	TAG_ARENA,    /* 2 bytes: an address in readable and writable memory */
	TAG_END,      /* 1 byte: that far before the end of it, where nothing follows */
	TAG_READONLY, /* 2 bytes: an address in read-only memory */
	TAG_EDGE,     /* 2 bytes: an edge of the address space, and a distance from it */
	TAG_PATH,     /* 1 byte: the address of a path */
	TAG_FD,       /* 1 byte: a descriptor of the pool */
	TAG_MONITOR,  /* 1 byte: an address in the monitor's memory */
	TAG_NEGATIVE, /* 1 byte: that far below zero */
	TAG_BITS,     /* 2 bytes: two bit numbers */
	TAG_WORD,     /* 4 bytes */
	TAG_RAW,      /* 8 bytes */
	TAGS
};

/* In memory, eight aligned bytes that begin with this become an argument: MARK, tag, payload (as much of it as fits). */
#define INPUT_MARK 0xfe

#endif
