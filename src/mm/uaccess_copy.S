/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only instructions of the monitor that may fault on guest memory. Between uaccess_begin and uaccess_end the SIGSEGV
 * and SIGBUS handler (uaccess.c) goes on at uaccess_fixup instead of dying. None of them uses the stack.
 */
	.text
	.globl uaccess_begin, uaccess_end, uaccess_fixup
	.globl uaccess_copy, uaccess_clear, uaccess_scan, uaccess_touch, uaccess_cmpxchg, uaccess_store
	.hidden uaccess_begin, uaccess_end, uaccess_fixup
	.hidden uaccess_copy, uaccess_clear, uaccess_scan, uaccess_touch, uaccess_cmpxchg, uaccess_store
	.cfi_startproc

uaccess_begin:
	/* size_t uaccess_copy(void *dst, const void *src, size_t n): bytes left when a fault came, else 0. */
	.type uaccess_copy, @function
uaccess_copy:
	mov %rdx, %rcx
	rep movsb
	mov %rcx, %rax
	ret

	/* size_t uaccess_clear(void *dst, size_t n): the same for zero bytes. */
	.type uaccess_clear, @function
uaccess_clear:
	mov %rsi, %rcx
	xor %eax, %eax
	rep stosb
	mov %rcx, %rax
	ret

	/* size_t uaccess_scan(char *dst, const char *src, size_t n): copy up to and with the first NUL; bytes left, the NUL's not counted
	 * as copied (so n - result = length). On a fault: bytes left with bit 63 set. */
	.type uaccess_scan, @function
uaccess_scan:
	mov %rdx, %rcx
	bts $63, %rcx
1:	test %edx, %edx
	jz 2f
	movb (%rsi), %al
	movb %al, (%rdi)
	test %al, %al
	jz 2f
	inc %rsi
	inc %rdi
	dec %rcx
	dec %rdx
	jmp 1b
2:	mov %rdx, %rax
	ret

	/* size_t uaccess_touch(void *p, int write): 0, or 1 on a fault. */
	.type uaccess_touch, @function
uaccess_touch:
	mov $1, %ecx
	test %esi, %esi
	jnz 1f
	movb (%rdi), %al
	xor %eax, %eax
	ret
1:	lock orb $0, (%rdi)
	xor %eax, %eax
	ret

	/* size_t uaccess_cmpxchg(uint32_t *p, uint32_t *expected, uint32_t desired): 0 with what was there in *expected, or 1 on a fault. */
	.type uaccess_cmpxchg, @function
uaccess_cmpxchg:
	mov $1, %ecx
	mov (%rsi), %eax
	lock cmpxchg %edx, (%rdi)
	mov %eax, (%rsi)
	xor %eax, %eax
	ret

	/* size_t uaccess_store(uint64_t *p, uint64_t value): one store; 0, or 1 on a fault. */
	.type uaccess_store, @function
uaccess_store:
	mov $1, %ecx
	mov %rsi, (%rdi)
	xor %eax, %eax
	ret
uaccess_end:

uaccess_fixup:
	mov %rcx, %rax
	ret
	.cfi_endproc
	.section .note.GNU-stack, "", @progbits
