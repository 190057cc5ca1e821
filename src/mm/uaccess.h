/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only door to guest memory. Each function checks the range and survives a fault: memory that is not mapped, or not with
 * the access asked for, or behind the end of a truncated file, gives -EFAULT. Copy once, check the copy, use the copy: another guest
 * thread may be writing. All functions are thread-safe after uaccess_init.
 */
#ifndef HK_MM_UACCESS_H
#define HK_MM_UACCESS_H

#include "base/compiler.h"
#include "mm/gva.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Install the SIGSEGV and SIGBUS handlers that turn a fault inside the copy routines into -EFAULT. Once a process. 0 or -errno. */
HK_MUST_CHECK int uaccess_init(void);

/* What becomes of a SIGSEGV or SIGBUS that somebody sent (kill): take returns true if it has dealt with it, else it kills the process. */
void uaccess_on_sent(bool (*take)(int sig, siginfo_t *info, void *context));

/* 0, or -EFAULT with an unspecified part copied. */
HK_MUST_CHECK int copy_from_guest(void *dst, gva_t src, size_t len);
HK_MUST_CHECK int copy_to_guest(gva_t dst, const void *src, size_t len);
/* len zero bytes at dst. */
HK_MUST_CHECK int clear_guest(gva_t dst, size_t len);

/* One aligned store of eight bytes, which other threads see whole. */
HK_MUST_CHECK int store_guest(gva_t dst, uint64_t value);

/* As many bytes as can be read from src before a fault, up to len; may be 0. */
size_t copy_from_guest_partial(void *dst, gva_t src, size_t len);

/* Copy a NUL-terminated string of at most cap-1 characters; returns its length, -EFAULT, or -ENAMETOOLONG when no NUL was
 * found in cap bytes (dst then holds cap-1 characters and a NUL). */
HK_MUST_CHECK ssize_t guest_str(char *dst, gva_t src, size_t cap);

/* What a touch of the byte at a does in the host: 0 fine, SIGSEGV or SIGBUS. A write touch leaves the byte as it is. */
HK_MUST_CHECK int uaccess_probe(gva_t a, bool write);

/* Atomically: if *expected is at a, write desired there. *expected becomes what was there. 0 or -EFAULT. */
HK_MUST_CHECK int uaccess_exchange(gva_t a, uint32_t *expected, uint32_t desired);

#define get_guest(var, gva) copy_from_guest((var), (gva), sizeof(*(var)))
#define put_guest(gva, var) copy_to_guest((gva), (var), sizeof(*(var)))

#endif
