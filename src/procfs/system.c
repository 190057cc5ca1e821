/* SPDX-License-Identifier: Apache-2.0 */
/* Files about the whole system that differ for the guest: meminfo under --mem, cpuinfo where the VM's processor can do less than the host's. */
#include "procfs/internal.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Lines that say how the machine is, not how much is used: the host's. */
static bool is_machine_line(const char *key)
{
	static const char *const keys[] = { "VmallocTotal", "Hugepagesize", "DirectMap4k", "DirectMap2M",
					    "DirectMap1G" };

	for (size_t i = 0; i < HK_ARRAY_LEN(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

struct guest_memory {
	uint64_t limit, used, committed; /* bytes */
};

static uint64_t meminfo_value(const struct guest_memory *g, const char *key, uint64_t host_kb)
{
	static const char *const used[] = { "Active", "Active(anon)", "AnonPages" };

	if (strcmp(key, "MemTotal") == 0 || strcmp(key, "CommitLimit") == 0)
		return g->limit >> 10;
	if (strcmp(key, "MemFree") == 0 || strcmp(key, "MemAvailable") == 0)
		return (g->limit - hk_min(g->used, g->limit)) >> 10;
	if (strcmp(key, "Committed_AS") == 0)
		return g->committed >> 10;
	for (size_t i = 0; i < HK_ARRAY_LEN(used); i++)
		if (strcmp(key, used[i]) == 0)
			return hk_min(g->used, g->limit) >> 10;
	return is_machine_line(key) ? host_kb : 0;
}

/* With a limit the guest's machine has that much memory, no swap, and nothing in use but what the guest uses. */
int proc_make_meminfo(struct hk_task *t, const struct proc_ref *ref, struct hk_strbuf *out)
{
	struct mm *mm = t->proc->mm;
	struct hk_strbuf host = { .max = 1 << 16 };
	int r = proc_host_read(ref->path, &host);
	char *save, *line = r || !host.data ? NULL : strtok_r(host.data, "\n", &save);
	struct guest_memory g = { .limit = t->proc->mem_limit };

	pthread_mutex_lock(&mm->lock);
	g.used = g.committed = mm->committed;
	pthread_mutex_unlock(&mm->lock);
	for (; line; line = strtok_r(NULL, "\n", &save)) {
		char *colon = strchr(line, ':');
		uint64_t kb = colon ? strtoull(colon + 1, NULL, 10) : 0;

		if (!colon)
			continue;
		*colon = '\0';
		hk_strbuf_printf(out, "%s:%*s%8lu%s\n", line, (int)(15 - hk_min(strlen(line), 15)), "",
				 meminfo_value(&g, line, kb), strstr(colon + 1, "kB") ? " kB" : "");
	}
	hk_strbuf_free(&host);
	return r ? r : out->cut ? -ENOMEM : 0;
}

/* ---- cpuinfo ---- */

#define XCR0_AVX        0x4UL
#define XCR0_AVX512     0xe0UL
#define XCR0_AMX        0x60000UL
#define HWCAP2_FSGSBASE 0x2UL

/* Words of the flags line that stand or fall with a part of the processor's state, in groups. A trailing "*" stands for anything. */
static const char *const no_xsave[] = { "xsave*", "xgetbv1", NULL };
static const char *const no_avx[] = { "avx*", "f16c", "fma", "fma4", "xop", "vaes", "vpclmulqdq", NULL };
static const char *const no_avx512[] = { "avx512*", NULL };
static const char *const no_amx[] = { "amx*", NULL };
static const char *const no_fsgsbase[] = { "fsgsbase", NULL };
static const char *const never[] = { "pku", "ospke", NULL }; /* pkey_alloc is not served */

#define CPU_GROUPS 6

/* Which groups the guest's processor lacks, as the VM's probe found; their number. */
static unsigned lacking(const struct hk_task *t, const char *const *groups[CPU_GROUPS])
{
	const struct hk_image *im = &t->proc->image;
	uint64_t xcr0 = t->signals.xsave_size ? t->signals.xcr0 : 0;
	bool fsgsbase = false;
	unsigned n = 0;

	for (unsigned i = 0; i + 1 < im->auxv_words && im->auxv[i]; i += 2)
		if (im->auxv[i] == AT_HWCAP2)
			fsgsbase = im->auxv[i + 1] & HWCAP2_FSGSBASE;
	groups[n++] = never;
	if (!t->signals.xsave_size)
		groups[n++] = no_xsave;
	if (!(xcr0 & XCR0_AVX))
		groups[n++] = no_avx;
	if ((xcr0 & XCR0_AVX512) != XCR0_AVX512)
		groups[n++] = no_avx512;
	if ((xcr0 & XCR0_AMX) != XCR0_AMX)
		groups[n++] = no_amx;
	if (!fsgsbase)
		groups[n++] = no_fsgsbase;
	return n;
}

static bool in_group(const char *const *group, const char *word, size_t len)
{
	for (; *group; group++) {
		size_t n = strlen(*group);
		bool open = (*group)[n - 1] == '*';

		n -= open;
		if ((len == n || (open && len > n)) && strncmp(word, *group, n) == 0)
			return true;
	}
	return false;
}

/* The host's text; from each flags line the words that are not true of the guest's processor are taken out. */
int proc_make_cpuinfo(struct hk_task *t, const struct proc_ref *ref, struct hk_strbuf *out)
{
	const char *const *groups[CPU_GROUPS];
	unsigned n = lacking(t, groups);
	struct hk_strbuf host = { .max = PROC_TEXT_MAX };
	int r = proc_host_read(ref->path, &host);
	const char *p = r || !host.data ? "" : host.data;

	while (*p) {
		size_t line = strcspn(p, "\n") + 1, len;
		bool flags = strncmp(p, "flags", 5) == 0;
		const char *end = p + hk_min(line, strlen(p));

		for (; p < end; p += len) {
			bool hidden = false;

			/* the blank before a word goes with it */
			len = flags && *p == ' ' ? 1 + strcspn(p + 1, " \n")
			      : flags            ? strcspn(p, " ")
						 : (size_t)(end - p);
			len = hk_min(len, (size_t)(end - p));
			for (unsigned i = 0; flags && *p == ' ' && i < n; i++)
				hidden = hidden || in_group(groups[i], p + 1, len - 1);
			if (!hidden)
				hk_strbuf_add(out, p, len);
		}
	}
	hk_strbuf_free(&host);
	return r ? r : out->cut ? -ENOMEM : 0;
}
