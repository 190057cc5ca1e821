/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Linux's ELF loader makes of a file's headers. It checks less than one may think: not the class, not the byte
 * order, not the version, not that segments lie inside the file. husk checks what Linux checks, so that every program
 * Linux starts is started, and says why it refuses. Refused here though Linux would start them: a file with nothing
 * to load, and an entry point that is no user address (both can only crash), and addresses outside what the guest
 * owns. Not done here: what needs a process (ELIBBAD, finding the interpreter, placing).
 */
#include "loader/elf.h"

#include "mm/gva.h"

#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define MAX_PHDRS    (65536 / sizeof(Elf64_Phdr))
#define USER_TOP     ((1UL << 56) - HK_PAGE_SIZE) /* Linux's TASK_SIZE, where it is largest */
#define MAX_ALIGN    (1UL << 30)
#define MAX_SPAN     (HK_GUEST_MAX - HK_MMAP_MIN) /* of a position-independent file */
#define MAX_FILE_POS INT64_MAX

_Static_assert(MAX_PHDRS == ELF_MAX_SEGMENTS, "a plan holds every segment that a file can have");

struct parse {
	const struct elf_source *src;
	const char *name;
	struct elf_plan *plan;
	struct hk_err *err;
	Elf64_Ehdr eh;
	Elf64_Phdr *ph;
};

/* name as a message can carry it: on one line, and short enough to leave room for the reason. */
static void printable(char out[160], const char *name)
{
	size_t len = strlen(name);
	bool cut = len > 120;

	if (cut)
		name += len - 120;
	while (cut && (*name & 0xc0) == 0x80) /* the rest of a UTF-8 character */
		name++;
	snprintf(out, 160, "%s%s", cut ? "..." : "", name);
	for (; *out; out++) {
		if ((unsigned char)*out < 0x20 || *out == 0x7f)
			*out = '?';
	}
}

HK_PRINTF(3, 4) static int refuse(const struct parse *p, int code, const char *fmt, ...)
{
	char name[160], reason[256];
	va_list ap;

	printable(name, p->name);
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	return hk_err_set(p->err, code, "%s: %s", name, reason);
}

/* Read what must be inside the file; `what` names it in the message, `code` is Linux's answer if it is not. */
static int read_part(const struct parse *p, uint64_t off, void *buf, size_t len, int code, const char *what)
{
	int r;

	if (off > p->src->size || len > p->src->size - off)
		return refuse(p, code, "truncated: %s end behind the end of the file", what);
	r = p->src->read(p->src->ctx, off, buf, len);
	if (r == -ENOEXEC)
		return refuse(p, code, "truncated: %s end behind the end of the file", what);
	if (r < 0)
		return refuse(p, r, "cannot read %s: %s", what, strerror(-r));
	return 0;
}

static const char *machine_name(unsigned machine, bool is_64)
{
	static const struct {
		unsigned machine;
		const char *name32, *name64;
	} names[] = {
		{ EM_386, "a 32-bit x86 program", "a 32-bit x86 program" },
		{ EM_AARCH64, "a 32-bit Arm64 program", "an Arm64 program" },
		{ EM_ARM, "a 32-bit Arm program", "a 32-bit Arm program" },
		{ EM_RISCV, "a 32-bit RISC-V program", "a 64-bit RISC-V program" },
		{ EM_PPC, "a 32-bit PowerPC program", "a 32-bit PowerPC program" },
		{ EM_PPC64, "a 64-bit PowerPC program", "a 64-bit PowerPC program" },
		{ EM_S390, "a 32-bit s390 program", "an s390x program" },
		{ EM_MIPS, "a 32-bit MIPS program", "a 64-bit MIPS program" },
		{ EM_LOONGARCH, "a 32-bit LoongArch program", "a 64-bit LoongArch program" },
		{ EM_SPARC, "a SPARC program", "a SPARC program" },
		{ EM_SPARCV9, "a 64-bit SPARC program", "a 64-bit SPARC program" },
		{ EM_IA_64, "an Itanium program", "an Itanium program" },
		{ EM_BPF, "a BPF program", "a BPF program" },
	};

	for (size_t i = 0; i < HK_ARRAY_LEN(names); i++) {
		if (names[i].machine == machine)
			return is_64 ? names[i].name64 : names[i].name32;
	}
	return NULL;
}

static int refuse_machine(const struct parse *p)
{
	bool big_endian = p->eh.e_ident[EI_DATA] == ELFDATA2MSB;
	unsigned machine = big_endian ? __builtin_bswap16(p->eh.e_machine) : p->eh.e_machine;
	const char *name = machine_name(machine, p->eh.e_ident[EI_CLASS] == ELFCLASS64);

	if (name)
		return refuse(p, -ENOEXEC, "%s; husk runs 64-bit x86-64 programs", name);
	return refuse(p, -ENOEXEC, "a program for another processor (ELF machine %u); husk runs 64-bit x86-64 programs",
		      machine);
}

static int refuse_type(const struct parse *p)
{
	switch (p->eh.e_type) {
	case ET_REL:
		return refuse(p, -ENOEXEC, "an object file, not linked into a program yet");
	case ET_CORE:
		return refuse(p, -ENOEXEC, "a core dump, not a program");
	default:
		return refuse(p, -ENOEXEC, "not a program (ELF type %u)", p->eh.e_type);
	}
}

static int read_header(struct parse *p)
{
	/* A file shorter than the header counts as padded with zeros, as in Linux's buffer. */
	size_t len = hk_min(p->src->size, sizeof(p->eh));
	int r;

	if (len == 0)
		return refuse(p, -ENOEXEC, "not an ELF file: it is empty");
	r = read_part(p, 0, &p->eh, len, -ENOEXEC, "its headers");
	if (r < 0)
		return r;
	if (memcmp(p->eh.e_ident, ELFMAG, SELFMAG) != 0)
		return refuse(p, -ENOEXEC, "not an ELF file");
	if (p->eh.e_machine != EM_X86_64)
		return refuse_machine(p);
	if (p->eh.e_type != ET_EXEC && p->eh.e_type != ET_DYN)
		return refuse_type(p);
	return 0;
}

static int read_phdrs(struct parse *p)
{
	const Elf64_Ehdr *eh = &p->eh;

	if (eh->e_phentsize != sizeof(Elf64_Phdr)) {
		if (eh->e_ident[EI_CLASS] == ELFCLASS32)
			return refuse(p, -ENOEXEC,
				      "an x32 program (32-bit pointers); husk runs 64-bit x86-64 programs");
		return refuse(p, -ENOEXEC, "malformed: program headers of %u bytes instead of %zu", eh->e_phentsize,
			      sizeof(Elf64_Phdr));
	}
	if (eh->e_phnum == 0)
		return refuse(p, -ENOEXEC, "malformed: no program headers");
	if (eh->e_phnum > MAX_PHDRS)
		return refuse(p, -ENOEXEC, "malformed: %u program headers; Linux takes at most %zu", eh->e_phnum,
			      MAX_PHDRS);
	p->ph = malloc(eh->e_phnum * sizeof(Elf64_Phdr));
	if (!p->ph)
		return refuse(p, -ENOMEM, "no memory for its program headers");
	return read_part(p, eh->e_phoff, p->ph, eh->e_phnum * sizeof(Elf64_Phdr), -ENOEXEC, "the program headers");
}

/* Linux looks at the first PT_INTERP only. */
static int read_interp(struct parse *p)
{
	const Elf64_Phdr *ph = p->ph, *end = p->ph + p->eh.e_phnum;
	char *path = p->plan->interp;
	bool negative;
	int r;

	while (ph < end && ph->p_type != PT_INTERP)
		ph++;
	if (ph == end)
		return 0;
	if (ph->p_filesz < 2 || ph->p_filesz > PATH_MAX)
		return refuse(p, -ENOEXEC, "malformed: the interpreter's path takes %lu bytes", ph->p_filesz);
	negative = (ph->p_offset | (ph->p_offset + ph->p_filesz)) >
		   INT64_MAX; /* to Linux, where file positions are signed */
	r = read_part(p, ph->p_offset, path, ph->p_filesz, negative ? -EINVAL : -EIO,
		      "the bytes of the interpreter's path");
	if (r < 0)
		return r;
	if (path[ph->p_filesz - 1] != '\0')
		return refuse(p, -ENOEXEC, "malformed: the interpreter's path has no end");
	p->plan->has_interp = true;
	return 0;
}

/* The bytes between the data's end and the page's end must be cleared: a page that the file no longer has cannot be.
 * Newer kernels kill such a program at its start, older ones (6.1) let it run into the hole. */
static bool tail_is_lost(const struct parse *p, const struct elf_segment *s)
{
	return (s->prot & PROT_WRITE) && s->filesz && s->memsz > s->filesz && ((s->vaddr + s->filesz) & HK_PAGE_MASK) &&
	       hk_align_down(s->offset + s->filesz, HK_PAGE_SIZE) >= p->src->size;
}

static int check_addresses(const struct parse *p, unsigned i, const Elf64_Phdr *ph)
{
	if (ph->p_filesz > ph->p_memsz)
		return refuse(p, -ENOEXEC, "malformed: segment %u is larger in the file than in memory", i);
	if (ph->p_memsz > USER_TOP || ph->p_vaddr > USER_TOP - ph->p_memsz)
		return refuse(p, -ENOEXEC,
			      "malformed: segment %u (0x%lx bytes at 0x%lx) does not fit the address space", i,
			      ph->p_memsz, ph->p_vaddr);
	if (p->eh.e_type != ET_EXEC || ph->p_memsz == 0)
		return 0;
	if (ph->p_vaddr < HK_GUEST_MIN)
		return refuse(p, -ENOEXEC, "segment %u is at 0x%lx, below 0x%lx, where nothing may be mapped", i,
			      ph->p_vaddr, HK_GUEST_MIN);
	if (ph->p_vaddr + ph->p_memsz > HK_GUEST_MAX)
		return refuse(p, -ENOEXEC, "segment %u ends at 0x%lx, above 0x%lx, where a guest's memory ends", i,
			      ph->p_vaddr + ph->p_memsz, HK_GUEST_MAX);
	return 0;
}

static int add_segment(struct parse *p, unsigned i, const Elf64_Phdr *ph)
{
	struct elf_segment *s = &p->plan->seg[p->plan->count];
	uint64_t odd = ph->p_vaddr & HK_PAGE_MASK;
	int r;

	r = check_addresses(p, i, ph);
	if (r < 0)
		return r;
	if (ph->p_memsz == 0)
		return 0;
	*s = (struct elf_segment){
		.vaddr = ph->p_vaddr,
		.memsz = ph->p_memsz,
		.offset = ph->p_filesz ? ph->p_offset : odd,
		.filesz = ph->p_filesz,
		.prot = (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
			(ph->p_flags & PF_X ? PROT_EXEC : 0),
	};
	if ((s->offset & HK_PAGE_MASK) != odd)
		return refuse(p, -ENOEXEC,
			      "malformed: segment %u cannot be mapped: its place in the file (0x%lx) and in memory "
			      "(0x%lx) differ within the page",
			      i, s->offset, s->vaddr);
	if (s->offset > MAX_FILE_POS - HK_PAGE_SIZE || s->filesz > MAX_FILE_POS - HK_PAGE_SIZE - s->offset)
		return refuse(p, -ENOEXEC, "malformed: segment %u lies at 0x%lx in the file, more than a file can hold",
			      i, s->offset);
	if (tail_is_lost(p, s))
		return refuse(p, -ENOEXEC, "truncated: segment %u ends behind the end of the file", i);
	if (s->offset + s->filesz > p->src->size && s->filesz)
		p->plan->truncated = true;
	p->plan->count++;
	return 0;
}

static int add_segments(struct parse *p)
{
	struct elf_plan *plan = p->plan;

	plan->align = HK_PAGE_SIZE;
	for (unsigned i = 0; i < p->eh.e_phnum; i++) {
		const Elf64_Phdr *ph = &p->ph[i];
		uint64_t into = p->eh.e_phoff - ph->p_offset;
		int r;

		if (ph->p_type == PT_GNU_STACK)
			plan->exec_stack = ph->p_flags & PF_X;
		if (ph->p_type != PT_LOAD)
			continue;
		r = add_segment(p, i, ph);
		if (r < 0)
			return r;
		if (ph->p_align && !(ph->p_align & (ph->p_align - 1)))
			plan->align = hk_max(plan->align, hk_min(ph->p_align, MAX_ALIGN));
		if (ph->p_offset <= p->eh.e_phoff && into < ph->p_filesz)
			plan->phdr = ph->p_vaddr + into;
	}
	if (plan->count == 0)
		return refuse(p, -ENOEXEC, "malformed: nothing to load");
	return 0;
}

static uint64_t first_page(const struct elf_segment *s)
{
	return hk_align_down(s->vaddr, HK_PAGE_SIZE);
}

static uint64_t end_page(const struct elf_segment *s)
{
	return hk_align_up(s->vaddr + s->memsz, HK_PAGE_SIZE);
}

/* As files are meant to be: by rising address, no page in two segments. */
static bool in_order(const struct elf_plan *plan)
{
	for (unsigned i = 1; i < plan->count; i++) {
		if (first_page(&plan->seg[i]) < end_page(&plan->seg[i - 1]))
			return false;
	}
	return true;
}

/* Do any two segments touch the same page? Then the one mapped later wins, and the order in the file matters. */
static bool any_overlap(const struct elf_plan *plan)
{
	for (unsigned i = 1; i < plan->count; i++) {
		for (unsigned j = 0; j < i; j++) {
			if (first_page(&plan->seg[i]) < end_page(&plan->seg[j]) &&
			    first_page(&plan->seg[j]) < end_page(&plan->seg[i]))
				return true;
		}
	}
	return false;
}

static void sort_segments(struct elf_plan *plan)
{
	if (in_order(plan) || any_overlap(plan))
		return;
	for (unsigned i = 1; i < plan->count; i++) {
		struct elf_segment s = plan->seg[i];
		unsigned j = i;

		for (; j > 0 && plan->seg[j - 1].vaddr > s.vaddr; j--)
			plan->seg[j] = plan->seg[j - 1];
		plan->seg[j] = s;
	}
}

static int set_span(struct parse *p)
{
	struct elf_plan *plan = p->plan;

	plan->low = UINT64_MAX;
	for (unsigned i = 0; i < plan->count; i++) {
		plan->low = hk_min(plan->low, first_page(&plan->seg[i]));
		plan->high = hk_max(plan->high, end_page(&plan->seg[i]));
	}
	if (plan->high - plan->low > MAX_SPAN)
		return refuse(p, -ENOEXEC, "its segments span 0x%lx bytes, more than a guest's address space has",
			      plan->high - plan->low);
	return 0;
}

/* The processor must be able to start there, wherever a position-independent file is placed: else it cannot even
 * fault properly. */
static int check_entry(const struct parse *p)
{
	const struct elf_plan *plan = p->plan;
	bool ok;

	if (plan->fixed)
		ok = plan->entry < HK_GUEST_MAX;
	else
		ok = plan->entry - plan->low < HK_GUEST_MAX || plan->low - plan->entry <= HK_MMAP_MIN - HK_GUEST_MIN;
	if (!ok)
		return refuse(p, -ENOEXEC, "malformed: its entry point, 0x%lx, is not an address of the program",
			      plan->entry);
	return 0;
}

static int parse(struct parse *p)
{
	struct elf_plan *plan = p->plan;
	int r;

	r = read_header(p);
	if (r == 0)
		r = read_phdrs(p);
	if (r == 0)
		r = read_interp(p);
	if (r < 0)
		return r;
	plan->fixed = p->eh.e_type == ET_EXEC;
	plan->entry = p->eh.e_entry;
	plan->phnum = p->eh.e_phnum;
	r = add_segments(p);
	if (r == 0)
		r = set_span(p);
	if (r == 0)
		r = check_entry(p);
	if (r == 0)
		sort_segments(plan);
	return r;
}

int elf_parse(const struct elf_source *src, const char *name, struct elf_plan *plan, struct hk_err *err)
{
	struct parse p = { .src = src, .name = name, .plan = plan, .err = err };
	int r;

	memset(plan, 0, offsetof(struct elf_plan, seg));
	r = parse(&p);
	free(p.ph);
	return r;
}
