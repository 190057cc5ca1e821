/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threat: the program file, and the interpreter it names, are the attacker's, every byte; the file may also change or
 * fail while it is read. Input: the file. Each is parsed whole, then with the second and third read failing, then
 * halved. Held to: what loader/elf.h promises of a plan, since exec maps it unseen; and an answer that is 0 or a
 * negative errno with one line of text.
 */
#include "base/bug.h"
#include "loader/elf.h"
#include "mm/gva.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct file {
	const uint8_t *data;
	size_t size;
	int reads_left;
};

static int file_read(void *ctx, uint64_t off, void *buf, size_t len)
{
	struct file *f = ctx;

	if (f->reads_left-- == 0)
		return -EIO;
	if (off > f->size || len > f->size - off)
		return -ENOEXEC;
	memcpy(buf, f->data + off, len);
	return 0;
}

static void check_segment(const struct elf_plan *p, const struct elf_segment *s, uint64_t size)
{
	uint64_t low = hk_align_down(s->vaddr, HK_PAGE_SIZE), high = hk_align_up(s->vaddr + s->memsz, HK_PAGE_SIZE);

	HK_BUG_ON(s->memsz == 0 || s->memsz < s->filesz);
	HK_BUG_ON(s->vaddr + s->memsz < s->vaddr || low >= high);
	HK_BUG_ON(low < p->low || high > p->high);
	HK_BUG_ON((s->offset ^ s->vaddr) & HK_PAGE_MASK);
	HK_BUG_ON(s->offset > INT64_MAX - HK_PAGE_SIZE || s->filesz > INT64_MAX - HK_PAGE_SIZE - s->offset);
	HK_BUG_ON(s->prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC));
	HK_BUG_ON(s->filesz && s->offset + s->filesz > size && !p->truncated);
	HK_BUG_ON(p->fixed && (low < HK_GUEST_MIN || high > HK_GUEST_MAX));
}

static bool share_page(const struct elf_segment *a, const struct elf_segment *b)
{
	return hk_align_down(a->vaddr, HK_PAGE_SIZE) < b->vaddr + b->memsz &&
	       hk_align_down(b->vaddr, HK_PAGE_SIZE) < a->vaddr + a->memsz;
}

static void check_order(const struct elf_plan *p)
{
	bool falls = false, shared = false;

	for (unsigned i = 1; i < p->count; i++)
		falls |= p->seg[i].vaddr < p->seg[i - 1].vaddr;
	for (unsigned i = 0; falls && i < p->count; i++) {
		for (unsigned j = 0; j < i; j++)
			shared |= share_page(&p->seg[i], &p->seg[j]);
	}
	HK_BUG_ON(falls && !shared);
}

static void check_entry(const struct elf_plan *p, uint64_t place)
{
	uint64_t entry = p->entry + (p->fixed ? 0 : place - p->low);

	HK_BUG_ON(entry >= 1UL << 47);
}

static void check_plan(const struct elf_plan *p, uint64_t size)
{
	uint64_t span = p->high - p->low;

	HK_BUG_ON(p->count == 0 || p->count > ELF_MAX_SEGMENTS || p->count > p->phnum);
	HK_BUG_ON(p->low >= p->high || (p->low | p->high) & HK_PAGE_MASK);
	HK_BUG_ON(p->align < HK_PAGE_SIZE || p->align > 1UL << 30 || p->align & (p->align - 1));
	HK_BUG_ON(p->phdr && (p->phdr < p->low || p->phdr >= p->high));
	HK_BUG_ON(!memchr(p->interp, '\0', sizeof(p->interp)) || (p->interp[0] && !p->has_interp));
	for (unsigned i = 0; i < p->count; i++)
		check_segment(p, &p->seg[i], size);
	check_order(p);
	HK_BUG_ON(!p->fixed && span > HK_GUEST_MAX - HK_MMAP_MIN);
	check_entry(p, HK_MMAP_MIN);
	check_entry(p, HK_GUEST_MAX - span);
}

static int parse(const uint8_t *data, size_t said, size_t size, int reads)
{
	static struct elf_plan plan; /* large; filled with junk so that nothing is zero by luck */
	struct file f = { data, size, reads };
	struct elf_source src = { &f, said, file_read };
	struct hk_err err = { 0 };
	int r;

	memset(&plan, 0xa5, sizeof(plan));
	r = elf_parse(&src, "prog", &plan, &err);
	HK_BUG_ON(r > 0);
	if (r == 0)
		check_plan(&plan, said);
	else
		HK_BUG_ON(err.code != r || strncmp(err.text, "prog: ", 6) != 0 || strchr(err.text, '\n'));
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (parse(data, size, size, -1) == 0)
		HK_BUG_ON(parse(data, size, size, 1) != -EIO);
	parse(data, size, size, 2);
	parse(data, size / 2, size, -1);
	parse(data, size, size / 2, -1); /* it shrinks behind elf_parse's back */
	return 0;
}
