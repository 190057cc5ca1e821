/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract between the monitor and its code inside the VM (the gate): addresses, ports, offsets. Read by C and by
 * assembly; a number that both sides need is written here and nowhere else.
 */
#ifndef HK_ABI_LAYOUT_H
#define HK_ABI_LAYOUT_H

/* The gate's pages in the guest's virtual space: in the lower half (some hosts keep the upper one), above what the program owns. */
#define GATE_VA         0x7f0000000000
#define GATE_CODE_VA    GATE_VA /* readable and executable at ring 3: some hosts run SYSCALL's target there */
#define GATE_CPU_VA     (GATE_VA + 0x100000) /* one page a vCPU, ring 0 only: descriptor tables, TSS, exception stack */
#define GATE_CPU_MAX    4096                 /* vCPUs at most: so many pages and areas there is room for */
#define GATE_STATE_VA   (GATE_VA + 0x10000000) /* GATE_STATE_SIZE bytes a vCPU, for ring 3: see vmm/state.c */
#define GATE_PAGE_SIZE  0x1000
#define GATE_STATE_SIZE 0x4000
/*
 * A vCPU's data page, which ring 3 may read and write: GATE_DATA above its GS base, so that what a program touches through GS itself (natively at an
 * address near 0) is not mapped. All GS bases have the upper half GATE_GS_HIGH.
 */
#define GATE_GS_VA   (GATE_VA + 0x20000000)
#define GATE_GS_HIGH 0x7f00
#define GATE_DATA    0x1000000

/* Offsets in the data page. */
#define GATE_DATA_IDS      0x00 /* not 0: the next six are the thread's */
#define GATE_DATA_PID      0x08
#define GATE_DATA_TID      0x10
#define GATE_DATA_UID      0x18
#define GATE_DATA_EUID     0x20
#define GATE_DATA_GID      0x28
#define GATE_DATA_EGID     0x30
#define GATE_DATA_ANSWERED 0x38 /* calls answered by the gate */
#define GATE_DATA_STATE    0x40 /* GATE_STATE_*: of a call for the server thread */
#define GATE_DATA_NR       0x48
#define GATE_DATA_ARGS     0x50
#define GATE_DATA_RESULT   0x80
#define GATE_DATA_TAIL     0x88 /* where the trampoline makes the system call itself */
#define GATE_DATA_SPIN     0x90 /* how often to look for the answer; 0: the server is off */
#define GATE_DATA_LATE     0x98 /* calls for which its answer came too late */
#define GATE_DATA_MASKS    0xa0 /* not 0: the thread's signal mask is the next word, as long as the program runs */
#define GATE_DATA_BLOCKED  0xa8
#define GATE_DATA_HELD     0xb0 /* signals that do not end the run: to let one of them in takes an exit */

#define GATE_DATA_TABLE                                                                                                \
	0x200 /* a byte for each number below GATE_DATA_CALLS: 0, GATE_SERVE, or GATE_WORD + which of the words above is the answer */
#define GATE_DATA_CALLS 512
#define GATE_SERVE      1
#define GATE_WORD       2

/* struct gate_entry's nr: it is in the data page, and the result is there too, or in RAX. */
#define GATE_NR_ANY  0xffffffff
#define GATE_NR_PAGE 0xfffffffe

/* States of a call for the server thread. */
#define GATE_STATE_IDLE    0
#define GATE_STATE_REQUEST 1 /* the guest's */
#define GATE_STATE_BUSY    2 /* the server's */
#define GATE_STATE_DONE    3 /* RESULT holds */
#define GATE_STATE_REFUSED 4 /* make the system call yourself */

/* Offsets in the code page. */
#define GATE_SYSCALL        0x000 /* LSTAR */
#define GATE_IRET           0x010 /* return to ring 3 from a frame on the exception stack */
#define GATE_PROBE          0x020 /* ring-3 code, to learn what RDFSBASE, XGETBV and SYSCALL do here */
#define GATE_PROBE_XGETBV   0x030
#define GATE_PROBE_SYSCALL  0x050
#define GATE_SIGNAL_XSAVE   0x060 /* ring 3: save the extended state, enter a signal handler */
#define GATE_SIGNAL_FXSAVE  0x090 /* the same on a processor without XSAVE */
#define GATE_SIGNAL_XRSTOR  0x0c0 /* ring 3: leave a signal handler */
#define GATE_SIGNAL_FXRSTOR 0x0e0
#define GATE_SIGNAL_END     0x0f8 /* … up to here it is ring-3 code */
#define GATE_VECTOR         0x100 /* exception stubs, GATE_VECTOR_SIZE bytes each */
#define GATE_VECTOR_SIZE    16
#define GATE_VECTOR_PF_OUT  8 /* where a stub has its `out`: the page fault's here, all others at 0 */
#define GATE_VECTORS        32
#define GATE_STMXCSR        0x300 /* ring 3: MXCSR to (RSP), then SYSCALL */
#define GATE_SAVE_XSAVE     0x310 /* ring 3: save the extended state to (RCX), then SYSCALL */
#define GATE_SAVE_FXSAVE    0x320
#define GATE_LOAD_XRSTOR    0x330 /* ring 3: the same from there */
#define GATE_LOAD_FXRSTOR   0x340
#define GATE_PROBE_LAST     0x350 /* ring 3: the last part of the probe, which ends with the SYSCALL */
#define GATE_FAST           0x380 /* ring 3: what patched calls reach; gate_fast.inc */

/* Ports. An exit on GATE_PORT_SYSCALL is a system call; on GATE_PORT_VECTOR + n exception n. */
#define GATE_PORT_SYSCALL 0x20
#define GATE_PORT_VECTOR  0x40

/* Offsets in a vCPU's page. */
#define GATE_CPU_GDT   0x000
#define GATE_CPU_TSS   0x080
#define GATE_CPU_IDT   0x200
#define GATE_CPU_STACK 0x1000 /* the exception stack grows down from the page's end */

/* Selectors, as Linux has them. */
#define GATE_SEL_KERNEL_CS 0x10
#define GATE_SEL_KERNEL_SS 0x18
#define GATE_SEL_SYSRET    0x23 /* STAR[63:48]: SYSRET takes +8 for SS, +16 for CS */
#define GATE_SEL_USER_SS   0x2b
#define GATE_SEL_USER_CS   0x33
#define GATE_SEL_TSS       0x40

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

/* What the processor pushes at an exception; the stub of a vector without an error code sees it start at rip. */
struct gate_frame {
	uint64_t rip, cs, rflags, rsp, ss;
};

/* What GATE_SIGNAL_XRSTOR pops behind the restored state. */
struct gate_leave {
	uint64_t rax, rcx, rdx;
	struct gate_frame frame;
};

/* The data page, as the monitor sees it: the guest may write anything into it at any time. */
struct gate_data {
	uint64_t ids, pid, tid, uid, euid, gid, egid, answered;
	uint32_t state, pad;
	uint64_t nr, args[6], result, tail, spin, late, masks, blocked, held;
	uint64_t unused[41];
	uint8_t table[GATE_DATA_CALLS];
};

/*
 * A stretch of the gate's code for patched calls, as offsets in its page; what the registers hold there, so that an interrupted call can be undone or
 * finished. Up to in_rcx the tail is in RCX, then in R11, from `saved` on in the data page. In [posted, restored) R11 holds the flags as LAHF and SETO put
 * them. Before `commit` nothing has happened yet, or the data page tells; from there on the call has been made, and its result is in RAX or in the data page.
 */
struct gate_entry {
	uint32_t nr, start, commit, end, in_rcx, saved, posted, restored;
};

_Static_assert(offsetof(struct gate_data, state) == GATE_DATA_STATE, "the offsets are those of the structure");
_Static_assert(offsetof(struct gate_data, result) == GATE_DATA_RESULT, "the offsets are those of the structure");
_Static_assert(offsetof(struct gate_data, table) == GATE_DATA_TABLE, "the offsets are those of the structure");
_Static_assert(offsetof(struct gate_data, late) == GATE_DATA_LATE, "the offsets are those of the structure");
_Static_assert(offsetof(struct gate_data, held) == GATE_DATA_HELD, "the offsets are those of the structure");
_Static_assert(sizeof(struct gate_frame) == 40, "the frame is the processor's");
_Static_assert(GATE_CPU_VA + GATE_CPU_MAX * GATE_PAGE_SIZE <= GATE_STATE_VA, "the vCPUs' pages end before their areas");
_Static_assert(GATE_VECTOR + GATE_VECTORS * GATE_VECTOR_SIZE <= GATE_STMXCSR, "the stubs have room");
_Static_assert(GATE_CPU_IDT + GATE_VECTORS * 16 <= GATE_CPU_STACK - 1024, "the tables leave room for the stack");
#endif

#endif
