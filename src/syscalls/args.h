/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest arguments made fit for a host system call. A pointer that the guest may not use is not refused here but replaced by one that the
 * host kernel surely refuses: so the order of a call's errors (EBADF before EFAULT before EINVAL…) is Linux's own. Private to syscalls/.
 */
#ifndef HK_SYSCALLS_ARGS_H
#define HK_SYSCALLS_ARGS_H

#include "base/compiler.h"
#include "base/hostcall.h"
#include "mm/gva.h"

#include <sys/uio.h>

/* In the kernel's half: access_ok() fails for it, whatever the length. */
#define HOST_BAD_ADDR 0xfffffffffffff000UL
/* In the user's half, below HK_GUEST_MIN, where nothing is mapped: the host accepts it and faults when it gets there, after what comes before. */
#define HOST_UNMAPPED 0x1000UL

/* Linux's TASK_SIZE_MAX with four-level page tables, which is what a guest sees: access_ok() fails for what ends above it. */
#define LINUX_TASK_SIZE 0x7ffffffff000UL

#define HK_IOV_MAX 1024

/*
 * The address to hand to the host for an object of len bytes at guest address a: a itself, or HOST_BAD_ADDR if the object reaches beyond what the
 * guest owns. NULL and what lies below HK_GUEST_MIN stay as they are: nothing is mapped there, and NULL may mean "none".
 */
static inline uint64_t host_addr(uint64_t a, uint64_t len)
{
	return len == 0 || (len <= HK_GUEST_MAX && a <= HK_GUEST_MAX - len) ? a : HOST_BAD_ADDR;
}

#define host_obj(a, type) host_addr((a), sizeof(type))

/*
 * The same for a buffer of a transfer that may be partial: *len is cut to HK_MAX_RW_COUNT and at the guest's end, where the transfer would
 * fault anyway. A buffer wholly behind that end gives HOST_UNMAPPED; one that Linux refuses at once (it ends above LINUX_TASK_SIZE) HOST_BAD_ADDR with *len unchanged.
 */
uint64_t host_span(uint64_t a, uint64_t *len);

/*
 * Copy an array of `count` struct iovec at guest address a into vec, bases and lengths made fit as by host_span. Returns what to pass to the host as the
 * array's address: vec, or HOST_BAD_ADDR when the array cannot be read (or is too long: the host says EINVAL).
 */
uint64_t host_iov(struct iovec vec[HK_IOV_MAX], uint64_t a, uint64_t count);

/*
 * Copy the string at guest address a into buf and return what to pass to the host: buf, NULL for NULL, or HOST_BAD_ADDR. A longer string is cut to
 * cap - 1 characters: make cap larger than the host's own limit, so that the host refuses it.
 */
uint64_t host_str(char *buf, size_t cap, uint64_t a);

/* All the vector calls, by their number: descriptor, array, count, and up to three plain numbers behind them. The result as the host's. */
int64_t vector_call(int64_t nr, const uint64_t a[6]);

#endif
