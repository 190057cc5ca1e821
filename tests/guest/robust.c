/* SPDX-License-Identifier: Apache-2.0 */
/* Locks that a process holds when it ends are marked (FUTEX_OWNER_DIED) for the others that share them: the file left behind shows it. */
#include "t.h"

#include <linux/futex.h>

#define WORDS 5

/* The list is in private memory, each entry as far from the next as the words in the file are. */
static struct entry {
	struct robust_list link;
} entries[WORDS];
static struct robust_list_head head;

MAIN
{
	unsigned tid = (unsigned)S(gettid);
	long fd = MUST(open, "locks", O_RDWR | O_CREAT, 0644);
	char *locks;

	MUST(ftruncate, fd, T_PAGE);
	locks = (char *)MUST(mmap, 0, T_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	head.futex_offset = locks - (char *)entries;
	head.list.next = &entries[0].link;
	for (int i = 0; i < 3; i++)
		entries[i].link.next = i < 2 ? &entries[i + 1].link : &head.list;
	head.list_op_pending = &entries[3].link;
	T(set_robust_list, &head, sizeof(head));
	/* Held, with waiters, another's; being taken; not on the list. */
	const unsigned words[WORDS] = { tid, tid | FUTEX_WAITERS, 1, tid, 77 };
	for (int i = 0; i < WORDS; i++)
		memcpy(locks + i * sizeof(struct entry), &words[i], sizeof(words[i]));
}
