/* SPDX-License-Identifier: Apache-2.0 */
/* The survey as one JSON object; addresses and sizes are numbers. docs/lab/inspect.md names the fields. */
#include "inspect/model.h"

#include "mm/pte.h"
#include "trace/json.h"

#include <string.h>

static void string(struct hk_strbuf *b, const char *key, const char *value)
{
	hk_strbuf_printf(b, "\"%s\":", key);
	json_string(b, value, strlen(value));
}

static const char *comma(unsigned i)
{
	return i ? "," : "";
}

static void slots(struct hk_strbuf *b, const struct inspect *in)
{
	hk_strbuf_printf(b, "\"max_slots\":%u,\"gpa_bits\":%u,\"slots\":[", in->max_slots, in->gpa_bits);
	for (unsigned i = 0; i < in->slots; i++)
		hk_strbuf_printf(b, "%s{\"kind\":\"%s\",\"gpa\":%lu,\"hva\":%lu,\"size\":%lu}", comma(i),
				 slot_kind_name(in->slot[i].kind), in->slot[i].gpa, in->slot[i].hva, in->slot[i].size);
	hk_strbuf_puts(b, "]");
}

static void regions(struct hk_strbuf *b, const struct inspect *in)
{
	hk_strbuf_puts(b, "\"regions\":[");
	for (unsigned i = 0; i < in->regions; i++) {
		const struct region *r = &in->region[i];

		hk_strbuf_printf(
			b, "%s{\"kind\":\"%s\",\"start\":%lu,\"end\":%lu,\"prot\":%d,\"shared\":%s,\"mapped\":%lu",
			comma(i), region_kind_name(r->kind), r->start, r->end, r->prot, r->shared ? "true" : "false",
			r->mapped);
		if (r->resident != ~0UL)
			hk_strbuf_printf(b, ",\"resident\":%lu", r->resident);
		if (r->has_gpa)
			hk_strbuf_printf(b, ",\"first\":%lu,\"gpa\":%lu,\"hva\":%lu", r->first, r->gpa, r->hva);
		hk_strbuf_puts(b, ",");
		string(b, "name", r->name);
		hk_strbuf_puts(b, "}");
	}
	hk_strbuf_puts(b, "]");
}

/* The entries of one table, from node *i on; tables below nest. */
static void entries(struct hk_strbuf *b, const struct inspect *in, unsigned *i, int level)
{
	unsigned n = 0;

	hk_strbuf_puts(b, "[");
	while (*i < in->nodes && in->node[*i].first.level == level) {
		const struct node *d = &in->node[(*i)++];
		const struct pt_entry *e = &d->first;

		hk_strbuf_printf(b, "%s{\"index\":%u,\"count\":%u,\"va\":%lu,\"size\":%lu,\"gpa\":%lu,\"flags\":",
				 comma(n++), e->index, d->count, e->va, e->size, e->value & PTE_ADDRESS);
		json_string(b, inspect_flags(e->value), strlen(inspect_flags(e->value)));
		if (!e->leaf) {
			hk_strbuf_puts(b, ",\"entries\":");
			entries(b, in, i, level - 1);
		}
		hk_strbuf_puts(b, "}");
	}
	hk_strbuf_puts(b, "]");
}

static void tables(struct hk_strbuf *b, const struct inspect *in)
{
	unsigned i = 0;

	hk_strbuf_printf(b, "\"page_tables\":{\"levels\":%d,\"root_gpa\":%lu,\"root_hva\":%lu,\"tables\":{", PT_LEVELS,
			 in->root, in->arena_hva + in->root);
	for (int level = PT_LEVELS; level > 0; level--)
		hk_strbuf_printf(b, "%s\"%d\":%lu", comma(level < PT_LEVELS), level, in->tables[level]);
	hk_strbuf_printf(b, "},\"covered\":%lu,\"covered_large\":%lu,\"asked\":%lu,\"asked_mapped\":%lu,\"entries\":",
			 in->covered, in->covered_large, in->asked, in->asked_mapped);
	entries(b, in, &i, PT_LEVELS);
	hk_strbuf_puts(b, "}");
}

static void registers(struct hk_strbuf *b, const struct hk_regs *r)
{
	hk_strbuf_printf(b,
			 "\"registers\":{\"rax\":%lu,\"rbx\":%lu,\"rcx\":%lu,\"rdx\":%lu,\"rsi\":%lu,\"rdi\":%lu,"
			 "\"rbp\":%lu,\"rsp\":%lu,"
			 "\"r8\":%lu,\"r9\":%lu,\"r10\":%lu,\"r11\":%lu,\"r12\":%lu,\"r13\":%lu,\"r14\":%lu,\"r15\":%"
			 "lu,\"rip\":%lu,\"rflags\":%lu},",
			 r->rax, r->rbx, r->rcx, r->rdx, r->rsi, r->rdi, r->rbp, r->rsp, r->r8, r->r9, r->r10, r->r11,
			 r->r12, r->r13, r->r14, r->r15, r->rip, r->rflags);
}

static void system_registers(struct hk_strbuf *b, const struct look_vcpu *v)
{
	unsigned known = 0;

	hk_strbuf_printf(
		b,
		"\"control\":{\"cr0\":%lu,\"cr2\":%lu,\"cr3\":%lu,\"cr4\":%lu,\"cr8\":%lu,\"efer\":%lu,\"xcr0\":%lu},",
		v->cr0, v->cr2, v->cr3, v->cr4, v->cr8, v->efer, v->xcr0);
	hk_strbuf_puts(b, "\"segments\":{");
	for (unsigned i = 0; i < LOOK_SEGMENTS; i++)
		hk_strbuf_printf(
			b, "%s\"%s\":{\"selector\":%u,\"base\":%lu,\"limit\":%u,\"type\":%u,\"dpl\":%u,\"usable\":%s}",
			comma(i), v->seg[i].name, v->seg[i].selector, v->seg[i].base, v->seg[i].limit, v->seg[i].type,
			v->seg[i].dpl, v->seg[i].unusable ? "false" : "true");
	hk_strbuf_printf(b, "},\"gdt\":{\"base\":%lu,\"limit\":%u,\"entries\":[", v->gdt.base, v->gdt.limit);
	for (unsigned i = 0; i < LOOK_GDT; i++)
		hk_strbuf_printf(b, "%s%lu", comma(i), v->gdt_word[i]);
	hk_strbuf_printf(b, "]},\"idt\":{\"base\":%lu,\"limit\":%u,\"gates\":[", v->idt.base, v->idt.limit);
	for (unsigned i = 0; i < LOOK_IDT; i++)
		hk_strbuf_printf(b, "%s{\"selector\":%u,\"target\":%lu,\"ist\":%u,\"type\":%u,\"dpl\":%u}", comma(i),
				 v->gate[i].selector, v->gate[i].target, v->gate[i].ist, v->gate[i].type,
				 v->gate[i].dpl);
	hk_strbuf_printf(b, "]},\"tss\":{\"rsp0\":%lu,\"ist1\":%lu},\"msrs\":{", v->tss_rsp0, v->tss_ist1);
	for (unsigned i = 0; i < LOOK_MSRS; i++)
		if (v->msr[i].known)
			hk_strbuf_printf(b, "%s\"%s\":%lu", comma(known++), v->msr[i].name, v->msr[i].value);
	hk_strbuf_puts(b, "},");
}

static void vcpu(struct hk_strbuf *b, const struct look_vcpu *v)
{
	hk_strbuf_printf(b, "{\"id\":%u,\"tid\":%d,\"cpl\":%d,\"exits\":{", v->id, v->tid, v->cpl);
	for (unsigned i = 0; i < VCPU_EVENT_COUNT; i++)
		hk_strbuf_printf(b, "%s\"%s\":%lu", comma(i), vcpu_event_name((enum vcpu_event)i), v->exits[i]);
	hk_strbuf_printf(b, "},\"answered_by_gate\":%lu,", v->answered);
	registers(b, &v->regs);
	system_registers(b, v);
	hk_strbuf_printf(b, "\"run_page\":{\"hva\":%lu,\"size\":%lu,\"exit_reason\":%u,\"exit_name\":\"%s\"}}",
			 v->run.hva, v->run.size, v->run.reason, v->run.name);
}

void inspect_json(const struct inspect *in, struct hk_strbuf *b)
{
	hk_strbuf_puts(b, "{");
	string(b, "program", in->program);
	hk_strbuf_puts(b, ",");
	string(b, "point", in->point);
	hk_strbuf_printf(b, ",\"pid\":%d,\"entry\":%lu,\"syscall_enters_ring0\":%s,", in->pid, in->entry,
			 in->ring0_syscall ? "true" : "false");
	slots(b, in);
	hk_strbuf_puts(b, ",");
	regions(b, in);
	hk_strbuf_puts(b, ",");
	tables(b, in);
	hk_strbuf_puts(b, ",\"vcpus\":[");
	for (unsigned i = 0; i < in->vcpus; i++) {
		hk_strbuf_puts(b, comma(i));
		vcpu(b, &in->vcpu[i]);
	}
	hk_strbuf_puts(b, "]}\n");
}
