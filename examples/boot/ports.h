/* SPDX-License-Identifier: Apache-2.0 */
/* husk's ports from C, the same in 16, 32 and 64 bits. */
#include <husk/boot.h>

static inline void out8(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void out32(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline uint8_t in8(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline uint32_t in32(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

/* An address as the ports take it: all of a guest lies below 4 GiB. */
static inline uint32_t address(const volatile void *p)
{
	return (uint32_t)(uintptr_t)p;
}

/* Print a string with one exit; 0, or a negative errno. */
static inline int print(const char *s)
{
	out32(HUSK_BOOT_STRING, address(s));
	return (int)in32(HUSK_BOOT_STATUS);
}

static inline void number(uint32_t n)
{
	out32(HUSK_BOOT_NUMBER, n);
}

/* One operation on a file: its result, or a negative errno. */
static inline int file(uint32_t op, uint32_t a, uint32_t b, uint32_t c)
{
	volatile struct husk_boot_file call = { .op = op, .a = a, .b = b, .c = c };
	int status;

	out32(HUSK_BOOT_FILE, address(&call));
	status = (int)in32(HUSK_BOOT_STATUS);
	return status ? status : call.result;
}

static inline void __attribute__((noreturn)) leave(uint8_t status)
{
	for (;;)
		out8(HUSK_BOOT_EXIT, status);
}
