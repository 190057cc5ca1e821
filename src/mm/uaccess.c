/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to guest memory (uaccess.h). This file turns a guest address into a pointer; no other does. The signal handler is
 * process-wide by nature, so what it needs is file-scope.
 */
#include "mm/uaccess.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

extern const char uaccess_begin[], uaccess_end[], uaccess_fixup[];
size_t uaccess_copy(void *dst, const void *src, size_t n);
size_t uaccess_clear(void *dst, size_t n);
size_t uaccess_scan(char *dst, const char *src, size_t n);
size_t uaccess_touch(void *p, int write);
size_t uaccess_cmpxchg(uint32_t *p, uint32_t *expected, uint32_t desired);
size_t uaccess_store(void *p, uint64_t value);

#define SCAN_FAULT (1UL << 63)

/* The signal of the last fix-up on this thread, for uaccess_probe. */
static __thread volatile int last_signal;

static bool (*take_sent)(int sig, siginfo_t *info, void *context);

void uaccess_on_sent(bool (*take)(int sig, siginfo_t *info, void *context))
{
	take_sent = take;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	uint64_t rip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];

	if (info->si_code > 0 && rip >= (uint64_t)(uintptr_t)uaccess_begin && rip < (uint64_t)(uintptr_t)uaccess_end) {
		last_signal = sig;
		uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)uaccess_fixup;
		return;
	}
	if (info->si_code <= 0 && take_sent && take_sent(sig, info, context))
		return;
	/* The monitor's own fault, or a signal sent by somebody: the default action, when the instruction is tried again. */
	signal(sig, SIG_DFL);
	if (info->si_code <= 0)
		raise(sig);
}

int uaccess_init(void)
{
	struct sigaction act = { .sa_sigaction = on_fault,
				 .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK | SA_RESTART };

	sigemptyset(&act.sa_mask);
	if (sigaction(SIGSEGV, &act, NULL) || sigaction(SIGBUS, &act, NULL))
		return -errno;
	return 0;
}

static void *pointer(gva_t a)
{
	return (void *)(uintptr_t)a.v;
}

int copy_from_guest(void *dst, gva_t src, size_t len)
{
	return gva_range_ok(src, len) && uaccess_copy(dst, pointer(src), len) == 0 ? 0 : -EFAULT;
}

int copy_to_guest(gva_t dst, const void *src, size_t len)
{
	return gva_range_ok(dst, len) && uaccess_copy(pointer(dst), src, len) == 0 ? 0 : -EFAULT;
}

int clear_guest(gva_t dst, size_t len)
{
	return gva_range_ok(dst, len) && uaccess_clear(pointer(dst), len) == 0 ? 0 : -EFAULT;
}

int store_guest(gva_t dst, uint64_t value)
{
	return gva_range_ok(dst, 8) && dst.v % 8 == 0 && uaccess_store(pointer(dst), value) == 0 ? 0 : -EFAULT;
}

size_t copy_from_guest_partial(void *dst, gva_t src, size_t len)
{
	if (src.v >= HK_GUEST_MAX || src.v < HK_GUEST_MIN)
		return 0;
	len = len < HK_GUEST_MAX - src.v ? len : HK_GUEST_MAX - src.v;
	return len - uaccess_copy(dst, pointer(src), len);
}

ssize_t guest_str(char *dst, gva_t src, size_t cap)
{
	size_t room, left;

	if (src.v >= HK_GUEST_MAX || src.v < HK_GUEST_MIN)
		return -EFAULT;
	room = cap < HK_GUEST_MAX - src.v ? cap : HK_GUEST_MAX - src.v;
	left = uaccess_scan(dst, pointer(src), room);
	if (left & SCAN_FAULT)
		return -EFAULT;
	if (left == 0) {
		dst[cap - 1] = '\0';
		return room < cap ? -EFAULT : -ENAMETOOLONG;
	}
	return (ssize_t)(room - left);
}

int uaccess_probe(gva_t a, bool write)
{
	if (!gva_range_ok(a, 1))
		return SIGSEGV;
	return uaccess_touch(pointer(a), write) ? last_signal : 0;
}

int uaccess_exchange(gva_t a, uint32_t *expected, uint32_t desired)
{
	return gva_range_ok(a, sizeof(*expected)) && uaccess_cmpxchg(pointer(a), expected, desired) == 0 ? 0 : -EFAULT;
}
