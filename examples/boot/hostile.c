/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that must be refused: each address and number is wrong in some way. Prints the status of each. */
#include "ports.h"

static void attack(void);

__attribute__((section(".text.start"), noreturn)) void _start(void)
{
	attack();
	leave(0);
}

static void show(const char *what, int value)
{
	print(what);
	print(value < 0 ? " -" : " ");
	number((uint32_t)(value < 0 ? -value : value));
	print("\n");
}

static int string_at(uint32_t at)
{
	out32(HUSK_BOOT_STRING, at);
	return (int)in32(HUSK_BOOT_STATUS);
}

static int file_at(uint32_t at)
{
	out32(HUSK_BOOT_FILE, at);
	return (int)in32(HUSK_BOOT_STATUS);
}

/* A string without an end: NULs fill memory, so make one page of something else. */
static char endless[2 * HUSK_BOOT_STRING_MAX];

static void attack(void)
{
	static const char a[] = "x";

	for (unsigned i = 0; i < sizeof(endless); i++)
		endless[i] = 'x';
	show("string outside memory", string_at(0xfffffff0));
	show("string that ends outside", string_at(0x7ffffff));
	out8(HUSK_BOOT_STRING, 1);
	show("string by one byte", (int)in32(HUSK_BOOT_STATUS));
	show("file block outside memory", file_at(0xfffffff8));
	show("unknown operation", file(77, 0, 0, 0));
	show("path outside memory", file(HUSK_BOOT_OPEN, 0xfffffff0, 0, 0));
	show("path without an end", file(HUSK_BOOT_OPEN, address(endless), 0, 0));
	show("absolute path", file(HUSK_BOOT_OPEN, address("/etc/passwd"), 0, 0));
	show("path that leaves", file(HUSK_BOOT_OPEN, address("../../etc/passwd"), 0, 0));
	show("link that leaves", file(HUSK_BOOT_OPEN, address("leak"), 0, 0));
	show("a directory", file(HUSK_BOOT_OPEN, address("."), 0, 0));
	show("a pipe", file(HUSK_BOOT_OPEN, address("pipe"), 0, 0));
	show("flags of the host's", file(HUSK_BOOT_OPEN, address(a), 0x200000, 0));
	show("descriptor 1", file(HUSK_BOOT_WRITE, 1, address(a), 1));
	show("descriptor 4000000000", file(HUSK_BOOT_CLOSE, 4000000000u, 0, 0));
	for (int i = 0; i < HUSK_BOOT_FILES; i++)
		file(HUSK_BOOT_OPEN, address("many"), HUSK_BOOT_RDWR | HUSK_BOOT_CREAT, 0);
	show("one too many", file(HUSK_BOOT_OPEN, address("many"), 0, 0));
	show("write from outside", file(HUSK_BOOT_WRITE, 0, 0xf0000000, 100));
	show("write across the end", file(HUSK_BOOT_WRITE, 0, 0x20000 - 16, 0xffffffff));
	show("read to outside", file(HUSK_BOOT_READ, 1, 0xf0000000, 100));
	show("no such port", (int)in32(0x1234));
}
