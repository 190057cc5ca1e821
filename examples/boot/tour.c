/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every port of husk's, in C: the same source for each mode of the processor (gcc -m16, -m32, -m64). With --dir it leaves a file `tour.txt` there.
 */
#include "ports.h"

static void main16_32_64(void);

/* The first function of the image is the entry point: the linker script puts .text.start first. */
__attribute__((section(".text.start"), noreturn)) void _start(void)
{
	main16_32_64();
	leave(7);
}

static const char *mode(void)
{
	unsigned long cr0;

	/* SMSW would do without privilege; a guest of husk boot has it all. */
#ifdef __x86_64__
	__asm__("mov %%cr0, %0" : "=r"(cr0));
	return "64 bits, paged";
#else
	__asm__("mov %%cr0, %0" : "=r"(cr0));
	return !(cr0 & 1) ? "real mode" : cr0 >> 31 ? "32 bits, paged" : "32 bits";
#endif
}

static void say(const char *what, int value)
{
	print(what);
	if (value < 0) {
		print("-");
		value = -value;
	}
	number((uint32_t)value);
	print("\n");
}

static void echo(void)
{
	uint32_t c;

	print("you said: ");
	while ((c = in32(HUSK_BOOT_CONSOLE)) != ~0u)
		out8(HUSK_BOOT_CONSOLE, (uint8_t)c);
}

static void files(void)
{
	static const char text[] = "written by a guest without a kernel\n";
	char back[64];
	int fd = file(HUSK_BOOT_OPEN, address("tour.txt"), HUSK_BOOT_RDWR | HUSK_BOOT_CREAT | HUSK_BOOT_TRUNC, 0);

	if (fd < 0) {
		say("open tour.txt: ", fd);
		return;
	}
	say("written: ", file(HUSK_BOOT_WRITE, (uint32_t)fd, address(text), sizeof(text) - 1));
	file(HUSK_BOOT_CLOSE, (uint32_t)fd, 0, 0);
	fd = file(HUSK_BOOT_OPEN, address("tour.txt"), HUSK_BOOT_RDONLY, 0);
	say("read: ", file(HUSK_BOOT_READ, (uint32_t)fd, address(back), sizeof(back)));
	say("at its end: ", file(HUSK_BOOT_READ, (uint32_t)fd, address(back), sizeof(back)));
	say("a closed one: ", file(HUSK_BOOT_READ, 9, address(back), sizeof(back)));
	say("outside: ", file(HUSK_BOOT_OPEN, address("../etc/passwd"), HUSK_BOOT_RDONLY, 0));
}

static void main16_32_64(void)
{
	print(mode());
	print("\n");
	echo();
	say("exits so far: ", (int)in32(HUSK_BOOT_EXITS));
	files();
}
