/* SPDX-License-Identifier: Apache-2.0 */
/* The survey in words. It begins with the questions that a course asks of a first virtual machine, answered for this one. */
#include "inspect/model.h"

#include "abi/layout.h"
#include "mm/pte.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* Names come from the guest: what could steer a terminal is shown as a question mark. */
static void put_name(struct hk_strbuf *b, const char *s)
{
	for (; *s; s++)
		hk_strbuf_printf(b, "%c", (unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s);
}

static void heading(struct hk_strbuf *b, const char *text)
{
	hk_strbuf_printf(b, "\n%s\n", text);
}

/* ---- in short ---- */

/* "0x… – 0x… (gpa 0x…, hva 0x…)" of all regions of one kind. */
static void put_kind(struct hk_strbuf *b, const struct inspect *in, enum region_kind kind, const char *what)
{
	const struct region *first = NULL, *last = NULL;

	for (unsigned i = 0; i < in->regions; i++)
		if (in->region[i].kind == kind) {
			first = first ? first : &in->region[i];
			last = &in->region[i];
		}
	if (!first) {
		hk_strbuf_printf(b, "  %-14s none yet\n", what);
		return;
	}
	hk_strbuf_printf(b, "  %-14s virtual 0x%lx-0x%lx", what, first->start, last->end);
	if (first->has_gpa)
		hk_strbuf_printf(b, ", guest-physical from 0x%lx, host-virtual from 0x%lx", first->gpa, first->hva);
	hk_strbuf_puts(b, first->has_gpa ? "\n" : ", no entry in the page tables yet\n");
}

static void put_short(struct hk_strbuf *b, const struct inspect *in)
{
	const struct look_vcpu *v = in->vcpus ? &in->vcpu[0] : NULL;
	uint64_t slots = 0, pages = 0;

	for (unsigned i = 0; i < in->slots; i++)
		slots += in->slot[i].size;
	for (int level = 1; level <= PT_LEVELS; level++)
		pages += in->tables[level];
	heading(b, "in short");
	hk_strbuf_printf(b, "  %-14s %s in %u slots; each is memory of the monitor's own process, made by mmap\n",
			 "guest memory", INSPECT_SIZE(slots), in->slots);
	hk_strbuf_printf(b, "  %-14s %s asked for by the program, %s mapped by the page tables, %s there on the host\n",
			 "of the program", INSPECT_SIZE(in->asked), INSPECT_SIZE(in->asked_mapped),
			 INSPECT_SIZE(in->resident));
	hk_strbuf_printf(b, "  %-14s %d levels, %lu pages, from guest-physical 0x%lx, host-virtual 0x%lx\n",
			 "page tables", PT_LEVELS, pages, in->root, in->arena_hva + in->root);
	hk_strbuf_printf(b, "  %-14s %lu + %lu + %lu + %lu pages of level 4 to 1; %lu entries of 4 KiB, %lu of 2 MiB\n",
			 "", in->tables[4], in->tables[3], in->tables[2], in->tables[1], in->entries[1],
			 in->covered_large >> 21);
	put_kind(b, in, REGION_IMAGE, "program");
	put_kind(b, in, REGION_HEAP, "heap");
	put_kind(b, in, REGION_STACK, "stack");
	put_kind(b, in, REGION_STUBS, "stubs");
	hk_strbuf_printf(b, "  %-14s virtual 0x%lx\n", "starts at", in->entry);
	if (v)
		hk_strbuf_printf(
			b,
			"  %-14s %lu bytes at host-virtual 0x%lx, shared with KVM: struct kvm_run (%lu bytes), "
			"then the data of port exits\n",
			"run page", v->run.size, v->run.hva, v->run.used);
}

/* ---- memory ---- */

static void put_slots(struct hk_strbuf *b, const struct inspect *in)
{
	static const char *const what[] = { [SLOT_TABLES] = "page tables, gate, vCPU pages",
					    [SLOT_VVAR] = "the host's vvar pages, read-only",
					    [SLOT_MEMORY] = "the program's memory: hva = virtual address" };

	heading(b, "guest-physical memory");
	hk_strbuf_printf(b, "  %u of at most %u slots; addresses have %u bits\n", in->slots, in->max_slots,
			 in->gpa_bits);
	for (unsigned i = 0; i < in->slots; i++) {
		const struct slot *s = &in->slot[i];

		hk_strbuf_printf(b, "  gpa 0x%010lx-0x%010lx  hva 0x%012lx-0x%012lx  %9s  %s\n", s->gpa,
				 s->gpa + s->size, s->hva, s->hva + s->size, INSPECT_SIZE(s->size), what[s->kind]);
	}
}

static void put_region(struct hk_strbuf *b, const struct region *r)
{
	hk_strbuf_printf(b, "  0x%012lx-0x%012lx %c%c%c%c %8s ", r->start, r->end, r->prot & PROT_READ ? 'r' : '-',
			 r->prot & PROT_WRITE ? 'w' : '-', r->prot & PROT_EXEC ? 'x' : '-', r->shared ? 's' : 'p',
			 INSPECT_SIZE(r->end - r->start));
	hk_strbuf_printf(b, " %8s %8s ", r->mapped ? INSPECT_SIZE(r->mapped) : "-",
			 r->resident == ~0UL ? "?"
			 : r->resident       ? INSPECT_SIZE(r->resident)
					     : "-");
	if (r->has_gpa)
		hk_strbuf_printf(b, " 0x%010lx  %-9s ", r->gpa, region_kind_name(r->kind));
	else
		hk_strbuf_printf(b, " %-12s  %-9s ", "-", region_kind_name(r->kind));
	put_name(b, r->name);
	hk_strbuf_puts(b, "\n");
}

static void put_regions(struct hk_strbuf *b, const struct inspect *in)
{
	heading(b, "what is where");
	hk_strbuf_puts(b,
		       "  virtual = host-virtual below 64 TiB prot     size   mapped  on host  gpa           what\n");
	for (unsigned i = 0; i < in->regions; i++)
		put_region(b, &in->region[i]);
	hk_strbuf_printf(b, "  page tables and gate have no other virtual address: gpa 0x0-0x%lx is hva 0x%lx-0x%lx\n",
			 in->arena_used, in->arena_hva, in->arena_hva + in->arena_used);
}

/* ---- page tables ---- */

static void put_node(struct hk_strbuf *b, const struct inspect *in, const struct node *n)
{
	static const char *const tables[] = { "", "page table", "page directory", "page-directory-pointer table" };
	const struct pt_entry *e = &n->first;
	uint64_t to = e->value & PTE_ADDRESS;
	char range[24];

	hk_strbuf_printf(b, "  %*s", 2 * (PT_LEVELS - e->level), "");
	if (!e->leaf) {
		hk_strbuf_printf(b, "[%u] 0x%lx-0x%lx: %s at gpa 0x%lx\n", e->index, e->va, e->va + e->size,
				 tables[e->level - 1], to);
		return;
	}
	snprintf(range, sizeof(range), n->count > 1 ? "%u-%u" : "%u", e->index, e->index + n->count - 1);
	hk_strbuf_printf(b, "[%s] 0x%lx-0x%lx: %u × %s → gpa 0x%lx  %s%s%s", range, e->va, e->va + n->count * e->size,
			 n->count, INSPECT_SIZE(e->size), to, inspect_flags(e->value),
			 e->value & PTE_ACCESSED ? " A" : "", e->value & PTE_DIRTY ? " D" : "");
	const struct region *r = inspect_region(in, e->va);

	if (r && r->start < HK_GUEST_MAX)
		hk_strbuf_puts(b, "\n");
	else if (r)
		hk_strbuf_printf(b, "  %s\n", region_kind_name(r->kind));
	else
		hk_strbuf_puts(b, "\n");
}

static void put_tables(struct hk_strbuf *b, const struct inspect *in)
{
	heading(b, "page tables");
	hk_strbuf_puts(b, "  S/U: ring 0 only, or ring 3 too; R/W; X/NX; A, D: accessed, dirty. The host mapping "
			  "decides what the\n"
			  "  program may really do: entries are only added, and say user and writable.\n");
	hk_strbuf_printf(b, "  level 4 table at gpa 0x%lx, hva 0x%lx (CR3)\n", in->root, in->arena_hva + in->root);
	for (unsigned i = 0; i < in->nodes; i++)
		put_node(b, in, &in->node[i]);
	hk_strbuf_printf(b, "  cover %s, %s of it by 2 MiB entries; %s of the %s that the program has mapped\n",
			 INSPECT_SIZE(in->covered), INSPECT_SIZE(in->covered_large), INSPECT_SIZE(in->asked_mapped),
			 INSPECT_SIZE(in->asked));
}

/* ---- vCPUs ---- */

struct bit {
	unsigned nr;
	const char *name;
};

static void put_bits(struct hk_strbuf *b, const char *name, uint64_t value, const struct bit *bits, size_t n)
{
	hk_strbuf_printf(b, "    %-5s 0x%016lx", name, value);
	for (size_t i = 0; i < n; i++)
		if (value & 1UL << bits[i].nr)
			hk_strbuf_printf(b, " %s", bits[i].name);
	hk_strbuf_puts(b, "\n");
}

static void put_control(struct hk_strbuf *b, const struct look_vcpu *v)
{
	static const struct bit cr0[] = { { 0, "PE" },  { 1, "MP" },  { 2, "EM" },  { 3, "TS" },
					  { 4, "ET" },  { 5, "NE" },  { 16, "WP" }, { 18, "AM" },
					  { 29, "NW" }, { 30, "CD" }, { 31, "PG" } };
	static const struct bit cr4[] = { { 2, "TSD" },      { 3, "DE" },    { 4, "PSE" },       { 5, "PAE" },
					  { 6, "MCE" },      { 7, "PGE" },   { 9, "OSFXSR" },    { 10, "OSXMMEXCPT" },
					  { 11, "UMIP" },    { 12, "LA57" }, { 16, "FSGSBASE" }, { 17, "PCIDE" },
					  { 18, "OSXSAVE" }, { 20, "SMEP" }, { 21, "SMAP" },     { 22, "PKE" } };
	static const struct bit efer[] = { { 0, "SCE" }, { 8, "LME" }, { 10, "LMA" }, { 11, "NXE" }, { 12, "SVME" } };
	static const struct bit xcr0[] = { { 0, "x87" },    { 1, "SSE" },      { 2, "AVX" },
					   { 5, "opmask" }, { 6, "ZMM" },      { 7, "hi16ZMM" },
					   { 9, "PKRU" },   { 17, "TILECFG" }, { 18, "TILEDATA" } };

	put_bits(b, "CR0", v->cr0, cr0, HK_ARRAY_LEN(cr0));
	put_bits(b, "CR2", v->cr2, NULL, 0);
	put_bits(b, "CR3", v->cr3, NULL, 0);
	put_bits(b, "CR4", v->cr4, cr4, HK_ARRAY_LEN(cr4));
	put_bits(b, "CR8", v->cr8, NULL, 0);
	put_bits(b, "EFER", v->efer, efer, HK_ARRAY_LEN(efer));
	put_bits(b, "XCR0", v->xcr0, xcr0, HK_ARRAY_LEN(xcr0));
}

static void put_registers(struct hk_strbuf *b, const struct hk_regs *g)
{
	const struct {
		const char *name;
		uint64_t value;
	} r[] = {
		{ "RAX", g->rax }, { "RBX", g->rbx }, { "RCX", g->rcx },       { "RDX", g->rdx }, { "RSI", g->rsi },
		{ "RDI", g->rdi }, { "RBP", g->rbp }, { "RSP", g->rsp },       { "R8", g->r8 },   { "R9", g->r9 },
		{ "R10", g->r10 }, { "R11", g->r11 }, { "R12", g->r12 },       { "R13", g->r13 }, { "R14", g->r14 },
		{ "R15", g->r15 }, { "RIP", g->rip }, { "RFLAGS", g->rflags },
	};

	for (size_t k = 0; k < HK_ARRAY_LEN(r); k++)
		hk_strbuf_printf(b, "%s%-6s %016lx%s", k % 4 ? "  " : "    ", r[k].name, r[k].value,
				 k % 4 == 3 || k + 1 == HK_ARRAY_LEN(r) ? "\n" : "");
}

static void put_segments(struct hk_strbuf *b, const struct look_vcpu *v)
{
	for (size_t i = 0; i < LOOK_SEGMENTS; i++) {
		const struct look_segment *s = &v->seg[i];

		hk_strbuf_printf(b, "    %-4s selector 0x%02x base 0x%012lx limit 0x%08x ring %u type %2u%s%s\n",
				 s->name, s->selector, s->base, s->limit, s->dpl, s->type,
				 s->long_mode ? " 64-bit code" : "", s->unusable ? " not usable" : "");
	}
	hk_strbuf_printf(b, "    GDT  base 0x%lx limit 0x%x\n", v->gdt.base, v->gdt.limit);
	for (size_t i = 0; i < LOOK_GDT; i++)
		if (v->gdt_word[i])
			hk_strbuf_printf(b, "      0x%02zx  %016lx%s\n", i * 8, v->gdt_word[i],
					 i * 8 == GATE_SEL_KERNEL_CS        ? "  ring 0 code"
					 : i * 8 == GATE_SEL_KERNEL_SS      ? "  ring 0 data"
					 : i * 8 == (GATE_SEL_USER_SS & ~3) ? "  ring 3 data"
					 : i * 8 == (GATE_SEL_USER_CS & ~3) ? "  ring 3 code"
					 : i * 8 == GATE_SEL_TSS            ? "  TSS, two words"
									    : "");
	hk_strbuf_printf(b, "    TSS  RSP0 0x%lx, IST1 0x%lx, port map at 0x%x: ring 3 may use %s\n", v->tss_rsp0,
			 v->tss_ist1, v->tss_iomap, v->port_open ? "port 0x20, for SYSCALL" : "none");
	hk_strbuf_printf(b, "    IDT  base 0x%lx limit 0x%x\n", v->idt.base, v->idt.limit);
}

static void put_idt(struct hk_strbuf *b, const struct look_vcpu *v)
{
	size_t n;

	/* Gates that are alike but for their number, as one line. */
	for (size_t i = 0; i < LOOK_IDT; i += n) {
		const struct look_gate *g = &v->gate[i];

		for (n = 1; i + n < LOOK_IDT; n++) {
			const struct look_gate *o = &v->gate[i + n];

			if (o->target != g->target + n * GATE_VECTOR_SIZE || o->dpl != g->dpl ||
			    o->selector != g->selector || o->ist != g->ist || o->type != g->type)
				break;
		}
		hk_strbuf_printf(b, "      %2zu-%-2zu  0x%02x:0x%lx… stack %u type %u from ring %u\n", i, i + n - 1,
				 g->selector, g->target, g->ist, g->type, g->dpl);
	}
}

static void put_run(struct hk_strbuf *b, const struct look_run *r)
{
	hk_strbuf_printf(b, "    run page, hva 0x%lx, as the last exit left it\n", r->hva);
	hk_strbuf_printf(b, "      exit_reason %u (KVM_EXIT_%s)", r->reason, r->name);
	if (r->io)
		hk_strbuf_printf(b, ", io: %s port 0x%x, %u byte%s × %u", r->out ? "out to" : "in from", r->port,
				 r->width, r->width == 1 ? "" : "s", r->count);
	hk_strbuf_printf(b, "\n      immediate_exit %u, if_flag %u, cr8 %u, apic_base 0x%lx\n", r->immediate_exit,
			 r->if_flag, r->cr8, r->apic_base);
	hk_strbuf_printf(
		b, "      kvm_valid_regs 0x%lx, kvm_dirty_regs 0x%lx: the general registers travel in this page\n",
		r->valid, r->dirty);
}

static void put_vcpu(struct hk_strbuf *b, const struct look_vcpu *v)
{
	hk_strbuf_printf(b, "  vCPU %u, host thread %d, %s\n", v->id, v->tid, v->where);
	hk_strbuf_puts(b, "    exits:");
	for (int i = 0; i < VCPU_EVENT_COUNT; i++)
		hk_strbuf_printf(b, " %lu %s%s", v->exits[i], vcpu_event_name((enum vcpu_event)i),
				 i + 1 < VCPU_EVENT_COUNT ? "," : "");
	hk_strbuf_printf(b, "; %lu calls answered without one by the gate\n", v->answered);
	hk_strbuf_puts(b, "    registers, as the program has them\n");
	put_registers(b, &v->regs);
	if (v->cpl == 0)
		hk_strbuf_printf(b, "    the vCPU itself: RIP %016lx RSP %016lx\n", v->own.rip, v->own.rsp);
	hk_strbuf_puts(b, "    control registers\n");
	put_control(b, v);
	hk_strbuf_puts(b, "    segments and descriptor tables\n");
	put_segments(b, v);
	put_idt(b, v);
	hk_strbuf_puts(b, "    MSRs\n");
	for (size_t i = 0; i < LOOK_MSRS; i++)
		if (v->msr[i].known)
			hk_strbuf_printf(b, "      0x%08x %-15s 0x%016lx\n", v->msr[i].index, v->msr[i].name,
					 v->msr[i].value);
		else
			hk_strbuf_printf(b, "      0x%08x %-15s not told by this KVM\n", v->msr[i].index,
					 v->msr[i].name);
	put_run(b, &v->run);
}

void inspect_text(const struct inspect *in, struct hk_strbuf *b)
{
	put_name(b, in->program);
	hk_strbuf_printf(b, " (pid %d), %s\n", in->pid, in->point);
	put_short(b, in);
	put_slots(b, in);
	put_regions(b, in);
	put_tables(b, in);
	heading(b, "vCPUs");
	hk_strbuf_printf(b, "  SYSCALL at ring 3 %s on this host\n",
			 in->ring0_syscall ? "enters ring 0" : "stays at ring 3");
	for (unsigned i = 0; i < in->vcpus; i++)
		put_vcpu(b, &in->vcpu[i]);
}
