/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All of husk's code that runs inside the VM. The monitor copies [gate_begin, gate_end) to GATE_CODE_VA; the code does not
 * depend on its address. It changes no register: the monitor finds the program's own in the exit.
 */
#include "abi/layout.h"

	.section .rodata.gate, "a", @progbits
	.balign 4096
	.globl gate_begin, gate_end
	.hidden gate_begin, gate_end
gate_begin:

	.org GATE_SYSCALL, 0xcc
	/* SYSCALL's target. Where the host enters ring 0, SYSRET goes back; where it stays at ring 3 the monitor sets RIP itself. */
	out %al, $GATE_PORT_SYSCALL
	sysretq

	.org GATE_IRET, 0xcc
	iretq

	.org GATE_PROBE, 0xcc
	/* #UD here: the host does not let ring 3 use FSGSBASE. The monitor goes on at the next step. */
	rdfsbase %rax
	jmp probe_xgetbv

	.org GATE_PROBE_XGETBV, 0xcc
probe_xgetbv:
	/* #UD here: no XSAVE. Else R8 = XCR0 (low half), R10 = size of its XSAVE area. */
	xor %ecx, %ecx
	xgetbv
	mov %eax, %r8d
	mov $0xd, %eax
	xor %ecx, %ecx
	cpuid
	mov %ebx, %r10d
	jmp probe_syscall

	.org GATE_PROBE_SYSCALL, 0xcc
probe_syscall:
	jmp probe_last

	/* RDI, RSI, RDX = the handler's arguments, RCX = save area, R8 = handler; all other registers are in the frame already.
	 * The handler starts with the x87 and SSE control words that a new program has. */
	.macro enter_signal save
	mov %rdx, %r9
	mov $-1, %eax
	mov %eax, %edx
	\save (%rcx)
	mov %r9, %rdx
	xor %eax, %eax
	fninit
	ldmxcsr default_mxcsr(%rip)
	jmp *%r8
	.endm

	.org GATE_SIGNAL_XSAVE, 0xcc
	enter_signal xsave64
	.org GATE_SIGNAL_FXSAVE, 0xcc
	enter_signal fxsave64

	/* RCX = save area, RSP = struct gate_leave. */
	.macro leave_signal restore
	mov $-1, %eax
	mov %eax, %edx
	\restore (%rcx)
	pop %rax
	pop %rcx
	pop %rdx
	iretq
	.endm

	.org GATE_SIGNAL_XRSTOR, 0xcc
	leave_signal xrstor64
	.org GATE_SIGNAL_FXRSTOR, 0xcc
	leave_signal fxrstor64
	.org GATE_SIGNAL_END, 0xcc
default_mxcsr:
	.long 0x1f80

	.macro vector n, has_error
	.org GATE_VECTOR + \n * GATE_VECTOR_SIZE, 0xcc
	.if \n == 14
	/* A page fault: its address goes on the stack below the error code, cheaper than an ioctl that asks for CR2. */
	push %rax
	mov %cr2, %rax
	xchg %rax, (%rsp)
	.org GATE_VECTOR + \n * GATE_VECTOR_SIZE + GATE_VECTOR_PF_OUT, 0x90
	out %al, $(GATE_PORT_VECTOR + \n)
	add $16, %rsp
	.else
	out %al, $(GATE_PORT_VECTOR + \n)
	.if \has_error
	add $8, %rsp
	.endif
	.endif
	iretq
	.endm

	/* #DF #TS #NP #SS #GP #PF #AC #CP #VC #SX push an error code: gate_has_error() says the same. */
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	vector \n, ((0x60227d00 >> \n) & 1)
	.endr
	.org GATE_STMXCSR, 0xcc
	stmxcsr (%rsp)
	syscall

	.macro on_state do
	mov $-1, %eax
	mov %eax, %edx
	\do (%rcx)
	syscall
	.endm

	.org GATE_SAVE_XSAVE, 0xcc
	on_state xsave64
	.org GATE_SAVE_FXSAVE, 0xcc
	on_state fxsave64
	.org GATE_LOAD_XRSTOR, 0xcc
	on_state xrstor64
	.org GATE_LOAD_FXRSTOR, 0xcc
	on_state fxrstor64
	.org GATE_PROBE_LAST, 0xcc
probe_last:
	/* R12 = the upper half of YMM0, if there is one; then all are as at a program's start. R9 = the time-stamp counter, RDX = the processor's features
	 * (leaf 1), AT_HWCAP. */
	test $4, %r8b
	jz 1f
	vextractf128 $1, %ymm0, %xmm0
	vmovq %xmm0, %r12
	vzeroall
1:
	rdtsc
	shl $32, %rdx
	or %rdx, %rax
	mov %rax, %r9
	mov $1, %eax
	cpuid
	syscall
	ud2
	.org GATE_FAST, 0xcc
#include "guest/gate_fast.inc"
	.org GATE_PAGE_SIZE, 0xcc
gate_end:

	.section .note.GNU-stack, "", @progbits
