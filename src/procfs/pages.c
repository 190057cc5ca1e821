/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mapspages: the guest's mappings as /proc/self/maps has them, and a character for each page. The guest's memory is the monitor's own at the same addresses, so the
 * host's accounts of this process (pagemap, kpagecount) are the guest's.
 */
#include "mm/uaccess.h"
#include "procfs/hostmaps.h"
#include "procfs/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#define PM_PRESENT   (1UL << 63)
#define PM_FILE      (1UL << 61) /* in the page cache: of a file or of shared memory */
#define PM_EXCLUSIVE (1UL << 56) /* no other page table has it */
#define PM_PFN       ((1UL << 55) - 1)

/* PAGEMAP_SCAN, since Linux 6.7; Debian 12's headers do not have it. */
struct scan_region {
	uint64_t start, end, categories;
};
struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN         _IOWR('f', 16, struct scan_arg)
#define SCAN_PFNZERO (1UL << 5)

struct pages {
	struct hk_task *t;
	struct hostmaps host;
	int pagemap, counts; /* counts: -1 without the privilege */
	uint64_t start, end; /* the range asked for, whole pages */
	gva_t buf;
	uint64_t size, written; /* written < size: there is always room for the NUL */
	bool vague;             /* a `2` stands for "more than one" */
	int result;
};

/* The zero page has no count of its own; without the privilege nothing but this call tells it from a shared one. */
static bool is_zero_page(const struct pages *p, uint64_t va)
{
	struct scan_region region;
	struct scan_arg arg = { .size = sizeof(arg),
				.start = va,
				.end = va + HK_PAGE_SIZE,
				.vec = (uint64_t)(uintptr_t)&region,
				.vec_len = 1,
				.category_mask = SCAN_PFNZERO,
				.return_mask = SCAN_PFNZERO };

	return ioctl(p->pagemap, SCAN, &arg) == 1;
}

static char count_char(uint64_t n)
{
	return n == 0 ? '.' : n < 10 ? (char)('0' + n) : 'x';
}

/* The character of the page at va with this pagemap entry: `.` not there, else in how many page tables it is, and one more for the page cache. */
static char page_char(struct pages *p, uint64_t va, uint64_t entry)
{
	uint64_t pfn = entry & PM_PFN, count, cached = entry & PM_FILE ? 1 : 0;

	if (!(entry & PM_PRESENT))
		return '.';
	if (pfn && p->counts >= 0 && pread(p->counts, &count, 8, (off_t)(pfn * 8)) == 8)
		return count_char(count + cached);
	if (!cached && entry & PM_EXCLUSIVE)
		return '1';
	if (!cached && is_zero_page(p, va))
		return '.';
	p->vague = p->vague || !cached || !(entry & PM_EXCLUSIVE);
	return '2';
}

static int put(struct pages *p, const char *text, uint64_t len)
{
	int r = copy_to_guest(GVA(p->buf.v + p->written), text, len);

	if (r == 0)
		p->written += len;
	return r;
}

static int put_pages(struct pages *p, uint64_t start, uint64_t end)
{
	uint64_t entry[512];
	char text[512];

	while (start < end) {
		uint64_t n = hk_min((end - start) / HK_PAGE_SIZE, HK_ARRAY_LEN(entry));
		ssize_t got = pread(p->pagemap, entry, n * 8, (off_t)(start / HK_PAGE_SIZE * 8));
		int r;

		if (p->t->signals.caught_count)
			return -EINTR;
		if (got < 8)
			return got < 0 ? -errno : -EIO;
		n = (uint64_t)got / 8;
		for (uint64_t i = 0; i < n; i++)
			text[i] = page_char(p, start + i * HK_PAGE_SIZE, entry[i]);
		r = put(p, text, n);
		if (r)
			return r;
		start += n * HK_PAGE_SIZE;
	}
	return put(p, "\n", 1);
}

/* One mapping's two lines. 0, 1 to stop with the text as it is, or -errno. */
static int vma_cb(const struct vma *v, void *ctx)
{
	struct pages *p = ctx;
	uint64_t start = hk_max(v->start, p->start), end = hk_min(v->end, p->end);
	struct hk_strbuf line = { .max = 64 << 10 };
	int r = 0;

	if (start >= end)
		return v->start >= p->end;
	proc_maps_line(&line, v, &p->host);
	if (line.cut)
		r = -ENOMEM;
	else if (line.len >= p->size - p->written)
		r = 1;
	else
		r = put(p, line.data, line.len);
	hk_strbuf_free(&line);
	if (r)
		return r;
	if ((end - start) / HK_PAGE_SIZE + 1 >= p->size - p->written)
		return 1;
	return put_pages(p, start, end);
}

static int open_host(struct pages *p)
{
	p->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (p->pagemap < 0)
		return -errno;
	p->counts = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
	return hostmaps_read(&p->host, "/proc/self/maps");
}

int64_t procfs_mapspages(struct hk_task *t, uint64_t start, uint64_t end, gva_t buf, uint64_t size)
{
	struct pages p = { .t = t, .pagemap = -1, .counts = -1, .buf = buf, .size = size };
	int r;

	p.start = hk_align_down(start, HK_PAGE_SIZE);
	p.end = hk_min(end, HK_GUEST_MAX);
	p.end = hk_align_up(p.end, HK_PAGE_SIZE);
	r = open_host(&p);
	if (r == 0 && start < end)
		r = mm_walk(t->proc->mm, vma_cb, &p);
	if (r >= 0)
		r = copy_to_guest(GVA(buf.v + p.written), "", 1);
	if (p.vague)
		task_note(t, "a 2 may be more: counts need /proc/kpagecount");
	if (p.counts >= 0)
		close(p.counts);
	if (p.pagemap >= 0)
		close(p.pagemap);
	hostmaps_free(&p.host);
	return r < 0 ? r : (int64_t)p.written;
}
