/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes and small compile-time helpers; no code, no project knowledge. */
#ifndef HK_BASE_COMPILER_H
#define HK_BASE_COMPILER_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define HK_MUST_CHECK      __attribute__((warn_unused_result))
#define HK_PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))
/* HK_TSAN: built with ThreadSanitizer. HK_IN_HANDLER: a signal handler's part, which may come in the middle of the sanitizer's own work. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HK_TSAN
#define HK_IN_HANDLER __attribute__((disable_sanitizer_instrumentation))
#endif
#endif
#ifndef HK_IN_HANDLER
#define HK_IN_HANDLER
#endif
#define HK_NORETURN __attribute__((noreturn))
#define HK_UNUSED   __attribute__((unused))

#define HK_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Cleanup attributes: a local that owns something is born -1 or NULL and is given away by name (hk_take_fd, hk_take_ptr). */
static inline void hk_cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void hk_cleanup_free(void *p)
{
	free(*(void **)p);
}

#define HK_CLOSE __attribute__((cleanup(hk_cleanup_close)))
#define HK_FREE  __attribute__((cleanup(hk_cleanup_free)))

static inline int hk_take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define hk_take_ptr(p)                                                                                                 \
	({                                                                                                             \
		__typeof__(*(p)) taken_ = *(p);                                                                        \
		*(p) = NULL;                                                                                           \
		taken_;                                                                                                \
	})

/* a rounded down / up to a multiple of the power of two n. hk_align_up wraps on overflow: check the operands first. */
static inline uint64_t hk_align_down(uint64_t a, uint64_t n)
{
	return a & ~(n - 1);
}

static inline uint64_t hk_align_up(uint64_t a, uint64_t n)
{
	return (a + n - 1) & ~(n - 1);
}

static inline uint64_t hk_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t hk_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif
