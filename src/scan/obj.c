/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ELF file made ready for looking up: code, functions, pointers to functions, exports. Section headers must be there, as every toolchain leaves them (strip does too).
 */
#include "scan/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define SHT_RELR_ 19 /* glibc 2.36 and newer have the name */

/* A section header whose bytes lie in the file, or NULL. */
static const Elf64_Shdr *section(const struct obj *o, unsigned i)
{
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)o->map;
	const Elf64_Shdr *s;

	if (i >= e->e_shnum)
		return NULL;
	s = (const Elf64_Shdr *)(o->map + e->e_shoff) + i;
	if (s->sh_type == SHT_NOBITS || s->sh_offset > o->size || s->sh_size > o->size - s->sh_offset)
		return NULL;
	return s;
}

static const char *string_at(const struct obj *o, unsigned table, uint64_t offset)
{
	const Elf64_Shdr *s = section(o, table);
	const char *p;

	if (!s || offset >= s->sh_size)
		return "";
	p = (const char *)o->map + s->sh_offset + offset;
	return memchr(p, 0, s->sh_size - offset) ? p : "";
}

static const uint8_t *in_range(const struct range *r, size_t n, uint64_t va, uint64_t *len)
{
	for (size_t i = 0; i < n; i++)
		if (va >= r[i].start && va < r[i].end) {
			*len = r[i].end - va;
			return r[i].bytes + (va - r[i].start);
		}
	return NULL;
}

const uint8_t *obj_code(const struct obj *o, uint64_t va, uint64_t *len)
{
	return in_range(o->code.v, o->code.n, va, len);
}

bool obj_is_code(const struct obj *o, uint64_t va)
{
	uint64_t len;

	return obj_code(o, va, &len) != NULL;
}

const uint8_t *obj_bytes(const struct obj *o, uint64_t va, uint64_t len)
{
	uint64_t have = 0;
	const uint8_t *p = in_range(o->data.v, o->data.n, va, &have);

	if (!p)
		p = obj_code(o, va, &have);
	return p && len <= have ? p : NULL;
}

struct func *obj_func(const struct obj *o, uint64_t va)
{
	size_t low = 0, high = o->funcs.n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (o->funcs.v[mid].end <= va)
			low = mid + 1;
		else
			high = mid;
	}
	return low < o->funcs.n && va >= o->funcs.v[low].start ? &o->funcs.v[low] : NULL;
}

const struct reloc *obj_reloc(const struct obj *o, uint64_t slot)
{
	size_t low = 0, high = o->relocs.n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (o->relocs.v[mid].slot < slot)
			low = mid + 1;
		else
			high = mid;
	}
	return low < o->relocs.n && o->relocs.v[low].slot == slot ? &o->relocs.v[low] : NULL;
}

void obj_site(const struct obj *o, uint64_t va, struct scan_site *site)
{
	size_t low = 0, high = o->names.n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (o->names.v[mid].value <= va)
			low = mid + 1;
		else
			high = mid;
	}
	*site = (struct scan_site){ .file = o->path, .symbol = "", .address = va };
	if (low) {
		site->symbol = o->names.v[low - 1].name;
		site->offset = va - o->names.v[low - 1].value;
	}
}

/* ---- reading ---- */

static int read_file(struct obj *o, struct hk_err *err)
{
	int fd HK_CLOSE = open(o->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint8_t *bytes;
	struct stat st;
	size_t done = 0;

	if (fd < 0 || fstat(fd, &st))
		return hk_err_set(err, -errno, "cannot open %s: %s", o->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return hk_err_set(err, -EINVAL, "cannot scan %s: it is not a regular file", o->path);
	bytes = malloc((size_t)st.st_size + 1);
	o->map = bytes;
	if (!bytes)
		return hk_err_set(err, -ENOMEM, "out of memory");
	while (done < (size_t)st.st_size) {
		ssize_t n = read(fd, bytes + done, (size_t)st.st_size - done);

		if (n <= 0)
			return hk_err_set(err, n ? -errno : -EIO, "cannot read %s: %s", o->path,
					  n ? strerror(errno) : "it has shrunk");
		done += (size_t)n;
	}
	o->size = done;
	bytes[done] = 0;
	return 0;
}

static int check_header(const struct obj *o, struct hk_err *err)
{
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)o->map;

	if (o->size < sizeof(*e) || memcmp(e->e_ident, ELFMAG, SELFMAG))
		return hk_err_set(err, -ENOEXEC, "cannot scan %s: it is not an ELF file", o->path);
	if (e->e_ident[EI_CLASS] != ELFCLASS64 || e->e_machine != EM_X86_64 ||
	    (e->e_type != ET_EXEC && e->e_type != ET_DYN))
		return hk_err_set(err, -ENOEXEC, "cannot scan %s: it is no program or library for Linux x86-64",
				  o->path);
	if (e->e_phentsize != sizeof(Elf64_Phdr) || e->e_phoff > o->size ||
	    e->e_phnum > (o->size - e->e_phoff) / sizeof(Elf64_Phdr))
		return hk_err_set(err, -ENOEXEC, "cannot scan %s: its program headers lie outside the file", o->path);
	if (!e->e_shnum || e->e_shentsize != sizeof(Elf64_Shdr) || e->e_shoff % 8 || e->e_shoff > o->size ||
	    e->e_shnum > (o->size - e->e_shoff) / sizeof(Elf64_Shdr))
		return hk_err_set(err, -ENOEXEC, "cannot scan %s: it has no section headers", o->path);
	return 0;
}

static bool add_start(struct obj *o, uint64_t va)
{
	return !obj_is_code(o, va) || vec_push(&o->starts, va);
}

static bool add_root(struct obj *o, uint64_t va)
{
	return add_start(o, va) && vec_push(&o->roots, va);
}

/* The binary search table of .eh_frame_hdr: the start of every function that has unwind information, symbols or not. */
static bool read_unwind(struct obj *o, const Elf64_Phdr *p)
{
	const uint8_t *h = obj_bytes(o, p->p_vaddr, 12);
	const uint8_t *table;
	uint32_t count;

	if (!h || h[0] != 1 || h[2] != 0x03 || h[3] != 0x3b)
		return true;
	memcpy(&count, h + 8, 4);
	table = obj_bytes(o, p->p_vaddr + 12, (uint64_t)count * 8);
	for (uint32_t i = 0; table && i < count; i++) {
		int32_t at;

		memcpy(&at, table + (size_t)i * 8, 4);
		if (!add_start(o, p->p_vaddr + (uint64_t)(int64_t)at))
			return false;
	}
	return true;
}

static bool read_segments(struct obj *o)
{
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)o->map;
	bool ok = true;

	for (int pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < e->e_phnum && ok; i++) {
			Elf64_Phdr p;
			struct range r;

			memcpy(&p, o->map + e->e_phoff + i * sizeof(p), sizeof(p));
			if (p.p_offset > o->size)
				continue;
			p.p_filesz = hk_min(p.p_filesz, o->size - p.p_offset);
			r = (struct range){ p.p_vaddr, p.p_vaddr + p.p_filesz, o->map + p.p_offset };
			if (pass == 0 && p.p_type == PT_LOAD && p.p_filesz && r.end > r.start)
				ok = p.p_flags & PF_X ? vec_push(&o->code, r) : vec_push(&o->data, r);
			else if (pass == 1 && p.p_type == PT_GNU_EH_FRAME)
				ok = read_unwind(o, &p);
			else if (pass == 1 && p.p_type == PT_INTERP && p.p_filesz)
				ok = (o->interp = strndup((const char *)r.bytes, p.p_filesz)) != NULL;
		}
	o->fixed = e->e_type == ET_EXEC;
	o->entry = e->e_entry;
	return ok && add_root(o, o->entry);
}

static bool read_symbols(struct obj *o, const Elf64_Shdr *s)
{
	bool dynamic = s->sh_type == SHT_DYNSYM;

	for (uint64_t i = 1; i < s->sh_size / sizeof(Elf64_Sym); i++) {
		Elf64_Sym sym;
		struct symbol named;
		unsigned type;

		memcpy(&sym, o->map + s->sh_offset + i * sizeof(sym), sizeof(sym));
		type = ELF64_ST_TYPE(sym.st_info);
		named = (struct symbol){ string_at(o, s->sh_link, sym.st_name), sym.st_value };
		if (sym.st_shndx == SHN_UNDEF) {
			o->loads |= dynamic && (!strcmp(named.name, "dlopen") || !strcmp(named.name, "dlmopen") ||
						!strcmp(named.name, "dlsym"));
			continue;
		}
		if (!obj_is_code(o, sym.st_value) || (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE))
			continue;
		/* A label without a type may be no more than a label: libc's assembly has some that are functions. */
		if (type == STT_NOTYPE && ELF64_ST_BIND(sym.st_info) == STB_LOCAL)
			continue;
		if (!add_start(o, sym.st_value) || !vec_push(&o->names, named) ||
		    (dynamic && !vec_push(&o->exports, named)))
			return false;
	}
	return true;
}

static bool add_rela(struct obj *o, const Elf64_Shdr *s, const Elf64_Rela *r)
{
	const Elf64_Shdr *symbols = section(o, s->sh_link);
	uint64_t i = ELF64_R_SYM(r->r_info);
	struct reloc add = { .slot = r->r_offset };
	Elf64_Sym sym;

	switch (ELF64_R_TYPE(r->r_info)) {
	case R_X86_64_RELATIVE:
	case R_X86_64_IRELATIVE:
		add.target = (uint64_t)r->r_addend;
		return vec_push(&o->relocs, add);
	case R_X86_64_GLOB_DAT:
	case R_X86_64_JUMP_SLOT:
		add.got = true;
		break;
	case R_X86_64_64:
		break;
	default:
		return true;
	}
	if (!symbols || i >= symbols->sh_size / sizeof(sym))
		return true;
	memcpy(&sym, o->map + symbols->sh_offset + i * sizeof(sym), sizeof(sym));
	add.symbol = string_at(o, symbols->sh_link, sym.st_name);
	if (!*add.symbol) {
		add.symbol = NULL;
		add.target = sym.st_value + (uint64_t)r->r_addend;
	}
	return vec_push(&o->relocs, add);
}

static bool read_rela(struct obj *o, const Elf64_Shdr *s)
{
	for (uint64_t i = 0; i < s->sh_size / sizeof(Elf64_Rela); i++) {
		Elf64_Rela r;

		memcpy(&r, o->map + s->sh_offset + i * sizeof(r), sizeof(r));
		if (!add_rela(o, s, &r))
			return false;
	}
	return true;
}

/* A word that is relocated by the load address holds its target itself. */
static bool add_relr(struct obj *o, uint64_t slot)
{
	const uint8_t *word = obj_bytes(o, slot, 8);
	struct reloc add = { .slot = slot };

	if (!word)
		return true;
	memcpy(&add.target, word, 8);
	return vec_push(&o->relocs, add);
}

/* The packed form: an even entry is an address, an odd one a bitmap of the 63 words behind. */
static bool read_relr(struct obj *o, const Elf64_Shdr *s)
{
	uint64_t next = 0;

	for (uint64_t i = 0; i < s->sh_size / 8; i++) {
		uint64_t e;

		memcpy(&e, o->map + s->sh_offset + i * 8, 8);
		if (!(e & 1)) {
			if (!add_relr(o, e))
				return false;
			next = e + 8;
			continue;
		}
		for (unsigned b = 0; b < 63; b++)
			if (e >> (b + 1) & 1 && !add_relr(o, next + b * 8UL))
				return false;
		next += 63 * 8;
	}
	return true;
}

static bool read_dynamic(struct obj *o, const Elf64_Shdr *s)
{
	for (uint64_t i = 0; i < s->sh_size / sizeof(Elf64_Dyn); i++) {
		Elf64_Dyn d;

		memcpy(&d, o->map + s->sh_offset + i * sizeof(d), sizeof(d));
		if (d.d_tag == DT_NULL)
			break;
		if (d.d_tag == DT_NEEDED && !vec_push(&o->needed, string_at(o, s->sh_link, d.d_un.d_val)))
			return false;
		if (d.d_tag == DT_RUNPATH || (d.d_tag == DT_RPATH && !o->runpath))
			o->runpath = string_at(o, s->sh_link, d.d_un.d_val);
		if ((d.d_tag == DT_INIT || d.d_tag == DT_FINI) && !add_root(o, d.d_un.d_ptr))
			return false;
	}
	return true;
}

static int by_slot(const void *a, const void *b)
{
	const struct reloc *x = a, *y = b;

	return (x->slot > y->slot) - (x->slot < y->slot);
}

/* Is the word at slot among the first n relocations? */
static bool is_relocated(const struct obj *o, size_t n, uint64_t slot)
{
	const struct reloc key = { .slot = slot };

	return n && bsearch(&key, o->relocs.v, n, sizeof(key), by_slot);
}

/* Pointers that no relocation tells of: in a program of fixed addresses, any word that is the address of a function. */
static bool read_words(struct obj *o)
{
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)o->map;
	const uint8_t *headers_end = o->map + e->e_phoff + e->e_phnum * sizeof(Elf64_Phdr);
	size_t known = o->relocs.n;

	if (known)
		qsort(o->relocs.v, known, sizeof(o->relocs.v[0]), by_slot);
	for (size_t i = 0; i < o->data.n; i++) {
		const struct range *r = &o->data.v[i];

		for (uint64_t at = hk_align_up(r->start, 8); at + 8 <= r->end; at += 8) {
			const uint8_t *word = r->bytes + (at - r->start);
			struct reloc add = { .slot = at };

			if (word < headers_end) /* the address of .text is there too */
				continue;
			memcpy(&add.target, word, 8);
			if (obj_is_code(o, add.target) && !is_relocated(o, known, at) && !vec_push(&o->relocs, add))
				return false;
		}
	}
	return true;
}

static bool read_sections(struct obj *o)
{
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)o->map;
	bool ok = true;

	for (unsigned i = 0; i < e->e_shnum && ok; i++) {
		const Elf64_Shdr *s = section(o, i);

		if (!s)
			continue;
		if (s->sh_flags & SHF_EXECINSTR)
			ok = add_start(o, s->sh_addr) && add_start(o, s->sh_addr + s->sh_size);
		else if (s->sh_type == SHT_SYMTAB || s->sh_type == SHT_DYNSYM)
			ok = read_symbols(o, s);
		else if (s->sh_type == SHT_RELA && s->sh_flags & SHF_ALLOC)
			ok = read_rela(o, s);
		else if (s->sh_type == SHT_RELR_ && s->sh_flags & SHF_ALLOC)
			ok = read_relr(o, s);
		else if (s->sh_type == SHT_DYNAMIC)
			ok = read_dynamic(o, s);
	}
	return ok && (!o->fixed || read_words(o));
}

/* ---- sorting ---- */

static int by_address(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int by_value(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

/* Functions lie between their starts; the last of a segment ends with it. */
static bool make_functions(struct obj *o)
{
	qsort(o->starts.v, o->starts.n, sizeof(o->starts.v[0]), by_address);
	for (size_t i = 0; i < o->starts.n; i++) {
		struct func f = { .obj = o, .start = o->starts.v[i] };
		uint64_t len = 0;

		if (i + 1 < o->starts.n && o->starts.v[i + 1] == f.start)
			continue;
		obj_code(o, f.start, &len);
		f.end = f.start + len;
		if (i + 1 < o->starts.n)
			f.end = hk_min(f.end, o->starts.v[i + 1]);
		if (!vec_push(&o->funcs, f))
			return false;
	}
	return true;
}

struct obj *obj_open(const char *path, struct hk_err *err)
{
	struct obj *o = calloc(1, sizeof(*o));

	if (o)
		o->path = strdup(path);
	if (!o || !o->path) {
		free(o);
		hk_err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	if (read_file(o, err) || check_header(o, err)) {
		obj_close(o);
		return NULL;
	}
	if (!read_segments(o) || !read_sections(o) || !make_functions(o)) {
		hk_err_set(err, -ENOMEM, "out of memory");
		obj_close(o);
		return NULL;
	}
	if (o->relocs.n)
		qsort(o->relocs.v, o->relocs.n, sizeof(o->relocs.v[0]), by_slot);
	if (o->names.n)
		qsort(o->names.v, o->names.n, sizeof(o->names.v[0]), by_value);
	return o;
}

void obj_close(struct obj *o)
{
	for (size_t i = 0; i < o->funcs.n; i++)
		free(o->funcs.v[i].entries.v);
	free(o->code.v);
	free(o->data.v);
	free(o->funcs.v);
	free(o->relocs.v);
	free(o->exports.v);
	free(o->names.v);
	free(o->needed.v);
	free(o->starts.v);
	free(o->roots.v);
	free(o->interp);
	free(o->path);
	free((void *)o->map);
	free(o);
}
