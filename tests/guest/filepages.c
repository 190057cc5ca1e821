/* SPDX-License-Identifier: Apache-2.0 */
/* remap_file_pages(2): the pages of a window in another order, of a file and of anonymous shared memory; what it refuses.
 * covers: remap_file_pages */
#include "t.h"

#define PAGES 6UL

static void show(const char *what, const volatile char *p)
{
	printf("%s:", what);
	for (unsigned long i = 0; i < PAGES; i++)
		printf(" %c", p[i * T_PAGE] ? p[i * T_PAGE] : '-');
	printf("\n");
}

static void turn(const char *what, char *p)
{
	for (unsigned long i = 0; i < PAGES; i++)
		p[i * T_PAGE] = (char)('0' + i);
	show(what, p);
	for (unsigned long i = 0; i < PAGES; i++)
		T(remap_file_pages, p + i * T_PAGE, T_PAGE, 0, PAGES - 1 - i, 0);
	show(what, p);
	p[0] = 'x'; /* the last page of the file */
	T(remap_file_pages, p, PAGES * T_PAGE, 0, 0, 0);
	show(what, p);
	T(remap_file_pages, p + T_PAGE, 2 * T_PAGE, 0, 4, 0);
	show(what, p);
	T(remap_file_pages, p + T_PAGE + 5, 2 * T_PAGE + 7, 0, 1, MAP_NONBLOCK);
	show(what, p);
	T(mprotect, p + T_PAGE, T_PAGE, PROT_READ);
	T(munmap, p, PAGES * T_PAGE);
}

MAIN
{
	long fd = MUST(open, "f", O_RDWR | O_CREAT, 0644);
	char *p, *own;

	MUST(ftruncate, fd, PAGES * T_PAGE);
	turn("file", (char *)MUST(mmap, 0, PAGES * T_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	turn("memory",
	     (char *)MUST(mmap, 0, PAGES * T_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	p = (char *)MUST(mmap, 0, PAGES * T_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	own = (char *)MUST(mmap, 0, PAGES * T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	T(remap_file_pages, own, T_PAGE, 0, 1, 0);
	T(remap_file_pages, p, 0, 0, 1, 0);
	T(remap_file_pages, p, T_PAGE - 1, 0, 1, 0);
	T(remap_file_pages, p, T_PAGE, PROT_READ, 1, 0);
	T(remap_file_pages, p, T_PAGE, 0, ~0UL, 0);
	T(remap_file_pages, p, ~0UL, 0, 1, 0);
	T(remap_file_pages, 4096, T_PAGE, 0, 1, 0);
	T(remap_file_pages, 0xffff888000001000, T_PAGE, 0, 1, 0);
	MUST(munmap, p + T_PAGE, T_PAGE);
	T(remap_file_pages, p, 3 * T_PAGE, 0, 1, 0);
	T(remap_file_pages, p + T_PAGE, T_PAGE, 0, 1, 0);
	T(remap_file_pages, p + 2 * T_PAGE, 2 * T_PAGE, 0, 0, 0);
	printf("%c\n", p[2 * T_PAGE]);
}
