/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/handover.h"

#include "base/output.h"
#include "base/strbuf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static void add_string(struct hk_strbuf *b, const char *s)
{
	hk_strbuf_add(b, s, strlen(s) + 1);
}

static uint32_t add_strings(struct hk_strbuf *b, char *const *v)
{
	uint32_t n = 0;

	for (; v[n]; n++)
		add_string(b, v[n]);
	return n;
}

int handover_write(struct monitor *m, const struct handover *h, const struct exec_program *p)
{
	struct hk_strbuf b = { 0 };
	struct handover fixed = *h;
	size_t size;
	const void *cpuid = vm_cpuid(&m->vm, &size);
	int fd = memfd_create("husk-handover", 0), r;

	if (fd < 0)
		return -errno;
	fixed.cpuid_size = size;
	hk_strbuf_add(&b, (const char *)&fixed, sizeof(fixed));
	hk_strbuf_add(&b, cpuid, size);
	add_string(&b, p->path);
	add_string(&b, m->opt->trace_filter ? m->opt->trace_filter : "");
	add_string(&b, m->opt->trace_file ? m->opt->trace_file : "");
	fixed.argc = add_strings(&b, p->argv);
	fixed.envc = add_strings(&b, p->envp);
	if (!b.cut)
		memcpy(b.data, &fixed, sizeof(fixed)); /* with the counts */
	r = b.cut ? -ENOMEM : hk_write_all(fd, b.data, b.len);
	hk_strbuf_free(&b);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

/* ---- the other side ---- */

/* n strings from *at on as a NULL-terminated array. NULL: no memory. */
static char **take_strings(char **at, uint32_t n)
{
	char **v = calloc(n + 1UL, sizeof(*v));

	for (uint32_t i = 0; v && i < n; i++) {
		v[i] = *at;
		*at += strlen(*at) + 1;
	}
	return v;
}

static char *read_all(int fd, size_t *size)
{
	struct stat st;
	char *bytes;

	if (fstat(fd, &st))
		return NULL;
	*size = (size_t)st.st_size;
	bytes = malloc(*size + 1);
	if (bytes && pread(fd, bytes, *size, 0) != st.st_size) {
		free(bytes);
		return NULL;
	}
	return bytes;
}

static void take_options(struct inheritance *in, char *filter, char *file)
{
	const struct handover *h = &in->fixed;

	in->opt = (struct monitor_options){
		.mem = h->mem,
		.policy = h->policy,
		.net = h->net,
		.timeout_ns = h->timeout_ns,
		.limits = h->limits,
		.aslr = h->aslr,
		.patch = h->patch,
		.patch_after = h->patch_after,
		.io = (enum monitor_io)h->io,
		.stats = h->stats,
		.observe = h->observe,
		.profile_cpu = h->profile_cpu,
		.classic_numbers = h->classic_numbers,
		.trace = h->trace,
		.inspect = h->inspect,
		.trace_json = h->trace_json,
		.trace_rip = h->trace_rip,
		.trace_where = h->trace_where,
		.trace_time = h->trace_time,
		.trace_string = h->trace_string,
		.trace_filter = h->has_filter ? filter : NULL,
		.trace_file = *file ? file : NULL,
	};
}

int handover_read(int fd, struct inheritance *in, struct hk_err *err)
{
	size_t size = 0;
	char *at, *filter, *file;

	in->bytes = read_all(fd, &size);
	close(fd);
	if (!in->bytes || size < sizeof(in->fixed))
		return hk_err_set(err, -ENOMEM, "cannot read what the old program's monitor left");
	in->bytes[size] = '\0';
	memcpy(&in->fixed, in->bytes, sizeof(in->fixed));
	in->cpuid = in->bytes + sizeof(in->fixed);
	at = in->bytes + sizeof(in->fixed) + in->fixed.cpuid_size;
	in->path = at;
	filter = at + strlen(at) + 1;
	file = filter + strlen(filter) + 1;
	at = file + strlen(file) + 1;
	take_options(in, filter, file);
	in->opt.argv = take_strings(&at, in->fixed.argc);
	in->opt.envp = take_strings(&at, in->fixed.envc);
	return in->opt.argv && in->opt.envp ? 0 : hk_err_set(err, -ENOMEM, "out of memory");
}
