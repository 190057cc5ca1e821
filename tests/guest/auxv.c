/* SPDX-License-Identifier: Apache-2.0 */
/* The auxiliary vector: what the kernel tells a program about itself and the machine. Every entry that Linux gives is there and true. */
#include "t.h"

#include <elf.h>
#include <link.h>

extern char **environ;

static const unsigned long *find(unsigned long type)
{
	char **e = environ;

	while (*e)
		e++;
	for (const unsigned long *a = (const unsigned long *)(e + 1); *a; a += 2)
		if (*a == type)
			return a + 1;
	return NULL;
}

static unsigned long value(unsigned long type)
{
	const unsigned long *v = find(type);

	return v ? *v : ~0UL;
}

MAIN
{
	static const struct {
		unsigned long type;
		const char *name;
	} must[] = { { 3, "PHDR" },    { 4, "PHENT" },     { 5, "PHNUM" },   { 6, "PAGESZ" },      { 7, "BASE" },
		     { 8, "FLAGS" },   { 9, "ENTRY" },     { 11, "UID" },    { 12, "EUID" },       { 13, "GID" },
		     { 14, "EGID" },   { 15, "PLATFORM" }, { 16, "HWCAP" },  { 17, "CLKTCK" },     { 23, "SECURE" },
		     { 25, "RANDOM" }, { 26, "HWCAP2" },   { 31, "EXECFN" }, { 51, "MINSIGSTKSZ" } };

	for (unsigned i = 0; i < sizeof(must) / sizeof(must[0]); i++)
		printf("AT_%s: %s\n", must[i].name, find(must[i].type) ? "there" : "missing");
	printf("page %ld phent %ld flags %ld clock %ld secure %ld\n", (long)value(6), (long)value(4), (long)value(8),
	       (long)value(17), (long)value(23));
	OK(value(11) == (unsigned long)S(getuid) && value(12) == (unsigned long)S(geteuid));
	OK(value(13) == (unsigned long)S(getgid) && value(14) == (unsigned long)S(getegid));
	printf("platform %s execfn %s\n", (char *)value(15), strrchr((char *)value(31), '/'));
	OK(value(31) > (unsigned long)environ[0]);
	const unsigned char *r = (const unsigned char *)value(25);
	unsigned zero = 0;
	for (int i = 0; i < 16; i++)
		zero += !r[i];
	OK(zero < 8);
	const Elf64_Phdr *ph = (const Elf64_Phdr *)value(3);
	unsigned long base = 0, n = value(5), low = ~0UL, high = 0;
	bool dynamic = false;
	for (unsigned long i = 0; i < n; i++)
		if (ph[i].p_type == PT_LOAD && ph[i].p_offset == 0)
			base = (unsigned long)ph - sizeof(Elf64_Ehdr) - ph[i].p_vaddr;
	for (unsigned long i = 0; i < n; i++) {
		dynamic = dynamic || ph[i].p_type == PT_INTERP;
		if (ph[i].p_type == PT_LOAD) {
			low = ph[i].p_vaddr < low ? ph[i].p_vaddr : low;
			high = ph[i].p_vaddr + ph[i].p_memsz > high ? ph[i].p_vaddr + ph[i].p_memsz : high;
		}
	}
	printf("%ld program headers\n", (long)n);
	OK(value(9) >= base + low && value(9) < base + high);
	OK((unsigned long)&test >= base + low && (unsigned long)&test < base + high);
	OK(dynamic ? value(7) && !(value(7) & 4095) && !memcmp((void *)value(7), ELFMAG, 4) : value(7) == 0);
	unsigned a, b, c = 0, d, leaf = 1;
	__asm__ volatile("cpuid" : "=a"(a), "=b"(b), "+c"(c), "=d"(d) : "a"(leaf));
	OK(value(16) == d);
	printf("hwcap2 %lx\n", value(26));
	OK(value(51) >= 2048 && value(51) < 65536);
	OK(!find(33) || !memcmp((void *)value(33), ELFMAG, 4)); /* the vDSO, if there is one */
	/* The stack: argc is aligned, argv and envp end in NULL, the strings lie above. */
	OK(((unsigned long)(argv - 1) & 15) == 0);
	OK(argv[argc] == NULL && environ == argv + argc + 1);
	OK((unsigned long)argv[0] > (unsigned long)argv);
}
