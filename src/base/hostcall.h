/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host system calls with raw arguments. Guest addresses are passed on as integers, so no C pointer to guest memory ever
 * exists; the host kernel answers EFAULT for what is not mapped. The result is the kernel's: 0 or more, or -errno.
 */
#ifndef HK_BASE_HOSTCALL_H
#define HK_BASE_HOSTCALL_H

#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>

/* Of this thread: a signal was noted that has not had its handler yet, so no call that may wait is to be made (kern/signal.c). */
extern __thread volatile sig_atomic_t hk_hostcall_cut __attribute__((visibility("hidden"), tls_model("local-exec")));

/* One system call; never touches errno. Thread-safe. One assembly routine, so that a signal handler can tell by address
 * whether a call has already entered the kernel (see docs/architecture.md, "Signals"). It is not made while hk_hostcall_cut is set. */
int64_t hk_hostcall6(int64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);
/* The same, but made whatever hk_hostcall_cut says. */
int64_t hk_hostcall6_sure(int64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);

#define HK_HC_N(_0, _1, _2, _3, _4, _5, _6, n, ...) n
#define HK_U(x)                                     ((uint64_t)(uintptr_t)(x))
#define HK_HC0(how, nr)                             hk_hostcall6##how(nr, 0, 0, 0, 0, 0, 0)
#define HK_HC1(how, nr, a)                          hk_hostcall6##how(nr, HK_U(a), 0, 0, 0, 0, 0)
#define HK_HC2(how, nr, a, b)                       hk_hostcall6##how(nr, HK_U(a), HK_U(b), 0, 0, 0, 0)
#define HK_HC3(how, nr, a, b, c)                    hk_hostcall6##how(nr, HK_U(a), HK_U(b), HK_U(c), 0, 0, 0)
#define HK_HC4(how, nr, a, b, c, d)                 hk_hostcall6##how(nr, HK_U(a), HK_U(b), HK_U(c), HK_U(d), 0, 0)
#define HK_HC5(how, nr, a, b, c, d, e)              hk_hostcall6##how(nr, HK_U(a), HK_U(b), HK_U(c), HK_U(d), HK_U(e), 0)
#define HK_HC6(how, nr, a, b, c, d, e, f)           hk_hostcall6##how(nr, HK_U(a), HK_U(b), HK_U(c), HK_U(d), HK_U(e), HK_U(f))

/* hk_hostcall(SYS_openat, dirfd, name, flags, mode): integers and host pointers mix freely; note that a negative int is
 * sign-extended, as the kernel expects. */
#define hk_hostcall(...) HK_HC_N(__VA_ARGS__, HK_HC6, HK_HC5, HK_HC4, HK_HC3, HK_HC2, HK_HC1, HK_HC0)(, __VA_ARGS__)

/* A signal cut the call short: it is made again unless a handler without SA_RESTART ran. See kern/signal.h. The kernel's own numbers, which the
 * guest never sees. */
#define HK_ERESTARTSYS 512
/* A signal came before the call was made: it is made after the handler, whatever that is. */
#define HK_ERESTARTNOINTR 513

/*
 * The same for a call that must be made, signal or not: the monitor's own questions, and steps in the middle of something. The signal's
 * handler has blocked the next one, so this goes round once.
 */
#define hk_hostcall_sure(...)                                                                                          \
	({                                                                                                             \
		int64_t hk_sure_;                                                                                      \
		do                                                                                                     \
			hk_sure_ = HK_HC_N(__VA_ARGS__, HK_HC6, HK_HC5, HK_HC4, HK_HC3, HK_HC2, HK_HC1,                \
					   HK_HC0)(_sure, __VA_ARGS__);                                                \
		while (hk_sure_ == -HK_ERESTARTSYS);                                                                   \
		hk_sure_;                                                                                              \
	})

#endif
