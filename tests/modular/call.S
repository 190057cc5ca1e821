/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call NUMBER: make that system call with six zeros, and exit with 0 if it answered ENOSYS, else with 1. Without a libc, so that it needs no other call but
 * exit_group, or exit where that is the one left out.
 */
	.globl _start
_start:
	mov 16(%rsp), %rsi /* argv[1] */
	xor %eax, %eax
digit:
	movzbl (%rsi), %ecx
	sub $'0', %ecx
	cmp $9, %ecx
	ja made
	imul $10, %eax, %eax
	add %ecx, %eax
	inc %rsi
	jmp digit
made:
	xor %edi, %edi
	xor %esi, %esi
	xor %edx, %edx
	xor %r10d, %r10d
	xor %r8d, %r8d
	xor %r9d, %r9d
	syscall
	xor %edi, %edi
	cmp $-38, %rax
	setne %dil
	mov $231, %eax
	syscall
	mov $60, %eax
	syscall
	hlt
