/* SPDX-License-Identifier: Apache-2.0 */
/* Strings, buffers and arrays out of guest memory: never more than the limit of them is read. */
#include "trace/decode.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* No string limit goes above this. */
#define BYTES_MAX 65536

bool dec_bytes(struct dec *d, uint64_t a, uint64_t n, bool all_hex)
{
	size_t want = (size_t)hk_min(hk_min(n, d->limit), BYTES_MAX);
	char small[256];
	HK_FREE char *large = NULL;
	char *p = small;

	if (d->out->cut)
		return true;
	if (want > sizeof(small))
		p = large = malloc(want);
	if (!p || copy_from_guest(p, GVA(a), want))
		return false;
	dec_quote(d->out, p, want, all_hex);
	if (want < n)
		dec_puts(d, "...");
	return true;
}

bool dec_cstr(struct dec *d, uint64_t a, size_t longest)
{
	char buf[PATH_MAX + 1];
	size_t cap = hk_min(longest + 1, sizeof(buf));
	ssize_t n = guest_str(buf, GVA(a), cap);

	if (n < 0 && n != -ENAMETOOLONG)
		return false;
	dec_quote(d->out, buf, n >= 0 ? (size_t)n : cap - 1, false);
	if (n < 0)
		dec_puts(d, "...");
	return true;
}

bool dec_path(struct dec *d, uint64_t a)
{
	return dec_cstr(d, a, PATH_MAX - 1);
}

/* Elements that are looked at but not shown cost time, too. */
#define ARRAY_SCAN 4096

bool dec_array(struct dec *d, uint64_t a, uint64_t count, size_t size, dec_elem_fn fn)
{
	_Alignas(16) unsigned char elem[DEC_ELEM_MAX];
	uint64_t shown = 0;

	if (count == 0) {
		dec_puts(d, "[]");
		return true;
	}
	if (size > sizeof(elem) || copy_from_guest(elem, GVA(a), size))
		return false;
	dec_puts(d, "[");
	for (uint64_t i = 0; i < count && !d->out->cut; i++) {
		size_t before = d->out->len;

		if (shown)
			dec_puts(d, ", ");
		if (shown == d->limit || i == ARRAY_SCAN) {
			dec_puts(d, "...");
			break;
		}
		if (i && copy_from_guest(elem, GVA(a + i * size), size)) {
			dec_printf(d, "... /* %#lx */", a + i * size);
			break;
		}
		if (fn(d, elem))
			shown++;
		else if (d->out->data)
			d->out->data[d->out->len = before] = '\0';
	}
	dec_puts(d, "]");
	return true;
}

void dec_object(struct dec *d, uint64_t a, bool (*fn)(struct dec *d, uint64_t a))
{
	if (a == 0 || !fn(d, a))
		dec_addr(d, a);
}
