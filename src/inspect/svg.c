/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The survey as a picture. Left: what lies where in virtual memory, high addresses on top. In the middle: the slots of guest-physical memory, with lines from
 * what they hold. Right: the page tables, one box a table, with a strip of its 512 entries. Below: the vCPUs.
 */
#include "inspect/model.h"

#include "mm/pte.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TOP        84 /* of the columns */
#define BOX        38 /* heights */
#define SLOT       56
#define SPACE      10
#define GAP        18 /* where addresses are left out */
#define VIRTUAL_X  20 /* left edges, and widths */
#define VIRTUAL_W  400
#define PHYSICAL_X 540
#define PHYSICAL_W 330
#define TABLES_X   960
#define TABLE_W    140
#define TABLE_STEP 172
#define TABLE_H    46
#define STRIP_W    128 /* a quarter of a pixel for each entry */
#define GROUPS     40
#define ROWS       48
#define VCPUS      16
#define WIDTH      (TABLES_X + 3 * TABLE_STEP + TABLE_W + 20)

/* Regions of one file, or of one kind, that follow each other. */
struct group {
	const struct region *first;
	uint64_t end, mapped, size;
	unsigned y;
};

struct drawing {
	struct hk_strbuf *out;
	const struct inspect *in;
	struct group group[GROUPS];
	unsigned groups, left_out;
	unsigned slot_y[GROUPS], slots;
	unsigned row, rows_left_out; /* of the tables */
	unsigned bottom;
};

static const char *const colours[REGION_KINDS] = {
	[REGION_IMAGE] = "#4e79a7", [REGION_LIBRARY] = "#76b7b2", [REGION_FILE] = "#9c9ede",
	[REGION_HEAP] = "#59a14f",  [REGION_STACK] = "#f28e2b",   [REGION_ANON] = "#a0a0a0",
	[REGION_VDSO] = "#edc948",  [REGION_VVAR] = "#edc948",    [REGION_PATCHES] = "#e15759",
	[REGION_STUBS] = "#e15759", [REGION_CPU] = "#b07aa1",     [REGION_RING] = "#ff9da7",
	[REGION_STATE] = "#d4a6c8",
};

/* Names come from the guest: what XML does not take is a question mark. */
static void put_text(struct hk_strbuf *b, const char *s, size_t most)
{
	for (; *s && most; s++, most--) {
		unsigned char c = (unsigned char)*s;

		if (c == '<')
			hk_strbuf_puts(b, "&lt;");
		else if (c == '&')
			hk_strbuf_puts(b, "&amp;");
		else
			hk_strbuf_printf(b, "%c", c < 0x20 || c >= 0x7f ? '?' : c);
	}
}

static void HK_PRINTF(5, 6) text(struct drawing *d, unsigned x, unsigned y, const char *class, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	hk_strbuf_printf(d->out, "<text x=\"%u\" y=\"%u\" class=\"%s\">", x, y, class);
	put_text(d->out, line, sizeof(line));
	hk_strbuf_puts(d->out, "</text>\n");
}

static void box(struct drawing *d, unsigned x, unsigned y, unsigned w, unsigned h, const char *colour)
{
	hk_strbuf_printf(d->out,
			 "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"3\" fill=\"%s\" "
			 "fill-opacity=\"0.25\" stroke=\"%s\"/>\n",
			 x, y, w, h, colour, colour);
}

static void curve(struct drawing *d, unsigned x1, unsigned y1, unsigned x2, unsigned y2, const char *colour)
{
	unsigned middle = (x1 + x2) / 2;

	hk_strbuf_printf(d->out,
			 "<path d=\"M%u %u C%u %u %u %u %u %u\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\"/>\n",
			 x1, y1, middle, y1, middle, y2, x2, y2, colour);
}

/* ---- virtual memory ---- */

/* The part of a path behind the last slash. */
static const char *short_name(const struct region *r)
{
	const char *slash = strrchr(r->name, '/');

	return slash ? slash + 1 : r->name;
}

static bool same_group(const struct group *g, const struct region *r)
{
	size_t n = strlen(g->first->name);

	if (g->first->kind != r->kind || r->start - g->end > 2UL << 20)
		return false;
	return r->kind == REGION_ANON || r->kind == REGION_PATCHES || (n && !strncmp(g->first->name, r->name, n));
}

static void make_groups(struct drawing *d)
{
	for (unsigned i = 0; i < d->in->regions; i++) {
		const struct region *r = &d->in->region[i];
		struct group *last = d->groups ? &d->group[d->groups - 1] : NULL;

		if (last && same_group(last, r)) {
			last->end = r->end;
			last->mapped += r->mapped;
			last->size += r->end - r->start;
		} else if (d->groups < GROUPS) {
			d->group[d->groups++] = (struct group){ r, r->end, r->mapped, r->end - r->start, 0 };
		} else {
			d->left_out++;
		}
	}
}

static void draw_group(struct drawing *d, const struct group *g)
{
	const struct region *r = g->first;

	box(d, VIRTUAL_X, g->y, VIRTUAL_W, BOX, colours[r->kind]);
	text(d, VIRTUAL_X + 8, g->y + 16, "b", "%s%s%.48s", r->start < HK_GUEST_MAX ? region_kind_name(r->kind) : "",
	     r->start < HK_GUEST_MAX && *r->name ? "  " : "", *r->name == '[' ? "" : short_name(r));
	text(d, VIRTUAL_X + 8, g->y + 31, "s", "0x%lx-0x%lx  %s, %s mapped", r->start, g->end, INSPECT_SIZE(g->size),
	     g->mapped ? INSPECT_SIZE(g->mapped) : "none");
}

static void draw_virtual(struct drawing *d)
{
	unsigned y = TOP;

	text(d, VIRTUAL_X, TOP - 26, "h", "virtual memory");
	text(d, VIRTUAL_X, TOP - 10, "s", "below 64 TiB the monitor has it at the same addresses");
	for (unsigned i = d->groups; i-- > 0;) {
		struct group *g = &d->group[i];
		uint64_t next = i + 1 < d->groups ? d->group[i + 1].first->start : g->end;

		if (next - g->end >= 1UL << 20) {
			text(d, VIRTUAL_X + 150, y + 9, "s", "%s between", INSPECT_SIZE(next - g->end));
			y += GAP;
		}
		g->y = y;
		draw_group(d, g);
		y += BOX + 4;
	}
	if (d->left_out)
		text(d, VIRTUAL_X, y + 12, "s", "and %u mappings more", d->left_out);
	d->bottom = y + 20;
}

/* ---- guest-physical memory ---- */

static const char *slot_colour(enum slot_kind kind)
{
	return kind == SLOT_TABLES ? "#b07aa1" : kind == SLOT_VVAR ? "#edc948" : "#7f7f7f";
}

static void draw_slot(struct drawing *d, unsigned i, unsigned y)
{
	static const char *const what[] = { [SLOT_TABLES] = "page tables, gate",
					    [SLOT_VVAR] = "the host's vvar pages",
					    [SLOT_MEMORY] = "the program's memory" };
	const struct slot *s = &d->in->slot[i];

	d->slot_y[i] = y;
	box(d, PHYSICAL_X, y, PHYSICAL_W, SLOT, slot_colour(s->kind));
	text(d, PHYSICAL_X + 10, y + 16, "b", "slot %u: %s, %s", i, INSPECT_SIZE(s->size), what[s->kind]);
	text(d, PHYSICAL_X + 10, y + 32, "s", "gpa 0x%lx-0x%lx", s->gpa, s->gpa + s->size);
	text(d, PHYSICAL_X + 10, y + 47, "s", "hva 0x%lx-0x%lx", s->hva, s->hva + s->size);
}

/* A line from what is virtual to where it is guest-physical. */
static void link_group(struct drawing *d, const struct group *g)
{
	const struct region *r = g->first;
	const struct slot *s = r->has_gpa ? inspect_slot(d->in, r->gpa) : NULL;
	unsigned i = s ? (unsigned)(s - d->in->slot) : 0;
	uint64_t span;

	if (!s || i >= d->slots)
		return;
	span = (r->gpa - s->gpa) * (SLOT - 12) / s->size;
	curve(d, VIRTUAL_X + VIRTUAL_W, g->y + BOX / 2, PHYSICAL_X, d->slot_y[i] + SLOT - 6 - (unsigned)span,
	      colours[r->kind]);
}

static void draw_physical(struct drawing *d)
{
	unsigned y = TOP;

	d->slots = d->in->slots < GROUPS ? d->in->slots : GROUPS;
	text(d, PHYSICAL_X, TOP - 26, "h", "guest-physical memory");
	text(d, PHYSICAL_X, TOP - 10, "s", "slots: memory of the monitor's that KVM was given");
	for (unsigned i = d->slots; i-- > 0; y += SLOT + SPACE)
		draw_slot(d, i, y);
	if (d->slots < d->in->slots)
		text(d, PHYSICAL_X, y + 8, "s", "and %u slots more", d->in->slots - d->slots);
	for (unsigned i = 0; i < d->groups; i++)
		link_group(d, &d->group[i]);
	for (unsigned i = 0; i < d->in->vcpus && i < VCPUS; i++, y += BOX + SPACE) {
		const struct look_run *r = &d->in->vcpu[i].run;

		hk_strbuf_printf(d->out,
				 "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"3\" fill=\"none\" "
				 "stroke=\"#555\" stroke-dasharray=\"4 3\"/>\n",
				 PHYSICAL_X, y + 10, PHYSICAL_W, BOX);
		text(d, PHYSICAL_X + 10, y + 26, "b", "vCPU %u's run page, shared with KVM", d->in->vcpu[i].id);
		text(d, PHYSICAL_X + 10, y + 41, "s", "hva 0x%lx-0x%lx", r->hva, r->hva + r->size);
	}
	d->bottom = (unsigned)hk_max(d->bottom, y + 30);
}

/* ---- page tables ---- */

static void draw_strip(struct drawing *d, unsigned x, unsigned y, const struct node *n, const char *colour)
{
	/* At least a pixel, or it would not be seen. */
	double from = (double)n->first.index * STRIP_W / 512, w = (double)n->count * STRIP_W / 512;

	hk_strbuf_printf(d->out, "<rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"9\" fill=\"%s\"/>\n", x + from, y,
			 w < 1 ? 1 : w, colour);
}

static const char *leaf_colour(const struct drawing *d, const struct pt_entry *e, unsigned count)
{
	const struct region *r = inspect_region(d->in, e->va);

	/* An entry that begins below a mapping may well reach into it. */
	for (unsigned i = 0; !r && i < d->in->regions; i++)
		if (d->in->region[i].start >= e->va && d->in->region[i].start < e->va + count * e->size)
			r = &d->in->region[i];
	return r ? colours[r->kind] : "#d0d0d0";
}

/* The table whose entries begin at node *i; its tables below to its right, one row each. */
static void draw_table(struct drawing *d, unsigned *i, int level, uint64_t gpa)
{
	static const char *const names[] = { "", "PT", "PD", "PDPT", "PML4" };
	unsigned x = TABLES_X + (unsigned)(PT_LEVELS - level) * TABLE_STEP, y = TOP + d->row * (TABLE_H + SPACE);
	bool visible = d->row < ROWS, first = true;

	if (visible) {
		box(d, x, y, TABLE_W, TABLE_H, "#555");
		text(d, x + 6, y + 14, "b", "%s", names[level]);
		text(d, x + 46, y + 14, "s", "gpa 0x%lx", gpa);
		hk_strbuf_printf(d->out,
				 "<rect x=\"%u\" y=\"%u\" width=\"%d\" height=\"9\" fill=\"#fff\" stroke=\"#bbb\" "
				 "stroke-width=\"0.5\"/>\n",
				 x + 6, y + 20, STRIP_W);
		if (*i < d->in->nodes && d->in->node[*i].first.level == level)
			text(d, x + 6, y + 41, "s", "from 0x%lx",
			     hk_align_down(d->in->node[*i].first.va, d->in->node[*i].first.size * 512));
	} else {
		d->rows_left_out++;
	}
	while (*i < d->in->nodes && d->in->node[*i].first.level == level) {
		const struct node *n = &d->in->node[(*i)++];

		if (visible)
			draw_strip(d, x + 6, y + 20, n, n->first.leaf ? leaf_colour(d, &n->first, n->count) : "#333");
		if (n->first.leaf)
			continue;
		d->row += first ? 0 : 1;
		first = false;
		if (d->row < ROWS)
			curve(d, x + TABLE_W, y + TABLE_H / 2, x + TABLE_STEP,
			      TOP + d->row * (TABLE_H + SPACE) + TABLE_H / 2, "#555");
		draw_table(d, i, level - 1, n->first.value & PTE_ADDRESS);
	}
}

static void draw_tables(struct drawing *d)
{
	unsigned i = 0;

	text(d, TABLES_X, TOP - 26, "h", "page tables: %lu + %lu + %lu + %lu pages", d->in->tables[4], d->in->tables[3],
	     d->in->tables[2], d->in->tables[1]);
	text(d, TABLES_X, TOP - 10, "s",
	     "each strip: 512 entries; dark: a table, in colour: what is mapped (grey: around it)");
	draw_table(d, &i, PT_LEVELS, d->in->root);
	i = TOP + (unsigned)hk_min(d->row + 1, ROWS) * (TABLE_H + SPACE);
	if (d->rows_left_out)
		text(d, TABLES_X, i + 8, "s", "and %u tables more", d->rows_left_out);
	d->bottom = (unsigned)hk_max(d->bottom, i + 20);
}

/* ---- vCPUs ---- */

static void draw_vcpus(struct drawing *d)
{
	unsigned y = d->bottom + 20;

	text(d, VIRTUAL_X, y, "h", "virtual processors");
	for (unsigned i = 0; i < d->in->vcpus && i < VCPUS; i++) {
		const struct look_vcpu *v = &d->in->vcpu[i];

		y += 20;
		text(d, VIRTUAL_X, y, "s",
		     "vCPU %u, thread %d, %s: RIP 0x%lx  RSP 0x%lx  CR0 0x%lx  CR3 0x%lx  CR4 0x%lx  EFER 0x%lx", v->id,
		     v->tid, v->where, v->regs.rip, v->regs.rsp, v->cr0, v->cr3, v->cr4, v->efer);
		y += 15;
		text(d, VIRTUAL_X + 20, y, "s",
		     "exits: %lu system calls, %lu exceptions, %lu forbidden accesses, %lu signals and kicks; %lu "
		     "calls answered by the gate",
		     v->exits[VCPU_SYSCALL], v->exits[VCPU_EXCEPTION], v->exits[VCPU_FORBIDDEN], v->exits[VCPU_KICKED],
		     v->answered);
	}
	if (d->in->vcpus > VCPUS)
		text(d, VIRTUAL_X, y += 20, "s", "and %u more", d->in->vcpus - VCPUS);
	d->bottom = y + 20;
}

/* The height is known only at the end: the body is drawn apart. */
void inspect_svg(const struct inspect *in, struct hk_strbuf *out)
{
	struct hk_strbuf body = { 0 };
	struct drawing d = { .out = &body, .in = in };

	make_groups(&d);
	text(&d, VIRTUAL_X, 28, "t", "%s (pid %d), %s", in->program, in->pid, in->point);
	draw_virtual(&d);
	draw_physical(&d);
	draw_tables(&d);
	draw_vcpus(&d);
	hk_strbuf_printf(out,
			 "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" viewBox=\"0 0 %d %u\">\n"
			 "<style>text{font-family:'DejaVu Sans "
			 "Mono',monospace;fill:#222}.t{font-size:18px}.h{font-size:15px;font-weight:bold}"
			 ".b{font-size:12px}.s{font-size:11px;fill:#444}</style>\n"
			 "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
			 WIDTH, d.bottom, WIDTH, d.bottom);
	if (body.data)
		hk_strbuf_add(out, body.data, body.len);
	hk_strbuf_puts(out, "</svg>\n");
	out->cut = out->cut || body.cut;
	hk_strbuf_free(&body);
}
