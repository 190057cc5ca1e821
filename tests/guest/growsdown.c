/* SPDX-License-Identifier: Apache-2.0 */
/* A MAP_GROWSDOWN mapping grows page by page under one instruction, where other memory was before.
 * covers: mmap munmap mprotect */
#include "t.h"

#define PAGES 1500L
#define ROOM  (64UL << 20)

MAIN
{
	char *p = mmap(NULL, ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), *top;

	for (unsigned long at = 0; at < ROOM; at += ROOM / 64) {
		mprotect(p + at, ROOM / 64, PROT_READ | PROT_WRITE);
		p[at] = 1;
	}
	munmap(p, ROOM);
	top = mmap(p + ROOM - T_PAGE, T_PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	OK(top == p + ROOM - T_PAGE);
	for (long i = 0; i < PAGES; i++)
		*(volatile char *)(top - i * (long)T_PAGE) = 1;
	OK(top[-(PAGES - 1) * (long)T_PAGE] == 1);
}
