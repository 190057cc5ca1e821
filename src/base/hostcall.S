/* SPDX-License-Identifier: Apache-2.0 */
/*
 * int64_t hk_hostcall6(nr, a, b, c, d, e, f) and hk_hostcall6_sure, alike: see hostcall.h. From hk_hostcall_begin the call has been decided
 * but not yet made: a signal's handler that finds RIP in there, or at the SYSCALL, makes it come back. One SYSCALL instruction for both.
 */
#define NOT_MADE -513 /* -HK_ERESTARTNOINTR */
	.text
	.globl hk_hostcall6, hk_hostcall6_sure, hk_hostcall_begin, hk_hostcall_syscall, hk_hostcall_end
	.hidden hk_hostcall6, hk_hostcall6_sure, hk_hostcall_begin, hk_hostcall_syscall, hk_hostcall_end

	.macro arguments
	mov %rdi, %rax
	mov %rsi, %rdi
	mov %rdx, %rsi
	mov %rcx, %rdx
	mov %r8, %r10
	mov %r9, %r8
	mov 8(%rsp), %r9
	.endm

	.type hk_hostcall6_sure, @function
hk_hostcall6_sure:
	.cfi_startproc
	endbr64
	arguments
	jmp hk_hostcall_syscall
	.cfi_endproc
	.size hk_hostcall6_sure, . - hk_hostcall6_sure

	.type hk_hostcall6, @function
hk_hostcall6:
	.cfi_startproc
	endbr64
	arguments
hk_hostcall_begin:
	cmpl $0, %fs:hk_hostcall_cut@tpoff
	jne not_made
hk_hostcall_syscall:
	syscall
hk_hostcall_end:
	ret
not_made:
	mov $NOT_MADE, %rax
	ret
	.cfi_endproc
	.size hk_hostcall6, . - hk_hostcall6

	/* The restorer of the monitor's own signal handlers, which are installed by raw rt_sigaction. */
	.globl hk_sigreturn
	.hidden hk_sigreturn
	.type hk_sigreturn, @function
hk_sigreturn:
	mov $15, %eax
	syscall
	.size hk_sigreturn, . - hk_sigreturn

	.section .tbss, "awT", @nobits
	.globl hk_hostcall_cut
	.hidden hk_hostcall_cut
	.type hk_hostcall_cut, @object
	.balign 4
hk_hostcall_cut:
	.zero 4
	.size hk_hostcall_cut, 4
	.section .note.GNU-stack, "", @progbits
