/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes it safe to run the real handlers, as root, on somebody's machine, with arguments that nobody chose. Two layers:
 *   - each host call that a handler makes (hk_hostcall6, wrapped by the linker) is looked at first: some arguments are
 *     made harmless (descriptors that block no more, lengths), some calls answered with an error instead of being made;
 *   - a seccomp filter knows the address of hk_hostcall's SYSCALL instruction: from there only the numbers of the same
 *     list pass. Elsewhere (the C library, libFuzzer) everything passes but the few calls that handlers make through
 *     the C library and that would harm: signals to others, limits.
 */
#ifndef HK_TESTS_JAIL_H
#define HK_TESTS_JAIL_H

#include <stdint.h>
#include <sys/stat.h>

struct jail {
	int first_fd; /* descriptors below it are the harness's own: to the guest's calls they are not there */
	struct stat writable[2]; /* files that may be opened for writing: the harness's own temporary ones, */
	struct stat memory;      /* and memory files, all on one device */
	uint64_t shadow_start; /* what a sanitizer has in the guest's range: not to be mapped, unmapped, protected… */
	uint64_t shadow_end;
};

/* Once, before the first call; for the whole process and for good. */
void jail_enter(const struct jail *j);

#endif
