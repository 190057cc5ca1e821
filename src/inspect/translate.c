/* SPDX-License-Identifier: Apache-2.0 */
/* One address on its way: virtual, each level's entry, guest-physical, the monitor's virtual, the machine's. */
#include "inspect/model.h"

#include "abi/layout.h"
#include "mm/pte.h"
#include "trace/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define PM_PRESENT (1UL << 63)
#define PM_PFN     ((1UL << 55) - 1)

static bool register_named(const char *name, const struct inspect *in, uint64_t *va)
{
	const struct hk_regs *r = in->vcpus ? &in->vcpu[0].regs : NULL;

	if (!strcmp(name, "entry"))
		*va = in->entry;
	else if (r && !strcmp(name, "rip"))
		*va = r->rip;
	else if (r && !strcmp(name, "rsp"))
		*va = r->rsp;
	else
		return false;
	return true;
}

static bool find(const char *asked, const struct inspect *in, uint64_t *va)
{
	char *end;

	if (register_named(asked, in, va))
		return true;
	for (unsigned i = 0; i < in->regions; i++)
		if (!strcmp(asked, region_kind_name(in->region[i].kind))) {
			*va = in->region[i].has_gpa ? in->region[i].first : in->region[i].start;
			return true;
		}
	errno = 0;
	*va = strtoul(asked, &end, 0);
	return !errno && end != asked && !*end && *asked != '-';
}

/* The host shows page numbers to the privileged only. */
static void ask_host(struct translation *t)
{
	HK_CLOSE int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry;

	if (fd < 0 || pread(fd, &entry, 8, (off_t)(t->hva / HK_PAGE_SIZE * 8)) != 8)
		return;
	t->resident = entry & PM_PRESENT;
	if (t->resident && entry & PM_PFN)
		t->host_pa = (entry & PM_PFN) * HK_PAGE_SIZE + t->hva % HK_PAGE_SIZE;
}

void inspect_translate(struct translation *t, const char *asked, const struct inspect *in, const struct pagetable *pt)
{
	const struct pt_entry *last;

	memset(t, 0, sizeof(*t));
	snprintf(t->asked, sizeof(t->asked), "%s", asked);
	t->known = find(asked, in, &t->va);
	if (!t->known)
		return;
	t->steps = t->va >> 47 ? 0 : pt_walk(pt, t->va, t->step);
	for (int i = 0; i < t->steps; i++)
		t->table_hva[i] = in->arena_hva + t->step[i].table.v;
	last = t->steps ? &t->step[t->steps - 1] : NULL;
	t->mapped = last && last->leaf;
	if (!t->mapped)
		return;
	t->gpa = (last->value & PTE_ADDRESS) + t->va % last->size;
	t->slot = inspect_slot(in, t->gpa);
	if (!t->slot)
		return;
	t->hva = t->slot->hva + (t->gpa - t->slot->gpa);
	ask_host(t);
}

/* ---- in words ---- */

static void put_step(struct hk_strbuf *b, const struct translation *t, int i)
{
	const struct pt_entry *e = &t->step[i];

	hk_strbuf_printf(b, "  level %d  table gpa 0x%lx (hva 0x%lx), entry %u = 0x%016lx: ", e->level, e->table.v,
			 t->table_hva[i], e->index, e->value);
	if (!(e->value & PTE_PRESENT))
		hk_strbuf_puts(b, "not present\n");
	else if (e->leaf)
		hk_strbuf_printf(b, "%s page at gpa 0x%lx, %s\n", e->level > 1 ? "2 MiB" : "4 KiB",
				 e->value & PTE_ADDRESS, inspect_flags(e->value));
	else
		hk_strbuf_printf(b, "table at gpa 0x%lx\n", e->value & PTE_ADDRESS);
}

void inspect_translation_text(const struct translation *t, const struct inspect *in, struct hk_strbuf *b)
{
	const struct region *r = t->known ? inspect_region(in, t->va) : NULL;

	if (!t->known) {
		hk_strbuf_printf(b, "%s: neither an address, nor rip, rsp, entry or the kind of a region\n", t->asked);
		return;
	}
	hk_strbuf_printf(b, "virtual 0x%lx (%s)%s\n", t->va, r ? region_kind_name(r->kind) : "nothing of the program's",
			 t->va >> 47 ? ": not in the lower half, which is all that the tables map" : "");
	for (int i = 0; i < t->steps; i++)
		put_step(b, t, i);
	if (!t->mapped) {
		hk_strbuf_puts(b, r ? "  no entry yet: the first touch is a page fault, and the monitor adds one\n"
				    : "  no entry: a touch is a page fault, and ends as a signal\n");
		return;
	}
	hk_strbuf_printf(b, "  guest-physical 0x%lx\n", t->gpa);
	if (!t->slot) {
		hk_strbuf_puts(b, "  in no slot: an access would leave the VM as MMIO\n");
		return;
	}
	hk_strbuf_printf(b, "  slot gpa 0x%lx-0x%lx is host-virtual 0x%lx-0x%lx\n", t->slot->gpa,
			 t->slot->gpa + t->slot->size, t->slot->hva, t->slot->hva + t->slot->size);
	hk_strbuf_printf(b, "  host-virtual 0x%lx%s\n", t->hva, t->hva == t->va ? ", the same as the guest's" : "");
	if (t->host_pa)
		hk_strbuf_printf(b, "  host-physical 0x%lx\n", t->host_pa);
	else
		hk_strbuf_puts(
			b,
			t->resident
				? "  host-physical: there, but the host tells where only to root, with --unconfined\n"
				: "  host-physical: none yet, or not in memory just now\n");
}

static void put_json(struct hk_strbuf *b, const struct translation *t, const struct inspect *in)
{
	const struct region *r = t->known ? inspect_region(in, t->va) : NULL;

	hk_strbuf_puts(b, "{\"asked\":");
	json_string(b, t->asked, strlen(t->asked));
	hk_strbuf_printf(b, ",\"mapped\":%s", t->mapped ? "true" : "false");
	if (t->known)
		hk_strbuf_printf(b, ",\"va\":%lu", t->va);
	if (r)
		hk_strbuf_printf(b, ",\"kind\":\"%s\"", region_kind_name(r->kind));
	hk_strbuf_puts(b, ",\"steps\":[");
	for (int i = 0; i < t->steps; i++)
		hk_strbuf_printf(
			b,
			"%s{\"level\":%d,\"table_gpa\":%lu,\"table_hva\":%lu,\"index\":%u,\"entry\":%lu,\"leaf\":%s}",
			i ? "," : "", t->step[i].level, t->step[i].table.v, t->table_hva[i], t->step[i].index,
			t->step[i].value, t->step[i].leaf ? "true" : "false");
	hk_strbuf_puts(b, "]");
	if (t->mapped)
		hk_strbuf_printf(b, ",\"gpa\":%lu", t->gpa);
	if (t->slot)
		hk_strbuf_printf(b, ",\"slot\":{\"gpa\":%lu,\"hva\":%lu,\"size\":%lu},\"hva\":%lu,\"resident\":%s",
				 t->slot->gpa, t->slot->hva, t->slot->size, t->hva, t->resident ? "true" : "false");
	if (t->host_pa)
		hk_strbuf_printf(b, ",\"hpa\":%lu", t->host_pa);
	hk_strbuf_puts(b, "}");
}

void inspect_translations_json(const struct translation *t, unsigned n, const struct inspect *in, struct hk_strbuf *b)
{
	hk_strbuf_puts(b, "{\"translations\":[");
	for (unsigned i = 0; i < n; i++) {
		hk_strbuf_puts(b, i ? "," : "");
		put_json(b, &t[i], in);
	}
	hk_strbuf_puts(b, "]}\n");
}
