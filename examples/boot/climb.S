/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From real mode to a user program, as a boot loader and a kernel do it between them: 16 bits; protected mode; page tables, PAE and EFER.LME, long mode; SYSCALL's
 * registers; ring 3, which makes a system call whose handler halts. It reports each step on the console. husk boot --mode real16 --trace climb.bin
 */
#include <husk/boot.h>

#define PML4   0x2000 /* three pages of tables: all of the first 2 MiB to itself */
#define PDPT   0x3000
#define PD     0x4000
#define STACK0 0x7000
#define STACK3 0x7800

#define PRESENT 1
#define WRITE   2
#define USER    4
#define LARGE   0x80

#define CS32  0x08
#define DS    0x10
#define CS64  0x18
#define SS3   0x28 /* SYSRET wants user data before user code: STAR[63:48] + 8 and + 16 */
#define CS3   0x30
#define TSS   0x38

#define MSR_EFER  0xc0000080
#define MSR_STAR  0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_FMASK 0xc0000084

	.macro say c
	mov $\c, %al
	out %al, $HUSK_BOOT_CONSOLE
	.endm

	.code16
	.globl _start
_start:
	say '1'
	say '6'
	say '\n'
	cli
	lgdtl gdt_pointer
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmpl $CS32, $protected

	.code32
protected:
	mov $DS, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov $STACK0, %esp
	say '3'
	say '2'
	say '\n'
	/* Memory is zero at the start, so only the entries in use are written. */
	movl $(PDPT | PRESENT | WRITE | USER), PML4
	movl $(PD | PRESENT | WRITE | USER), PDPT
	movl $(PRESENT | WRITE | USER | LARGE), PD
	mov $PML4, %eax
	mov %eax, %cr3
	mov %cr4, %eax
	or $(1 << 5), %eax /* PAE */
	mov %eax, %cr4
	mov $MSR_EFER, %ecx
	rdmsr
	or $(1 << 8 | 1), %eax /* LME, SCE */
	wrmsr
	mov %cr0, %eax
	or $(1 << 31), %eax
	mov %eax, %cr0
	ljmp $CS64, $long_mode

	.code64
long_mode:
	say '6'
	say '4'
	say '\n'
	lidt idt_pointer
	mov $TSS, %ax
	ltr %ax
	mov $MSR_STAR, %ecx
	xor %eax, %eax
	mov $((SS3 - 8 | 3) << 16 | CS64), %edx
	wrmsr
	mov $MSR_LSTAR, %ecx
	lea on_syscall(%rip), %rax
	xor %edx, %edx
	wrmsr
	mov $MSR_FMASK, %ecx
	mov $0x200, %eax
	wrmsr
	/* Down to ring 3, by the frame that IRET takes. */
	push $(SS3 | 3)
	push $STACK3
	push $2
	push $(CS3 | 3)
	lea user(%rip), %rax
	push %rax
	iretq

user:
	mov $60, %eax
	syscall
	ud2

	/*
	 * SYSCALL's target. The manual has it arrive at ring 0. Where the host's KVM keeps ring 3 (docs/host.md), the port is refused with #GP, whose handler is the same
	 * code at ring 0: both ways print once and halt.
	 */
on_syscall:
on_gp:
	say 's'
	say '\n'
	hlt

	.balign 16
gdt:
	.quad 0
	.quad 0x00cf9b000000ffff /* CS32 */
	.quad 0x00cf93000000ffff /* DS */
	.quad 0x00af9b000000ffff /* CS64 */
	.quad 0
	.quad 0x00cff3000000ffff /* SS3 */
	.quad 0x00affb000000ffff /* CS3 */
	.word tss_end - tss - 1, tss
	.long 0x00008900
	.quad 0
gdt_end:
gdt_pointer:
	.word gdt_end - gdt - 1
	.long gdt
	.long 0

	.balign 16
tss:
	.long 0
	.quad STACK0
	.fill 22, 4, 0
	.word 0, tss_end - tss /* no I/O bitmap: ring 3 has no ports */
tss_end:

	/* Thirteen empty gates, then that of #GP. */
	.balign 16
idt:
	.fill 26, 8, 0
	.word on_gp, CS64
	.word 0x8e00, 0
	.quad 0
idt_end:
idt_pointer:
	.word idt_end - idt - 1
	.quad idt
