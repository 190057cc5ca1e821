/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: src/gate/: replacing instructions, putting them back, settling a vCPU that came out in the middle.
 * Threat model: a guest chooses its text, every register when it comes out, every byte of its data page, and when it changes its mappings.
 * Input: two pages of text as runs (1 byte: how many bytes, 0 ends them; where (2), the bytes), then steps: kind (1), choice (1), value (8).
 * Promises, after each step: each byte of the text is the guest's own, or belongs to a live site's jump; that jump leads to a trampoline in a page that the
 * guest cannot write; an address behind the first byte of a site at which an instruction of the guest's began still holds that instruction;
 * who is settled at a known site stands before its first byte or behind its SYSCALL.
 */
#include "gate/internal.h"
#include "guest/gate.h"
#include "mm/uaccess.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define BASE  0x200000000000UL
#define PAGES 2
#define SIZE  (PAGES * HK_PAGE_SIZE)
#define STEPS 64

#define CHECK(x)                                                                                                       \
	do {                                                                                                           \
		if (!(x)) {                                                                                            \
			fprintf(stderr, "fuzz_gate: not true: %s\n", #x);                                              \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at, *end;
};

static uint64_t take(struct input *in, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n && in->at < in->end; i++)
		v |= (uint64_t)*in->at++ << 8 * i;
	return v;
}

static struct mm mm;
static struct gate gate;
static struct gate_data page;
static uint8_t original[SIZE]; /* what the text's file holds */
static bool mapped[PAGES];

static int fake_slot(void *ctx, gpa_t gpa, uint64_t hva, uint64_t size)
{
	(void)ctx, (void)gpa, (void)hva, (void)size;
	return 0;
}

static const struct pt_ops fake_ops = { .add_slot = fake_slot, .max_slots = 4096, .gpa_bits = 46 };

static void map_text(unsigned first, unsigned count)
{
	static int fd = -1;
	const struct mm_map_hint hint = { .path = "text" };

	if (fd < 0)
		fd = memfd_create("text", 0);
	CHECK(pwrite(fd, original, SIZE, 0) == (ssize_t)SIZE);
	CHECK(mm_map(&mm, GVA(BASE + first * HK_PAGE_SIZE), count * HK_PAGE_SIZE, PROT_READ | PROT_EXEC,
		     MAP_PRIVATE | MAP_FIXED, fd, first * HK_PAGE_SIZE, &hint) > 0);
	for (unsigned i = first; i < first + count; i++)
		mapped[i] = true;
}

/* ---- the promises ---- */

static const struct gate_site *site_over(uint64_t at)
{
	for (unsigned i = 0; i < gate.sites_used; i++) {
		const struct gate_site *s = &gate.site[i];

		if (s->live && at >= s->start && at < s->start + s->len)
			return s;
	}
	return NULL;
}

static void check_site(const struct gate_site *s)
{
	struct mm_vma_info where;
	uint8_t now[5];
	int32_t rel;

	if (!s->live || copy_from_guest(now, GVA(s->start), sizeof(now)))
		return;
	/* MADV_DONTNEED brings the guest's own bytes back without a word. */
	if (memcmp(now, s->old, s->len) == 0)
		return;
	CHECK(now[0] == 0xe9);
	memcpy(&rel, now + 1, sizeof(rel));
	CHECK(s->start + 5 + (uint64_t)(int64_t)rel == s->tramp);
	CHECK(mm_describe(&mm, GVA(s->tramp), &where) && strcmp(where.path, "[gate]") == 0);
	CHECK(!(where.prot & PROT_WRITE) && s->tramp + TRAMP_MOST <= where.end);
}

static void check_all(void)
{
	uint8_t now[SIZE];

	for (unsigned p = 0; p < PAGES; p++) {
		if (!mapped[p] || copy_from_guest(now, GVA(BASE + p * HK_PAGE_SIZE), HK_PAGE_SIZE))
			continue;
		for (unsigned i = 0; i < HK_PAGE_SIZE; i++)
			CHECK(now[i] == original[p * HK_PAGE_SIZE + i] || site_over(BASE + p * HK_PAGE_SIZE + i));
	}
	for (unsigned i = 0; i < gate.sites_used; i++)
		check_site(&gate.site[i]);
}

/* ---- the steps ---- */

/* Some address of interest. */
static uint64_t place(uint64_t choice, uint64_t value)
{
	const struct gate_site *s = gate.sites_used ? &gate.site[value % gate.sites_used] : NULL;
	const struct gate_entry *e = &gate_entries[value % (uint64_t)(gate_entries_end - gate_entries)];

	switch (choice % 6) {
	case 0:
		return BASE + value % SIZE;
	case 1:
		return s ? s->tramp + (value >> 16) % TRAMP_MOST : BASE;
	case 2:
		return s ? s->tail + (value >> 16) % 3 : BASE;
	case 3:
		return s ? s->at + 2 : BASE;
	case 4:
		return GATE_CODE_VA + e->start + (value >> 16) % (e->end - e->start);
	default:
		return value;
	}
}

/* SYSCALLs are what it is about: the nearest one. */
static uint64_t some_syscall(uint64_t value)
{
	for (uint64_t i = 0; i < SIZE - 1; i++) {
		uint64_t at = (value + i) % (SIZE - 1);

		if (original[at] == 0x0f && original[at + 1] == 0x05)
			return BASE + at;
	}
	return BASE + value % SIZE;
}

static void step_trap(uint64_t choice, uint64_t value)
{
	static const uint64_t numbers[] = { 39, 186, 102, 0, 1, 110, 600, 0x100000027 };
	struct hk_regs r = { .rip = some_syscall(value) + 2, .rax = numbers[choice / 2 % HK_ARRAY_LEN(numbers)] };

	gate_trapped(&gate, &r, choice & 1);
}

static bool stands_right(uint64_t rip)
{
	for (unsigned i = 0; i < gate.sites_used; i++)
		if (rip == gate.site[i].start || rip == gate.site[i].at + 2)
			return true;
	return false;
}

static void step_settle(uint64_t choice, uint64_t value)
{
	struct hk_regs r = { .rax = value, .rip = place(choice, value), .rflags = value >> 8 };
	uint64_t before = r.rip, tail = place(2, value >> 8);

	r.rcx = choice & 64 ? tail : value;
	r.r11 = choice & 32 ? tail : value >> 3;
	if (choice & 16)
		page.tail = tail;
	switch (gate_settle(&gate, &r, &page, (enum gate_exit)(choice / 6 % 4))) {
	case GATE_ANSWERED:
		CHECK(stands_right(r.rip));
		break;
	case GATE_MAKE_CALL:
		CHECK(r.rip == before || stands_right(r.rip));
		break;
	default:
		CHECK(r.rip == before || stands_right(r.rip));
		break;
	}
}

static void step_map(uint64_t choice, uint64_t value)
{
	unsigned p = (unsigned)(value % PAGES);
	uint64_t at = BASE + p * HK_PAGE_SIZE;

	switch (choice % 6) {
	case 0:
		(void)!mm_unmap(&mm, GVA(at), HK_PAGE_SIZE);
		mapped[p] = false;
		break;
	case 1:
		(void)!mm_protect(&mm, GVA(at), HK_PAGE_SIZE, PROT_READ | PROT_WRITE);
		(void)!mm_protect(&mm, GVA(at), HK_PAGE_SIZE, PROT_READ | PROT_EXEC);
		break;
	case 2:
		(void)!mm_advise(&mm, GVA(at), HK_PAGE_SIZE, MADV_DONTNEED);
		break;
	case 3:
		(void)!mm_remap(&mm, GVA(at), HK_PAGE_SIZE, HK_PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
				GVA(BASE + 64 * HK_PAGE_SIZE));
		mapped[p] = false;
		break;
	case 4:
		/* The trampolines' own page. */
		at = hk_align_down(place(1, value), HK_PAGE_SIZE);
		if (at - BASE >= SIZE)
			(void)!mm_unmap(&mm, GVA(at), HK_PAGE_SIZE);
		break;
	default:
		map_text(p, 1);
		break;
	}
}

static void step(uint64_t kind, uint64_t choice, uint64_t value)
{
	switch (kind % 8) {
	case 0:
	case 1:
	case 2:
		step_trap(choice, value);
		break;
	case 3:
	case 4:
		step_settle(choice, value);
		break;
	case 5:
		((uint8_t *)&page)[choice % sizeof(page)] = (uint8_t)value;
		break;
	case 6:
		step_map(choice, value);
		break;
	default:
		gate_is_site(&gate, place(choice, value));
		break;
	}
}

static void read_text(struct input *in)
{
	uint64_t n;

	memset(original, 0x90, sizeof(original));
	while ((n = take(in, 1)) != 0) {
		uint64_t at = take(in, 2) % SIZE;

		for (; n && at < SIZE; n--)
			original[at++] = (uint8_t)take(in, 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	static bool ready;

	if (!ready)
		CHECK(uaccess_init() == 0);
	ready = true;
	CHECK(mm_init(&mm, &fake_ops, NULL) == 0);
	read_text(&in);
	map_text(0, PAGES);
	gate_init(&gate, &mm, 1);
	gate.serving = true;
	gate.serve[0] = gate.serve[1] = true;
	memset(&page, 0, sizeof(page));
	for (unsigned i = 0; i < STEPS && in.at < in.end; i++) {
		uint64_t kind = take(&in, 1), choice = take(&in, 1);

		step(kind, choice, take(&in, 8));
		check_all();
	}
	mm_destroy(&mm);
	return 0;
}
