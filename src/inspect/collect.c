/* SPDX-License-Identifier: Apache-2.0 */
/* From the monitor's structures, KVM's answers and the host's pagemap to the model. The world stands still; mm's lock is taken here. */
#include "inspect/model.h"

#include "abi/layout.h"
#include "kern/task.h"
#include "mm/pte.h"
#include "mm/uaccess.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PM_PRESENT (1UL << 63)
#define PM_SWAPPED (1UL << 62)

static void *grow(void *array, unsigned count, unsigned *cap, size_t size)
{
	unsigned more = *cap ? *cap * 2 : 64;
	void *p = count < *cap ? array : realloc(array, more * size);

	if (p && count >= *cap)
		*cap = more;
	return p;
}

static struct region *add_region(struct inspect *in)
{
	struct region *r = grow(in->region, in->regions, &in->region_cap, sizeof(*r));

	if (!r)
		return NULL;
	in->region = r;
	r += in->regions++;
	memset(r, 0, sizeof(*r));
	return r;
}

/* ---- the program's mappings ---- */

/* As many program headers as Linux takes, and the loader. */
#define HEADERS_MOST (65536 / sizeof(Elf64_Phdr))

/* Where the program or library that is mapped from `base` on ends, as its headers in memory say; 0: they cannot be read. */
static uint64_t end_of_elf(uint64_t base)
{
	uint64_t end = 0, low = ~0UL;
	Elf64_Ehdr head;
	Elf64_Phdr ph;

	if (!base || get_guest(&head, GVA(base)) || memcmp(head.e_ident, ELFMAG, SELFMAG))
		return 0;
	for (unsigned i = 0;
	     i < hk_min(head.e_phnum, HEADERS_MOST) && get_guest(&ph, GVA(base + head.e_phoff + i * sizeof(ph))) == 0;
	     i++)
		if (ph.p_type == PT_LOAD) {
			low = hk_min(low, hk_align_down(ph.p_vaddr, HK_PAGE_SIZE));
			end = hk_max(end, ph.p_vaddr + ph.p_memsz);
		}
	return end > low ? base + hk_align_up(end - low, HK_PAGE_SIZE) : 0;
}

/* Data that the file does not hold lies right behind what it does. */
static bool is_bss(const struct vma *v, uint64_t end, const struct region *before)
{
	return before->end == v->start && before->prot & PROT_WRITE &&
	       (before->kind == REGION_IMAGE || before->kind == REGION_LIBRARY) && v->end <= end;
}

/* `end`: where the last file's image ends in memory. */
static enum region_kind kind_of(const struct vma *v, const struct hk_image *image, uint64_t end,
				const struct region *before)
{
	static const enum region_kind kinds[VMA_KIND_COUNT] = { [VMA_HEAP] = REGION_HEAP,
								[VMA_STACK] = REGION_STACK,
								[VMA_VVAR] = REGION_VVAR,
								[VMA_VDSO] = REGION_VDSO,
								[VMA_GATE] = REGION_PATCHES };

	if (v->kind != VMA_PLAIN)
		return kinds[v->kind];
	if (!v->file)
		return before && is_bss(v, end, before) ? before->kind : REGION_ANON;
	if (v->file->dev == image->exe_dev && v->file->ino == image->exe_ino)
		return REGION_IMAGE;
	return strstr(v->file->path, ".so") ? REGION_LIBRARY : REGION_FILE;
}

struct collecting {
	struct inspect *in;
	const struct hk_process *proc;
	uint64_t end; /* of the image whose file's begin was mapped last */
};

static int collect_vma(const struct vma *v, void *ctx)
{
	struct collecting *c = ctx;
	unsigned n = c->in->regions;
	struct region *r = add_region(c->in), *before = n ? r - 1 : NULL;

	if (!r)
		return -ENOMEM;
	if (v->file && v->offset == 0)
		c->end = end_of_elf(v->start);
	r->kind = kind_of(v, &c->proc->image, c->end, before);
	r->start = v->start;
	r->end = v->end;
	r->offset = v->offset;
	r->prot = v->prot;
	r->shared = v->flags & VMA_SHARED;
	if (v->file)
		snprintf(r->name, sizeof(r->name), "%s", v->file->path);
	else if (r->kind == REGION_IMAGE || r->kind == REGION_LIBRARY)
		snprintf(r->name, sizeof(r->name), "%.190s (bss)", before->name);
	else
		snprintf(r->name, sizeof(r->name), "%s", vma_kind_name(v->kind));
	c->in->asked += r->end - r->start;
	return 0;
}

/* How much of a region the host has memory for. A reservation of terabytes is not looked through. */
#define LOOK_MOST (64UL << 30)

static uint64_t resident_of(int pagemap, uint64_t start, uint64_t end)
{
	uint64_t entry[512], found = 0;

	if (pagemap < 0 || end - start > LOOK_MOST)
		return ~0UL;
	while (start < end) {
		size_t n = (size_t)hk_min((end - start) / HK_PAGE_SIZE, HK_ARRAY_LEN(entry));
		ssize_t got = pread(pagemap, entry, n * 8, (off_t)(start / HK_PAGE_SIZE * 8));

		if (got < 8)
			return ~0UL;
		for (size_t i = 0; i < (size_t)got / 8; i++)
			found += entry[i] & (PM_PRESENT | PM_SWAPPED) ? HK_PAGE_SIZE : 0;
		start += (uint64_t)got / 8 * HK_PAGE_SIZE;
	}
	return found;
}

/* ---- the gate's pages, which no mapping of the program's stands for ---- */

static void name_gate(struct region *r)
{
	uint64_t at = r->start;

	r->prot = PROT_READ | PROT_WRITE;
	if (at < GATE_CPU_VA) {
		r->kind = REGION_STUBS;
		r->prot = PROT_READ | PROT_EXEC;
		snprintf(r->name, sizeof(r->name), "the gate's code: SYSCALL and exception stubs");
	} else if (at < GATE_STATE_VA) {
		r->kind = REGION_CPU;
		snprintf(r->name, sizeof(r->name), "vCPU %lu: GDT, TSS, IDT, exception stack (ring 0)",
			 (at - GATE_CPU_VA) / GATE_PAGE_SIZE);
	} else if (at < GATE_GS_VA) {
		r->kind = REGION_STATE;
		snprintf(r->name, sizeof(r->name), "vCPU %lu: extended state, saved",
			 (at - GATE_STATE_VA) / GATE_STATE_SIZE);
	} else {
		r->kind = REGION_RING;
		snprintf(r->name, sizeof(r->name), "vCPU %lu: ring, for calls that do not leave the VM",
			 (at - GATE_GS_VA - GATE_DATA) / GATE_PAGE_SIZE);
	}
}

static int add_gate(struct inspect *in, const struct pt_entry *e)
{
	struct region *last = in->regions ? &in->region[in->regions - 1] : NULL, *r;
	uint64_t gpa = e->value & PTE_ADDRESS;

	/* Of an area's pages, one follows the other. */
	if (last && last->kind == REGION_STATE && last->end == e->va && last->gpa + (last->end - last->start) == gpa &&
	    e->va % GATE_STATE_SIZE) {
		last->end += e->size;
		last->mapped += e->size;
		last->resident += e->size;
		return 0;
	}
	r = add_region(in);
	if (!r)
		return -ENOMEM;
	r->start = e->va;
	r->end = e->va + e->size;
	name_gate(r);
	r->mapped = r->resident = e->size;
	r->has_gpa = true;
	r->first = e->va;
	r->gpa = gpa;
	return 0;
}

/* ---- the tables ---- */

/* Does e go on where the last node ends? */
static bool continues(const struct node *n, const struct pt_entry *e)
{
	uint64_t span = n->count * n->first.size;

	return n->first.leaf && e->leaf && n->first.level == e->level && n->first.table.v == e->table.v &&
	       n->first.va + span == e->va && (n->first.value & PTE_ADDRESS) + span == (e->value & PTE_ADDRESS) &&
	       (n->first.value & ~PTE_ADDRESS) == (e->value & ~PTE_ADDRESS);
}

/* What the entry maps of each region. Entries and regions come in the order of addresses: those that end before this entry are done with. */
static void count_in_regions(struct inspect *in, const struct pt_entry *e)
{
	uint64_t end = e->va + e->size;

	while (in->counted < in->regions && in->region[in->counted].end <= e->va)
		in->counted++;
	for (unsigned i = in->counted; i < in->regions; i++) {
		struct region *r = &in->region[i];
		uint64_t from = hk_max(r->start, e->va), to = hk_min(r->end, end);

		if (r->start >= end)
			break;
		if (from >= to)
			continue;
		r->mapped += to - from;
		if (!r->has_gpa) {
			r->has_gpa = true;
			r->first = from;
			r->gpa = (e->value & PTE_ADDRESS) + (from - e->va);
		}
	}
}

static int add_entry(const struct pt_entry *e, void *ctx)
{
	struct inspect *in = ctx;
	struct node *n;

	in->entries[e->level]++;
	if (!e->leaf) {
		in->tables[e->level - 1]++;
	} else {
		in->covered += e->size;
		in->covered_large += e->level > 1 ? e->size : 0;
		if (e->va < HK_GUEST_MAX)
			count_in_regions(in, e);
		else if (add_gate(in, e))
			return -ENOMEM;
	}
	if (in->nodes && continues(&in->node[in->nodes - 1], e)) {
		in->node[in->nodes - 1].count++;
		return 0;
	}
	n = grow(in->node, in->nodes, &in->node_cap, sizeof(*n));
	if (!n)
		return -ENOMEM;
	in->node = n;
	n[in->nodes++] = (struct node){ *e, 1 };
	return 0;
}

/* ---- slots and vCPUs ---- */

static int by_gpa(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return x->gpa < y->gpa ? -1 : x->gpa > y->gpa;
}

static int collect_slots(struct inspect *in, const struct vm *vm, const struct pagetable *pt)
{
	uint64_t arena = (uint64_t)(uintptr_t)pt->arena;

	in->slot = calloc(vm->slots ? vm->slots : 1, sizeof(*in->slot));
	if (!in->slot)
		return -ENOMEM;
	for (unsigned i = 0; i < vm->slots; i++) {
		const struct vm_slot *s = &vm->slot[i];
		bool tables = s->hva >= arena && s->hva < arena + pt->arena_size;

		in->slot[i] = (struct slot){ tables                  ? SLOT_TABLES
					     : s->hva < HK_GUEST_MAX ? SLOT_MEMORY
								     : SLOT_VVAR,
					     s->gpa, s->hva, s->size };
	}
	in->slots = vm->slots;
	qsort(in->slot, in->slots, sizeof(*in->slot), by_gpa);
	in->max_slots = vm->pt_ops.max_slots;
	in->gpa_bits = vm->pt_ops.gpa_bits;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct look_vcpu *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int collect_vcpus(struct inspect *in, const struct vm *vm)
{
	unsigned n = 0;
	int r = 0;

	for (const struct vcpu *v = vm->vcpus; v; v = v->next)
		n++;
	in->vcpu = calloc(n ? n : 1, sizeof(*in->vcpu));
	if (!in->vcpu)
		return -ENOMEM;
	for (const struct vcpu *v = vm->vcpus; v && r == 0 && in->vcpus < n; v = v->next) {
		/* One whose thread was lost in a fork has no descriptor. */
		if (v->fd >= 0)
			r = vcpu_look(v, &in->vcpu[in->vcpus++]);
	}
	qsort(in->vcpu, in->vcpus, sizeof(*in->vcpu), by_id);
	return r;
}

static uint64_t aux(const struct hk_image *image, uint64_t type)
{
	for (unsigned i = 0; i + 1 < image->auxv_words; i += 2)
		if (image->auxv[i] == type)
			return image->auxv[i + 1];
	return 0;
}

static void add_up(struct inspect *in, int pagemap)
{
	for (unsigned i = 0; i < in->regions; i++) {
		struct region *r = &in->region[i];
		const struct slot *s = r->has_gpa ? inspect_slot(in, r->gpa) : NULL;

		r->hva = s ? s->hva + (r->gpa - s->gpa) : 0;
		if (r->start >= HK_GUEST_MAX)
			continue;
		r->resident = resident_of(pagemap, r->start, r->end);
		in->asked_mapped += r->mapped;
		in->resident += r->resident == ~0UL ? 0 : r->resident;
	}
}

int inspect_collect(struct inspect *in, struct vm *vm, struct hk_process *proc)
{
	HK_CLOSE int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	struct collecting c = { .in = in, .proc = proc };
	const struct pagetable *pt = &proc->mm->pt;
	int r;

	in->pid = getpid();
	snprintf(in->program, sizeof(in->program), "%.255s", proc->image.exe);
	in->entry = aux(&proc->image, AT_ENTRY);
	in->ring0_syscall = vm->facts.syscall == VM_SYSCALL_RING0;
	r = mm_walk(proc->mm, collect_vma, &c);
	if (r)
		return r;
	pthread_mutex_lock(&proc->mm->lock);
	in->root = pt_root(pt).v;
	in->arena_hva = (uint64_t)(uintptr_t)pt->arena;
	in->arena_used = pt->arena_used;
	in->tables[PT_LEVELS] = 1;
	r = pt_visit(pt, add_entry, in);
	if (r == 0)
		r = collect_slots(in, vm, pt);
	pthread_mutex_unlock(&proc->mm->lock);
	if (r == 0)
		r = collect_vcpus(in, vm);
	add_up(in, pagemap);
	return r;
}

void inspect_free(struct inspect *in)
{
	free(in->region);
	free(in->slot);
	free(in->node);
	free(in->vcpu);
	memset(in, 0, sizeof(*in));
}
