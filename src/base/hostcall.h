/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host system calls with raw arguments. Guest addresses are passed on as integers, so no C pointer to guest memory ever
 * exists; the host kernel answers EFAULT for what is not mapped. The result is the kernel's: 0 or more, or -errno.
 */
#ifndef HK_BASE_HOSTCALL_H
#define HK_BASE_HOSTCALL_H

#include <stdint.h>
#include <sys/syscall.h>

/* One system call; never touches errno. Thread-safe. One assembly routine, so that a signal handler can tell by address
 * whether a call has already entered the kernel (see docs/architecture.md, "Signals"). */
int64_t hk_hostcall6(int64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);

#define HK_HC_N(_0, _1, _2, _3, _4, _5, _6, n, ...) n
#define HK_U(x)                                     ((uint64_t)(uintptr_t)(x))
#define HK_HC0(nr)                                  hk_hostcall6(nr, 0, 0, 0, 0, 0, 0)
#define HK_HC1(nr, a)                               hk_hostcall6(nr, HK_U(a), 0, 0, 0, 0, 0)
#define HK_HC2(nr, a, b)                            hk_hostcall6(nr, HK_U(a), HK_U(b), 0, 0, 0, 0)
#define HK_HC3(nr, a, b, c)                         hk_hostcall6(nr, HK_U(a), HK_U(b), HK_U(c), 0, 0, 0)
#define HK_HC4(nr, a, b, c, d)                      hk_hostcall6(nr, HK_U(a), HK_U(b), HK_U(c), HK_U(d), 0, 0)
#define HK_HC5(nr, a, b, c, d, e)                   hk_hostcall6(nr, HK_U(a), HK_U(b), HK_U(c), HK_U(d), HK_U(e), 0)
#define HK_HC6(nr, a, b, c, d, e, f)                hk_hostcall6(nr, HK_U(a), HK_U(b), HK_U(c), HK_U(d), HK_U(e), HK_U(f))

/* hk_hostcall(SYS_openat, dirfd, name, flags, mode): integers and host pointers mix freely; note that a negative int is
 * sign-extended, as the kernel expects. */
#define hk_hostcall(...) HK_HC_N(__VA_ARGS__, HK_HC6, HK_HC5, HK_HC4, HK_HC3, HK_HC2, HK_HC1, HK_HC0)(__VA_ARGS__)

/* A signal came before the call was made: see kern/signal.h. The kernel's own number; the guest never sees it. */
#define HK_ERESTARTSYS 512

/*
 * The same for a call that never waits and must be made, signal or not: the monitor's own questions, and steps in the middle of something. The signal's
 * handler has blocked the next one, so this goes round once.
 */
#define hk_hostcall_sure(...)                                                                                          \
	({                                                                                                             \
		int64_t hk_sure_;                                                                                      \
		do                                                                                                     \
			hk_sure_ = hk_hostcall(__VA_ARGS__);                                                           \
		while (hk_sure_ == -HK_ERESTARTSYS);                                                                   \
		hk_sure_;                                                                                              \
	})

#endif
