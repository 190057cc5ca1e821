/* SPDX-License-Identifier: Apache-2.0 */
/* Files about the whole system that differ for the guest: meminfo under --mem. */
#include "procfs/internal.h"

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
	struct mm *mm = &t->proc->mm;
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
