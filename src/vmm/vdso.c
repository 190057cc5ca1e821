/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vdso.h"

#include "mm/uaccess.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#define VDSO_MOST (256UL << 10)

/* The host's own, as /proc/self/maps shows them: data directly below the code. */
struct host_vdso {
	uint64_t data, code, end;
};

static bool find_host_vdso(struct host_vdso *h)
{
	char line[512];
	uint64_t start, end, data_end = 0;
	FILE *f = fopen("/proc/self/maps", "re");

	memset(h, 0, sizeof(*h));
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) != 2)
			continue;
		if (strstr(line, "[vvar")) {
			/* Newer kernels have it in two mappings. */
			if (!h->data || data_end != start)
				h->data = start;
			data_end = end;
		} else if (strstr(line, "[vdso]")) {
			h->code = start;
			h->end = end;
		}
	}
	if (f)
		fclose(f);
	return h->data && data_end == h->code && h->code == getauxval(AT_SYSINFO_EHDR) && h->end - h->data <= VDSO_MOST;
}

/* The code image as an ELF file in memory, all offsets checked against its size. */
struct image {
	uint8_t *bytes;
	uint64_t size;
	const Elf64_Sym *symbols;
	const char *names;
	uint64_t count, names_size;
};

static const void *at(const struct image *m, uint64_t offset, uint64_t size)
{
	return offset <= m->size && size <= m->size - offset ? m->bytes + offset : NULL;
}

static bool find_symbols(struct image *m)
{
	const Elf64_Ehdr *e = at(m, 0, sizeof(*e));
	const Elf64_Shdr *s = e ? at(m, e->e_shoff, (uint64_t)e->e_shnum * sizeof(*s)) : NULL;

	for (unsigned i = 0; s && i < e->e_shnum; i++) {
		if (s[i].sh_type != SHT_DYNSYM || s[i].sh_link >= e->e_shnum)
			continue;
		m->symbols = at(m, s[i].sh_offset, s[i].sh_size);
		m->count = s[i].sh_size / sizeof(*m->symbols);
		m->names = at(m, s[s[i].sh_link].sh_offset, s[s[i].sh_link].sh_size);
		m->names_size = s[s[i].sh_link].sh_size;
		return m->symbols && m->names && m->names_size && !m->names[m->names_size - 1];
	}
	return false;
}

/*
 * getcpu asks the processor for what the host's kernel has put into its descriptor table or TSC_AUX, and the guest has others: let it make the system
 * call. False: the function is not to be found.
 */
static bool divert_getcpu(struct image *m)
{
	/* mov $SYS_getcpu, %eax; syscall; ret */
	static const uint8_t code[] = { 0xb8, 0x35, 0x01, 0x00, 0x00, 0x0f, 0x05, 0xc3 };

	if (!find_symbols(m))
		return false;
	for (uint64_t i = 0; i < m->count; i++) {
		const Elf64_Sym *s = &m->symbols[i];

		if (s->st_name >= m->names_size || strcmp(m->names + s->st_name, "__vdso_getcpu"))
			continue;
		if (s->st_size < sizeof(code) || !at(m, s->st_value, s->st_size))
			return false;
		memcpy(m->bytes + s->st_value, code, sizeof(code));
		return true;
	}
	return false;
}

static int64_t map(struct mm *mm, uint64_t addr, uint64_t len, int prot, int flags, enum vma_kind kind)
{
	const struct mm_map_hint hint = { .kind = kind };

	return mm_map(mm, GVA(addr), len, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0, &hint);
}

static int place(struct mm *mm, const struct host_vdso *h, const struct image *m, uint64_t *base)
{
	uint64_t below = h->code - h->data;
	int64_t r = map(mm, 0, below + m->size, PROT_READ, 0, VMA_VVAR);
	uint64_t data = (uint64_t)r, code = data + below;

	if (r < 0)
		return (int)r;
	r = map(mm, code, m->size, PROT_READ | PROT_WRITE, MAP_FIXED, VMA_VDSO);
	if (r < 0)
		return (int)r;
	r = copy_to_guest(GVA(code), m->bytes, m->size);
	if (r == 0)
		r = mm_protect(mm, GVA(code), m->size, PROT_READ | PROT_EXEC);
	if (r == 0)
		r = pt_map(&mm->pt, code, code + m->size, true, false);
	if (r)
		return (int)r;
	*base = code;
	r = pt_map_foreign(&mm->pt, data, h->data, below);
	if (r == 0)
		return mm_seal(mm, GVA(data), below + m->size);
	/* This KVM does not take such memory. */
	*base = 0;
	return (int)mm_unmap(mm, GVA(data), below + m->size);
}

int vdso_map(struct mm *mm, uint64_t *base)
{
	struct host_vdso h;
	struct image m;
	int r = 0;

	*base = 0;
	if (!find_host_vdso(&h))
		return 0;
	m = (struct image){ .size = h.end - h.code };
	m.bytes = malloc(m.size);
	if (!m.bytes)
		return 0;
	memcpy(m.bytes, (const void *)(uintptr_t)h.code, m.size);
	if (divert_getcpu(&m))
		r = place(mm, &h, &m, base);
	free(m.bytes);
	return r;
}
