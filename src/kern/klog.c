/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/klog.h"

#include "base/hostcall.h"

#include <limits.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

static struct klog_record *place(struct klog *l, uint64_t number)
{
	return &l->record[number % KLOG_RECORDS];
}

static struct klog_record *begin(struct klog *l, uint64_t *number)
{
	struct klog_record *r;
	struct timespec now;

	*number = __atomic_add_fetch(&l->last, 1, __ATOMIC_RELAXED);
	r = place(l, *number);
	__atomic_store_n(&r->number, 0, __ATOMIC_SEQ_CST);
	clock_gettime(CLOCK_MONOTONIC, &now);
	r->us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	return r;
}

static void end(struct klog *l, struct klog_record *r, uint64_t number)
{
	__atomic_store_n(&r->number, number, __ATOMIC_RELEASE);
	__atomic_add_fetch(&l->news, 1, __ATOMIC_RELEASE);
	hk_hostcall_sure(SYS_futex, &l->news, FUTEX_WAKE, INT_MAX, 0, 0, 0);
}

void klog_write(struct klog *l, const char *fmt, ...)
{
	uint64_t number;
	struct klog_record *r = begin(l, &number);
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	r->len = n < 0 ? 0 : (uint16_t)hk_min((size_t)n, sizeof(r->text) - 1);
	r->prio = LOG_INFO;
	end(l, r, number);
}

void klog_say(struct klog *l, unsigned prio, const char *text, size_t len)
{
	uint64_t number;
	struct klog_record *r = begin(l, &number);

	r->len = (uint16_t)hk_min(len, sizeof(r->text) - 1);
	memcpy(r->text, text, r->len);
	r->prio = (uint16_t)prio;
	end(l, r, number);
}

/* A copy, if the record is whole and still is afterwards. */
static bool copy(struct klog *l, uint64_t number, struct klog_record *out)
{
	const struct klog_record *r = place(l, number);

	if (__atomic_load_n(&r->number, __ATOMIC_ACQUIRE) != number)
		return false;
	memcpy(out, r, sizeof(*out));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	out->len = (uint16_t)hk_min(out->len, sizeof(out->text) - 1);
	return __atomic_load_n(&r->number, __ATOMIC_RELAXED) == number;
}

uint64_t klog_next(struct klog *l, uint64_t after, struct klog_record *out)
{
	uint64_t last = __atomic_load_n(&l->last, __ATOMIC_ACQUIRE);
	uint64_t before = hk_max(after, last > KLOG_RECORDS ? last - KLOG_RECORDS : 0);
	uint64_t left = last > before ? last - before : 0;

	/* Counted: a number that somebody made up may be the largest there is. */
	for (uint64_t n = last - left + 1; left; left--, n++)
		if (copy(l, n, out))
			return n;
	return 0;
}
