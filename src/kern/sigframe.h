/* SPDX-License-Identifier: Apache-2.0 */
/* What a signal handler finds on its stack: the layout of Linux for x86-64, which libraries, debuggers and runtimes read. */
#ifndef HK_KERN_SIGFRAME_H
#define HK_KERN_SIGFRAME_H

#include "kern/signal.h"

#include <stddef.h>

struct sigframe_context {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
	uint16_t cs, gs, fs, ss;
	uint64_t error, trapno, oldmask, cr2;
	uint64_t fpstate; /* address of the XSAVE (or FXSAVE) area */
	uint64_t reserved[8];
};

struct sigframe_ucontext {
	uint64_t flags, link;
	struct hk_sigstack stack;
	struct sigframe_context context;
	uint64_t mask;
};

struct sigframe {
	uint64_t restorer;
	struct sigframe_ucontext uc;
	uint8_t info[128];
};

_Static_assert(sizeof(struct hk_sigstack) == 24, "stack_t");
_Static_assert(sizeof(struct sigframe_context) == 256, "struct sigcontext");
_Static_assert(sizeof(struct sigframe_ucontext) == 304, "struct ucontext");
_Static_assert(sizeof(struct sigframe) == 440, "struct rt_sigframe");
_Static_assert(sizeof(siginfo_t) == 128, "siginfo_t");

#define UC_FP_XSTATE         0x1u
#define UC_SIGCONTEXT_SS     0x2u
#define UC_STRICT_RESTORE_SS 0x4u

/* In the XSAVE area: software's own bytes behind the legacy part, the header that XRSTOR checks, the closing word. */
#define XSAVE_SW_OFFSET     464
#define XSAVE_HEADER_OFFSET 512
#define XSAVE_HEADER_SIZE   64
#define FXSAVE_SIZE         512
#define FP_MAGIC1           0x46505853u
#define FP_MAGIC2           0x46505845u

struct xsave_sw {
	uint32_t magic1, extended_size;
	uint64_t xfeatures;
	uint32_t xstate_size, padding[7];
};

_Static_assert(sizeof(struct xsave_sw) == FXSAVE_SIZE - XSAVE_SW_OFFSET, "struct _fpx_sw_bytes");

#endif
