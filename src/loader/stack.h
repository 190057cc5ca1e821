/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The initial stack of a program: strings, auxiliary vector, envp, argv, argc (x86-64 psABI 3.4.1). Pure: it builds
 * bytes for a given address.
 */
#ifndef HK_LOADER_STACK_H
#define HK_LOADER_STACK_H

#include "base/compiler.h"

#define STACK_AUXV_MAX 32

struct stack_aux {
	uint64_t type, value;
};

struct stack_spec {
	uint64_t top; /* the stack ends below this address; 16-byte aligned */
	/* The most bytes that the strings (execfn's, too) and the pointers to them may take, counted as Linux does. */
	uint64_t limit;
	char *const *argv;    /* NULL-terminated; at least argv[0] is made ("") if empty, as Linux does */
	char *const *envp;    /* NULL-terminated */
	const char *execfn;   /* AT_EXECFN */
	const char *platform; /* AT_PLATFORM ("x86_64") */
	uint8_t random[16];   /* AT_RANDOM */
	/* Further entries in order. The builder adds AT_RANDOM, AT_EXECFN, AT_PLATFORM (an entry of that type here
	 * keeps its place and gets its value) and AT_NULL. */
	struct stack_aux aux[STACK_AUXV_MAX];
	unsigned aux_count;
};

struct stack_image {
	uint8_t *bytes;                                  /* owned by the caller: free() */
	uint64_t size;                                   /* they belong at [sp, sp+size); sp+size == top */
	uint64_t sp;                                     /* 16-byte aligned; argc is there */
	uint64_t arg_start, arg_end, env_start, env_end; /* the strings, for /proc/self/{cmdline,environ,stat} */
	uint64_t auxv[2 * (STACK_AUXV_MAX + 4)];         /* the final vector, AT_NULL included */
	unsigned auxv_words;
};

/* 0, -E2BIG (over limit, or more than 128 KiB in one string, NUL included), -ENOMEM. On failure there is nothing to
 * free. */
HK_MUST_CHECK int stack_build(const struct stack_spec *spec, struct stack_image *out);

#endif
