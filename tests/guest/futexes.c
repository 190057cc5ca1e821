/* SPDX-License-Identifier: Apache-2.0 */
/* futex(2) for one thread: values that differ, time limits, errors.
 * covers: futex */
#include "t.h"

#define WAIT        0
#define WAKE        1
#define REQUEUE     3
#define CMP_REQUEUE 4
#define WAKE_OP     5
#define LOCK_PI     6
#define UNLOCK_PI   7
#define WAIT_BITSET 9
#define WAKE_BITSET 10
#define PRIVATE     128
#define REALTIME    256

MAIN
{
	static int word = 5, other;
	struct timespec t = { 0, 3000000 }, wrong = { 0, -1 }, past = { 1, 0 };

	for (int p = 0; p <= PRIVATE; p += PRIVATE) {
		T(futex, &word, WAIT | p, 4, NULL);
		T(futex, &word, WAIT | p, 5, &t);
		T(futex, &word, WAIT | p, 5, &wrong);
		T(futex, &word, WAKE | p, 1);
		T(futex, &word, WAKE | p, INT_MAX);
		T(futex, &word, WAIT_BITSET | p, 5, &past, NULL, -1);
		T(futex, &word, WAIT_BITSET | p, 5, &past, NULL, 0);
		T(futex, &word, WAIT_BITSET | REALTIME | p, 5, &past, NULL, -1);
		T(futex, &word, WAKE_BITSET | p, 5, NULL, NULL, 1);
		T(futex, &word, WAKE_BITSET | p, 5, NULL, NULL, 0);
		T(futex, &word, REQUEUE | p, 1, 1, &other);
		T(futex, &word, CMP_REQUEUE | p, 1, 1, &other, 5);
		T(futex, &word, CMP_REQUEUE | p, 1, 1, &other, 6);
		T(futex, &word, WAKE_OP | p, 1, 1, &other, 0x01001000);
		printf("other %d\n", other);
		T(futex, (char *)&word + 1, WAIT | p, 5, &t);
		T(futex, (char *)&word + 1, WAKE | p, 1);
		T_BAD(t_in, futex, ((char *)((long)bad & ~3L)), WAIT | p, 0, &t);
		T_BAD(t_in_opt, futex, &word, WAIT | p, 5, bad);
	}
	T(futex, &word, 99, 1);
	T(futex, &word, WAKE | REALTIME, 1);
}
