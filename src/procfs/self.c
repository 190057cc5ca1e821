/* SPDX-License-Identifier: Apache-2.0 */
/* What exec left in the guest's memory: cmdline, environ, auxv. */
#include "procfs/internal.h"

#include "mm/uaccess.h"

#include <errno.h>
#include <string.h>

/* Append guest memory [start, end), up to the first page that cannot be read. */
static int add_guest(struct hk_strbuf *out, uint64_t start, uint64_t end)
{
	char buf[4096];

	if (start >= end || !gva_range_ok(GVA(start), end - start))
		return 0;
	while (start < end) {
		size_t want = hk_min(end - start, sizeof(buf) - (start & (sizeof(buf) - 1)));
		size_t got = copy_from_guest_partial(buf, GVA(start), want);

		hk_strbuf_add(out, buf, got);
		if (out->cut)
			return -ENOMEM;
		if (got < want)
			return 0;
		start += got;
	}
	return 0;
}

/* setproctitle(3) overwrote the arguments and, it may be, went on into the environment: one string, at most a page, its NUL included. */
static int add_title(struct hk_strbuf *out, uint64_t start, uint64_t end)
{
	char page[4096];
	size_t got = copy_from_guest_partial(page, GVA(start), hk_min(end - start, sizeof(page)));
	size_t len = strnlen(page, got);

	hk_strbuf_add(out, page, len < got ? len + 1 : len);
	return out->cut ? -ENOMEM : 0;
}

int proc_make_cmdline(struct hk_task *t, const struct proc_ref *ref HK_UNUSED, struct hk_strbuf *out)
{
	const struct mm *mm = t->proc->mm;
	uint64_t start = mm->arg_start, end = mm->arg_end, title_end;
	char last;

	if (start >= end || !gva_range_ok(GVA(start), end - start))
		return 0;
	title_end = mm->env_start == end && mm->env_end > end && gva_range_ok(GVA(start), mm->env_end - start)
			    ? mm->env_end
			    : end;
	if (copy_from_guest_partial(&last, GVA(end - 1), 1) == 1 && last)
		return add_title(out, start, title_end);
	return add_guest(out, start, end);
}

int proc_make_environ(struct hk_task *t, const struct proc_ref *ref HK_UNUSED, struct hk_strbuf *out)
{
	return add_guest(out, t->proc->mm->env_start, t->proc->mm->env_end);
}

int proc_make_auxv(struct hk_task *t, const struct proc_ref *ref HK_UNUSED, struct hk_strbuf *out)
{
	const struct hk_image *im = &t->proc->image;
	size_t words = hk_min(im->auxv_words, HK_ARRAY_LEN(im->auxv));

	hk_strbuf_add(out, (const char *)im->auxv, words * sizeof(im->auxv[0]));
	return out->cut ? -ENOMEM : 0;
}
