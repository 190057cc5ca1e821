/* SPDX-License-Identifier: Apache-2.0 */
/* Running a bare guest: a flat binary in a VM of its own, in a chosen mode of the processor, with ports to speak to husk (husk/boot.h). */
#ifndef HK_BOOT_BOOT_H
#define HK_BOOT_BOOT_H

#include "vmm/bare.h"

#define BOOT_MEM_DEFAULT (2UL << 20)
#define BOOT_MEM_MIN     (128UL << 10)
#define BOOT_MEM_MAX     (1UL << 30)

struct boot_options {
	const char *image;
	enum bare_mode mode;
	uint64_t mem;        /* bytes; 0 = BOOT_MEM_DEFAULT */
	const char *dir;     /* NULL: no files */
	uint64_t timeout_ns; /* 0 = no limit */
	bool trace;
	const char *trace_file; /* NULL: standard error */
	bool regs;              /* print the registers at the end */
};

/* Run the guest to its end. The exit status: the guest's own, 0 for HLT, 124 after the timeout; 125 with the reason in err. */
int boot_run(const struct boot_options *opt, struct hk_err *err);

/* "real16" and so on. 0 or -EINVAL. */
HK_MUST_CHECK int boot_mode_by_name(const char *name, enum bare_mode *mode);

#endif
