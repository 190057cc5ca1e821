/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of boot/ share. Whatever comes from the guest (registers, memory, page tables) is hostile. */
#ifndef HK_BOOT_INTERNAL_H
#define HK_BOOT_INTERNAL_H

#include "base/strbuf.h"
#include "boot/boot.h"

#include <husk/boot.h>

struct boot_files {
	int dir;                 /* -1: no --dir, no files */
	int fd[HUSK_BOOT_FILES]; /* -1: free; the guest's descriptor is the index */
};

struct boot {
	const struct boot_options *opt;
	struct bare_vm vm;
	struct boot_files files;
	int trace_fd; /* -1: no --trace */
	uint64_t exits;
	uint64_t ins, outs;  /* exits by reason, for the end of the trace */
	int32_t call_status; /* HUSK_BOOT_STATUS */
	bool ended;
	int status;
};

/* ---- walk.c: guest addresses ---- */

/* The guest-physical address behind a linear one, for supervisor code. 0, or -EFAULT where the tables in force do not map it, or lie outside
 * memory, or forbid the write. The result may lie outside memory. */
HK_MUST_CHECK int boot_walk(const struct bare_vm *vm, const struct bare_state *s, uint64_t va, bool write,
			    uint64_t *gpa);
/* The host address of the part of [va, va+*len) that lies in va's page; *len is cut to it. NULL: -EFAULT. */
uint8_t *boot_chunk(const struct bare_vm *vm, const struct bare_state *s, uint64_t va, bool write, uint64_t *len);
HK_MUST_CHECK int boot_copy_in(const struct bare_vm *vm, const struct bare_state *s, void *to, uint64_t va,
			       uint64_t len);
HK_MUST_CHECK int boot_copy_out(const struct bare_vm *vm, const struct bare_state *s, uint64_t va, const void *from,
				uint64_t len);

/* ---- files.c: the files below --dir ---- */

HK_MUST_CHECK int boot_files_init(struct boot_files *f, const char *dir);
void boot_files_close(struct boot_files *f);
/* Carry the guest's request out; the result goes into the structure at va. 0, or -EFAULT if that cannot be read or written. `what` is told for the trace. */
HK_MUST_CHECK int boot_file_call(struct boot *b, const struct bare_state *s, uint64_t va, struct hk_strbuf *what);

/* ---- ports.c ---- */

/* Serve an exit for a port. `what` is told for the trace. */
void boot_port(struct boot *b, struct bare_exit *e, struct hk_strbuf *what);

#endif
