/* SPDX-License-Identifier: Apache-2.0 */
/* syslog(2), on the sandbox's own log (kern/klog.h). Anybody may read it, as with dmesg_restrict = 0; what changes something is for root. */
#include "base/strbuf.h"
#include "kern/family.h"
#include "mm/uaccess.h"
#include "syscalls/handlers.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <unistd.h>

enum action {
	CLOSE,
	OPEN,
	READ,
	READ_ALL,
	READ_CLEAR,
	CLEAR,
	CONSOLE_OFF,
	CONSOLE_ON,
	CONSOLE_LEVEL,
	SIZE_UNREAD,
	SIZE_BUFFER,
};

#define LINE_MOST   (KLOG_TEXT + 32) /* with what stands before it */
#define BUFFER_SIZE (KLOG_RECORDS * LINE_MOST)

static void add_line(struct hk_strbuf *out, const struct klog_record *r)
{
	uint64_t text = out->len;

	hk_strbuf_printf(out, "<%u>[%5lu.%06lu] %.*s\n", r->prio, (unsigned long)(r->us / 1000000),
			 (unsigned long)(r->us % 1000000), (int)r->len, r->text);
	/* A program's line stays one. */
	for (char *p = out->data + text; !out->cut && p < out->data + out->len - 1; p++)
		if (*p == '\n')
			*p = ' ';
}

static int64_t copy_out(struct hk_strbuf *text, uint64_t from, uint64_t buf)
{
	uint64_t n = text->len - from;
	int64_t r = text->cut ? -ENOMEM : n && copy_to_guest(GVA(buf), text->data + from, n) ? -EFAULT : (int64_t)n;

	hk_strbuf_free(text);
	return r;
}

/* The newest whole lines that fit. */
static int64_t read_all(struct klog *l, uint64_t buf, uint64_t size, bool clear)
{
	struct hk_strbuf text = { .max = BUFFER_SIZE + LINE_MOST };
	struct klog_record record;
	uint64_t last = __atomic_load_n(&l->last, __ATOMIC_ACQUIRE), n = __atomic_load_n(&l->cleared, __ATOMIC_RELAXED);
	uint64_t from = 0;
	int64_t r;

	while ((n = klog_next(l, n, &record)) && n <= last)
		add_line(&text, &record);
	while (!text.cut && text.len - from > size)
		for (from++; from < text.len && text.data[from - 1] != '\n'; from++)
			;
	r = copy_out(&text, from, buf);
	if (r >= 0 && clear)
		__atomic_store_n(&l->cleared, last, __ATOMIC_RELAXED);
	return r;
}

/* What nobody has taken yet: at least one line, waited for. */
static int64_t read_news(struct klog *l, uint64_t buf, uint64_t size)
{
	struct hk_strbuf text = { .max = BUFFER_SIZE };
	struct klog_record record;
	uint64_t at = __atomic_load_n(&l->read, __ATOMIC_RELAXED), n;
	uint32_t news = __atomic_load_n(&l->news, __ATOMIC_ACQUIRE);

	while (!(n = klog_next(l, at, &record))) {
		int64_t r = hk_hostcall(SYS_futex, &l->news, FUTEX_WAIT, news, 0, 0, 0);

		if (r && r != -EAGAIN)
			return r;
		news = __atomic_load_n(&l->news, __ATOMIC_ACQUIRE);
	}
	for (; n; n = klog_next(l, at, &record)) {
		uint64_t before = text.len;

		add_line(&text, &record);
		if (text.cut || text.len > size) {
			/* Not this one; a buffer that is too small for any gets what fits. */
			text.len = before ? before : size;
			text.cut = false;
			at = before ? at : n;
			break;
		}
		at = n;
	}
	__atomic_store_n(&l->read, at, __ATOMIC_RELAXED);
	return copy_out(&text, 0, buf);
}

static int64_t size_unread(struct klog *l)
{
	struct hk_strbuf text = { .max = BUFFER_SIZE };
	struct klog_record record;
	uint64_t at = __atomic_load_n(&l->read, __ATOMIC_RELAXED);
	int64_t size = 0;

	while ((at = klog_next(l, at, &record))) {
		hk_strbuf_reset(&text);
		add_line(&text, &record);
		size += (int64_t)text.len;
	}
	hk_strbuf_free(&text);
	return size;
}

static int64_t read_some(struct klog *l, int action, uint64_t buf, int len)
{
	if (!buf || len < 0)
		return -EINVAL;
	if (len == 0)
		return 0;
	if (!gva_range_ok(GVA(buf), (uint64_t)len))
		return -EFAULT;
	return action == READ ? read_news(l, buf, (uint64_t)len)
			      : read_all(l, buf, (uint64_t)len, action == READ_CLEAR);
}

int64_t sys_syslog(struct hk_task *t, const uint64_t a[6])
{
	int action = (int)a[0], len = (int)a[2];
	struct klog *l = t->proc->family ? &t->proc->family->log : NULL;

	if (action != READ_ALL && action != SIZE_BUFFER && geteuid() != 0)
		return -EPERM;
	if (!l)
		return -ENOSYS;
	switch (action) {
	case CLOSE:
	case OPEN:
		return 0;
	case READ:
	case READ_ALL:
	case READ_CLEAR:
		return read_some(l, action, a[1], len);
	case CLEAR:
		__atomic_store_n(&l->cleared, __atomic_load_n(&l->last, __ATOMIC_ACQUIRE), __ATOMIC_RELAXED);
		return 0;
	case CONSOLE_OFF:
	case CONSOLE_ON:
	case CONSOLE_LEVEL:
		if (action == CONSOLE_LEVEL && (len < 1 || len > 8))
			return -EINVAL;
		task_note(t, "a sandbox has no console");
		return -EPERM;
	case SIZE_UNREAD:
		return size_unread(l);
	case SIZE_BUFFER:
		return BUFFER_SIZE;
	default:
		return -EINVAL;
	}
}
