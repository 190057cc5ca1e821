/* SPDX-License-Identifier: Apache-2.0 */
/* int64_t hk_hostcall6(nr, a, b, c, d, e, f): see hostcall.h. The two labels bound the window in which the call has been
 * decided but not yet made. */
	.text
	.globl hk_hostcall6, hk_hostcall_begin, hk_hostcall_end
	.hidden hk_hostcall6, hk_hostcall_begin, hk_hostcall_end
	.type hk_hostcall6, @function
hk_hostcall6:
	.cfi_startproc
	endbr64
	mov %rdi, %rax
	mov %rsi, %rdi
	mov %rdx, %rsi
	mov %rcx, %rdx
	mov %r8, %r10
	mov %r9, %r8
	mov 8(%rsp), %r9
hk_hostcall_begin:
	syscall
hk_hostcall_end:
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
	.section .note.GNU-stack, "", @progbits
