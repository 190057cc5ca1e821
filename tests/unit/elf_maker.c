/* SPDX-License-Identifier: Apache-2.0 */
#include "elf_maker.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define PAGE 4096UL
#define BASE ELF_FILE_BASE

void elf_make(struct elf_file *f, uint16_t type)
{
	/* mov $60, %eax; mov $42, %edi; syscall */
	static const uint8_t code[] = { 0xb8, 60, 0, 0, 0, 0xbf, ELF_FILE_EXIT, 0, 0, 0, 0x0f, 0x05 };
	uint64_t base = type == ET_EXEC ? BASE : 0;
	Elf64_Phdr *ph;

	memset(f, 0, sizeof(*f));
	*elf_eh(f) = (Elf64_Ehdr){
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = type,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = base + ELF_FILE_ENTRY,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
	};
	f->size = PAGE;
	memcpy(f->bytes + ELF_FILE_ENTRY, code, sizeof(code));
	ph = elf_add_load(f, base, PAGE, 0, PAGE);
	ph->p_flags = PF_R | PF_X;
}

Elf64_Phdr *elf_add(struct elf_file *f, uint32_t type)
{
	Elf64_Phdr *ph = elf_ph(f, elf_eh(f)->e_phnum++);

	*ph = (Elf64_Phdr){ .p_type = type };
	return ph;
}

Elf64_Phdr *elf_add_load(struct elf_file *f, uint64_t vaddr, uint64_t memsz, uint64_t offset, uint64_t filesz)
{
	Elf64_Phdr *ph = elf_add(f, PT_LOAD);

	ph->p_flags = PF_R | PF_W;
	ph->p_vaddr = ph->p_paddr = vaddr;
	ph->p_memsz = memsz;
	ph->p_offset = offset;
	ph->p_filesz = filesz;
	ph->p_align = PAGE;
	return ph;
}

Elf64_Phdr *elf_add_interp(struct elf_file *f, const char *path, size_t len)
{
	Elf64_Phdr *ph = elf_add(f, PT_INTERP);

	ph->p_offset = 0x800;
	ph->p_filesz = len;
	if (path)
		memcpy(f->bytes + 0x800, path, len);
	return ph;
}

/* --- accepted --- */

static void as_it_is(struct elf_file *f)
{
	(void)f;
}

static void class_32(struct elf_file *f)
{
	elf_eh(f)->e_ident[EI_CLASS] = ELFCLASS32;
}

static void class_junk(struct elf_file *f)
{
	memset(elf_eh(f)->e_ident + EI_CLASS, 0xff, EI_NIDENT - EI_CLASS);
}

static void odd_header_fields(struct elf_file *f)
{
	elf_eh(f)->e_version = 77;
	elf_eh(f)->e_ehsize = 1;
	elf_eh(f)->e_flags = 0xffffffff;
	elf_eh(f)->e_shoff = UINT64_MAX;
	elf_eh(f)->e_shnum = 0xffff;
}

static void phdrs_to_page_1(struct elf_file *f, unsigned total)
{
	memcpy(f->bytes + PAGE, elf_ph(f, 0), sizeof(Elf64_Phdr));
	elf_eh(f)->e_phoff = PAGE;
	elf_eh(f)->e_phnum = (uint16_t)total;
	f->size = PAGE + total * sizeof(Elf64_Phdr);
}

static void phnum_73(struct elf_file *f)
{
	phdrs_to_page_1(f, 73);
}

static void phnum_1170(struct elf_file *f)
{
	phdrs_to_page_1(f, 1170);
}

static void many_segments(struct elf_file *f)
{
	phdrs_to_page_1(f, 1);
	for (unsigned i = 1; i < 1170; i++)
		elf_add_load(f, BASE + (1170 - i) * 2 * PAGE, PAGE, 0, PAGE);
	f->size = PAGE + 1170 * sizeof(Elf64_Phdr);
}

static void segments_fall(struct elf_file *f)
{
	elf_add_load(f, BASE + 0x200000, PAGE, 0, PAGE);
	elf_add_load(f, BASE + 0x100000, PAGE, 0, PAGE);
}

static void segments_share_page(struct elf_file *f)
{
	elf_ph(f, 0)->p_filesz = elf_ph(f, 0)->p_memsz = 0xe00;
	elf_add_load(f, BASE + 0xe00, 0x4000, 0xe00, 0x200)->p_flags = PF_R | PF_X;
}

static void segments_overlap_falling(struct elf_file *f)
{
	elf_add_load(f, BASE + 0x3000, PAGE, 0, PAGE);
	elf_add_load(f, BASE + 0x2000, 2 * PAGE, 0, PAGE);
}

static void bss_tail(struct elf_file *f)
{
	elf_add_load(f, BASE + 0x1000, 0x12345, 0, 0x123);
}

static void bss_only(struct elf_file *f)
{
	elf_add_load(f, BASE + 0x1000, 0x2000, 0, 0);
}

static void bss_only_odd_offset(struct elf_file *f)
{
	elf_add_load(f, BASE + 0x1000, 0x2000, 0x123, 0);
}

static void read_only_bss(struct elf_file *f)
{
	elf_add_load(f, BASE + 0x1000, 0x2000, 0, 0x123)->p_flags = PF_R;
}

static void no_access(struct elf_file *f)
{
	elf_add_load(f, BASE + 0x1000, 0x1000, 0, 0x1000)->p_flags = 0;
}

static void behind_end(struct elf_file *f)
{
	elf_add_load(f, BASE + 0x10000, 0x4000, 0, 0x4000);
}

static void far_behind_end(struct elf_file *f)
{
	elf_add_load(f, BASE + 0x10000, 0x4000, 0x7000000000, 0x4000);
}

static void tail_behind_end_read_only(struct elf_file *f)
{
	elf_add_load(f, BASE + 0x10000, 0x4000, 0, 0x1800)->p_flags = PF_R;
}

static void empty_segment_at_zero(struct elf_file *f)
{
	elf_add_load(f, 0, 0, 0, 0);
}

static void align_odd(struct elf_file *f)
{
	elf_ph(f, 0)->p_align = 3;
}

static void align_zero(struct elf_file *f)
{
	elf_ph(f, 0)->p_align = 0;
}

static void align_2m(struct elf_file *f)
{
	elf_ph(f, 0)->p_align = 2UL << 20;
}

static void stack_exec(struct elf_file *f)
{
	elf_add(f, PT_GNU_STACK)->p_flags = PF_R | PF_W | PF_X;
}

static void unknown_phdrs(struct elf_file *f)
{
	memset(&elf_add(f, PT_GNU_PROPERTY)->p_flags, 0xff, sizeof(Elf64_Phdr) - 4);
	memset(&elf_add(f, 0x12345678)->p_flags, 0xff, sizeof(Elf64_Phdr) - 4);
	memset(&elf_add(f, PT_TLS)->p_flags, 0xff, sizeof(Elf64_Phdr) - 4);
	memset(&elf_add(f, PT_PHDR)->p_flags, 0xff, sizeof(Elf64_Phdr) - 4);
	memset(&elf_add(f, PT_GNU_RELRO)->p_flags, 0xff, sizeof(Elf64_Phdr) - 4);
}

static void entry_nowhere(struct elf_file *f)
{
	elf_eh(f)->e_entry = 0x123456789;
}

static void dyn_first_high(struct elf_file *f)
{
	elf_ph(f, 0)->p_vaddr = 0x600000000000;
	elf_eh(f)->e_entry = 0x600000000000 + ELF_FILE_ENTRY;
}

static void dyn_first_higher(struct elf_file *f)
{
	elf_ph(f, 0)->p_vaddr = 1UL << 47;
	elf_eh(f)->e_entry = (1UL << 47) + ELF_FILE_ENTRY;
}

static void dyn_bss_gap(struct elf_file *f)
{
	elf_add_load(f, 0x40000000, 0x2000, 0, 0x10);
}

/* --- refused --- */

static void empty(struct elf_file *f)
{
	f->size = 0;
}

static void text(struct elf_file *f)
{
	memcpy(f->bytes, "hello, world\n", 13);
	f->size = 13;
}

static void magic_only(struct elf_file *f)
{
	f->size = 4;
}

static void header_cut(struct elf_file *f)
{
	f->size = 63;
}

static void phdrs_cut(struct elf_file *f)
{
	f->size = 64 + 55;
}

static void machine_mips(struct elf_file *f)
{
	elf_eh(f)->e_ident[EI_CLASS] = ELFCLASS32;
	elf_eh(f)->e_machine = EM_MIPS;
}

static void machine_386(struct elf_file *f)
{
	elf_eh(f)->e_ident[EI_CLASS] = ELFCLASS32;
	elf_eh(f)->e_machine = EM_386;
}

static void machine_arm64(struct elf_file *f)
{
	elf_eh(f)->e_machine = EM_AARCH64;
}

static void machine_arm(struct elf_file *f)
{
	elf_eh(f)->e_ident[EI_CLASS] = ELFCLASS32;
	elf_eh(f)->e_machine = EM_ARM;
}

static void machine_s390(struct elf_file *f)
{
	elf_eh(f)->e_ident[EI_DATA] = ELFDATA2MSB;
	elf_eh(f)->e_machine = __builtin_bswap16(EM_S390);
}

static void machine_unknown(struct elf_file *f)
{
	elf_eh(f)->e_machine = 0x7777;
}

static void x32(struct elf_file *f)
{
	elf_eh(f)->e_ident[EI_CLASS] = ELFCLASS32;
	elf_eh(f)->e_phentsize = 0;
}

static void type_rel(struct elf_file *f)
{
	elf_eh(f)->e_type = ET_REL;
}

static void type_core(struct elf_file *f)
{
	elf_eh(f)->e_type = ET_CORE;
}

static void type_junk(struct elf_file *f)
{
	elf_eh(f)->e_type = 0xfeed;
}

static void phentsize_32(struct elf_file *f)
{
	elf_eh(f)->e_phentsize = 32;
}

static void phnum_0(struct elf_file *f)
{
	elf_eh(f)->e_phnum = 0;
}

static void phnum_1171(struct elf_file *f)
{
	phdrs_to_page_1(f, 1171);
}

static void phnum_max(struct elf_file *f)
{
	elf_eh(f)->e_phnum = 0xffff;
}

static void phoff_huge(struct elf_file *f)
{
	elf_eh(f)->e_phoff = UINT64_MAX - 8;
}

static void phoff_negative(struct elf_file *f)
{
	elf_eh(f)->e_phoff = 1UL << 63;
}

static void interp_short(struct elf_file *f)
{
	elf_add_interp(f, "", 1);
}

static void interp_long(struct elf_file *f)
{
	elf_add_interp(f, NULL, PATH_MAX + 1);
}

static void interp_no_nul(struct elf_file *f)
{
	elf_add_interp(f, "/lib/ld.so", 10);
}

static void interp_behind_end(struct elf_file *f)
{
	elf_add_interp(f, NULL, 20)->p_offset = PAGE - 10;
}

static void interp_negative(struct elf_file *f)
{
	elf_add_interp(f, NULL, 20)->p_offset = INT64_MAX - 10;
}

static void no_load(struct elf_file *f)
{
	elf_ph(f, 0)->p_type = PT_NULL;
}

static void only_empty_load(struct elf_file *f)
{
	elf_ph(f, 0)->p_filesz = elf_ph(f, 0)->p_memsz = 0;
}

static void file_larger(struct elf_file *f)
{
	elf_ph(f, 0)->p_memsz = 0x123;
}

static void memsz_wraps(struct elf_file *f)
{
	elf_add_load(f, BASE + PAGE, UINT64_MAX - BASE, 0, 0);
}

static void memsz_huge(struct elf_file *f)
{
	elf_add_load(f, BASE + PAGE, 1UL << 57, 0, 0);
}

static void vaddr_kernel(struct elf_file *f)
{
	elf_add_load(f, 0xffffffff80000000, PAGE, 0, PAGE);
}

static void vaddr_too_low(struct elf_file *f)
{
	elf_add_load(f, 0x1000, PAGE, 0, PAGE);
}

static void vaddr_too_high(struct elf_file *f)
{
	elf_add_load(f, (64UL << 40) - PAGE, 2 * PAGE, 0, PAGE);
}

static void not_congruent(struct elf_file *f)
{
	elf_add_load(f, BASE + PAGE + 8, 0x100, 0, 0x100);
}

static void offset_wraps(struct elf_file *f)
{
	elf_add_load(f, BASE + PAGE, 2 * PAGE, UINT64_MAX - PAGE + 1, 2 * PAGE);
}

static void offset_negative(struct elf_file *f)
{
	elf_add_load(f, BASE + PAGE, PAGE, 1UL << 63, PAGE);
}

static void tail_behind_end(struct elf_file *f)
{
	elf_add_load(f, BASE + 0x10000, 0x4000, 0, 0x1800);
}

static void dyn_span_huge(struct elf_file *f)
{
	elf_add_load(f, 50UL << 40, PAGE, 0, PAGE);
}

static void entry_kernel(struct elf_file *f)
{
	elf_eh(f)->e_entry = 0xffffffff80000000;
}

static void entry_not_canonical(struct elf_file *f)
{
	elf_eh(f)->e_entry = 0x8000000000000000;
}

static void entry_in_monitor(struct elf_file *f)
{
	elf_eh(f)->e_entry = 0x7f0000000000;
}

#define OK(fn, type)                                                                                                   \
	{                                                                                                              \
#fn, fn, type, 0, NULL, NULL                                                                           \
	}
#define NO(fn, type, text)                                                                                             \
	{                                                                                                              \
#fn, fn, type, -ENOEXEC, text, NULL                                                                    \
	}
#define OURS(fn, type, text, why)                                                                                      \
	{                                                                                                              \
#fn, fn, type, -ENOEXEC, text, why                                                                     \
	}

const struct elf_variant elf_variants[] = {
	OK(as_it_is, ET_EXEC),
	OK(as_it_is, ET_DYN),
	OK(class_32, ET_EXEC),
	OK(class_junk, ET_EXEC),
	OK(odd_header_fields, ET_EXEC),
	OK(phnum_73, ET_EXEC),
	{ "phnum_1170", phnum_1170, ET_EXEC, 0, NULL, "older kernels stop at 73" },
	{ "many_segments", many_segments, ET_EXEC, 0, NULL, "older kernels stop at 73" },
	OK(segments_fall, ET_EXEC),
	OK(segments_share_page, ET_EXEC),
	OK(segments_overlap_falling, ET_EXEC),
	OK(bss_tail, ET_EXEC),
	OK(bss_only, ET_EXEC),
	OK(bss_only_odd_offset, ET_EXEC),
	OK(read_only_bss, ET_EXEC),
	OK(no_access, ET_EXEC),
	OK(behind_end, ET_EXEC),
	OK(far_behind_end, ET_EXEC),
	OK(tail_behind_end_read_only, ET_EXEC),
	OK(empty_segment_at_zero, ET_EXEC),
	OK(align_odd, ET_DYN),
	OK(align_zero, ET_DYN),
	OK(align_2m, ET_DYN),
	OK(stack_exec, ET_EXEC),
	OK(unknown_phdrs, ET_EXEC),
	OK(entry_nowhere, ET_EXEC),
	OK(entry_nowhere, ET_DYN),
	OK(dyn_first_high, ET_DYN),
	OK(dyn_first_higher, ET_DYN),
	OK(dyn_bss_gap, ET_DYN),

	NO(empty, ET_EXEC, "empty"),
	NO(text, ET_EXEC, "not an ELF file"),
	NO(magic_only, ET_EXEC, "another processor (ELF machine 0)"),
	NO(header_cut, ET_EXEC, "truncated"),
	NO(phdrs_cut, ET_EXEC, "truncated: the program headers end behind the end of the file"),
	NO(machine_mips, ET_EXEC, "a 32-bit MIPS program; husk runs 64-bit x86-64 programs"),
	NO(machine_386, ET_EXEC, "a 32-bit x86 program; husk runs 64-bit x86-64 programs"),
	NO(machine_arm64, ET_EXEC, "an Arm64 program; husk runs 64-bit x86-64 programs"),
	NO(machine_arm, ET_DYN, "a 32-bit Arm program"),
	NO(machine_s390, ET_DYN, "an s390x program"),
	NO(machine_unknown, ET_EXEC, "(ELF machine 30583)"),
	NO(x32, ET_EXEC, "x32"),
	NO(type_rel, ET_EXEC, "object file"),
	NO(type_core, ET_EXEC, "core dump"),
	NO(type_junk, ET_EXEC, "ELF type 65261"),
	NO(phentsize_32, ET_EXEC, "program headers of 32 bytes instead of 56"),
	NO(phnum_0, ET_EXEC, "no program headers"),
	NO(phnum_1171, ET_EXEC, "1171 program headers"),
	NO(phnum_max, ET_EXEC, "65535 program headers"),
	NO(phoff_huge, ET_EXEC, "truncated"),
	NO(phoff_negative, ET_EXEC, "truncated"),
	NO(interp_short, ET_EXEC, "takes 1 bytes"),
	NO(interp_long, ET_EXEC, "takes 4097 bytes"),
	NO(interp_no_nul, ET_EXEC, "no end"),
	{ "interp_behind_end", interp_behind_end, ET_EXEC, -EIO, "truncated", NULL },
	{ "interp_negative", interp_negative, ET_EXEC, -EINVAL, "truncated", NULL },
	OURS(no_load, ET_EXEC, "nothing to load", "it could only crash"),
	OURS(no_load, ET_DYN, "nothing to load", "it could only crash"),
	OURS(only_empty_load, ET_EXEC, "nothing to load", "it could only crash"),
	NO(file_larger, ET_EXEC, "segment 0 is larger in the file than in memory"),
	NO(memsz_wraps, ET_EXEC, "segment 1 (0x"),
	NO(memsz_huge, ET_EXEC, "does not fit the address space"),
	NO(memsz_huge, ET_DYN, "does not fit the address space"),
	NO(vaddr_kernel, ET_EXEC, "0xffffffff80000000) does not fit"),
	NO(vaddr_kernel, ET_DYN, "0xffffffff80000000) does not fit"),
	OURS(vaddr_too_low, ET_EXEC, "below 0x10000", "a privileged process may map there"),
	OURS(vaddr_too_high, ET_EXEC, "above 0x400000000000", "the monitor lives there"),
	NO(not_congruent, ET_EXEC, "segment 1 cannot be mapped"),
	NO(offset_wraps, ET_EXEC, "more than a file can hold"),
	NO(offset_negative, ET_EXEC, "more than a file can hold"),
	OURS(tail_behind_end, ET_EXEC, "truncated: segment 1 ends behind the end of the file",
	     "old kernels start it, new ones kill it"),
	OURS(dyn_span_huge, ET_DYN, "span 0x320000001000 bytes", "the guest has 48 TiB for it"),
	NO(entry_kernel, ET_EXEC, "entry point, 0xffffffff80000000"),
	NO(entry_not_canonical, ET_EXEC, "entry point"),
	OURS(entry_not_canonical, ET_DYN, "entry point", "Linux checks the sum"),
	OURS(entry_in_monitor, ET_EXEC, "entry point", "the monitor lives there"),
};

const size_t elf_variant_count = sizeof(elf_variants) / sizeof(elf_variants[0]);
