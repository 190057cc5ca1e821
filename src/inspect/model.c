/* SPDX-License-Identifier: Apache-2.0 */
/* Looking things up in the model, and the words that all its readers share. */
#include "inspect/model.h"

#include "mm/pte.h"

#include <stdio.h>

const char *region_kind_name(enum region_kind kind)
{
	static const char *const names[REGION_KINDS] = {
		[REGION_IMAGE] = "image", [REGION_LIBRARY] = "library", [REGION_FILE] = "file",
		[REGION_HEAP] = "heap",   [REGION_STACK] = "stack",     [REGION_ANON] = "anonymous",
		[REGION_VDSO] = "vdso",   [REGION_VVAR] = "vvar",       [REGION_PATCHES] = "patches",
		[REGION_STUBS] = "stubs", [REGION_CPU] = "cpu",         [REGION_RING] = "ring",
		[REGION_STATE] = "state"
	};

	return names[kind];
}

const char *slot_kind_name(enum slot_kind kind)
{
	static const char *const names[] = { [SLOT_TABLES] = "tables", [SLOT_VVAR] = "vvar", [SLOT_MEMORY] = "memory" };

	return names[kind];
}

const struct region *inspect_region(const struct inspect *in, uint64_t va)
{
	unsigned low = 0, high = in->regions;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (in->region[middle].end <= va)
			low = middle + 1;
		else
			high = middle;
	}
	return low < in->regions && in->region[low].start <= va ? &in->region[low] : NULL;
}

const struct slot *inspect_slot(const struct inspect *in, uint64_t gpa)
{
	for (unsigned i = 0; i < in->slots; i++)
		if (gpa >= in->slot[i].gpa && gpa - in->slot[i].gpa < in->slot[i].size)
			return &in->slot[i];
	return NULL;
}

const char *inspect_flags(uint64_t entry)
{
	static const char *const names[8] = {
		"S R X", "S R NX", "S W X", "S W NX", "U R X", "U R NX", "U W X", "U W NX"
	};

	return names[(entry & PTE_USER ? 4 : 0) + (entry & PTE_WRITE ? 2 : 0) + (entry & PTE_NX ? 1 : 0)];
}

const char *inspect_size(uint64_t n, char buf[24])
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	double v = (double)n;
	size_t u = 0;

	while (v >= 1024 && u + 1 < HK_ARRAY_LEN(units)) {
		v /= 1024;
		u++;
	}
	snprintf(buf, 24, v < 10 && v != (double)(uint64_t)v ? "%.1f %s" : "%.0f %s", v, units[u]);
	return buf;
}
