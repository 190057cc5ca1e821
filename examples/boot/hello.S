/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest guest, in 16, 32 or 64 bits (-DBITS=): a string instruction that writes byte by byte to the console, then HLT with 42 in RAX (husk boot --regs).
 */
#include <husk/boot.h>

#if BITS == 16
	.code16
#elif BITS == 32
	.code32
#else
	.code64
#endif
	.globl _start
_start:
#if BITS == 64
	lea text(%rip), %rsi
#else
	mov $text, %esi
#endif
	mov $HUSK_BOOT_CONSOLE, %dx
	mov $(end - text), %ecx
	cld
	/* The count in ECX whatever the width; in 16 bits the prefix makes the addresses 32 bits wide. */
#if BITS == 16
	addr32 rep outsb
#else
	rep outsb
#endif
	mov $42, %eax
	hlt

text:
	.ascii "Hello, world!\n"
end:
