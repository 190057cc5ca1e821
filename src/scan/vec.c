/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/internal.h"

#include <string.h>

bool vec_grow(void *pv, size_t *cap, size_t size)
{
	size_t more = *cap ? *cap * 2 : 16;
	void *old, *p;

	memcpy(&old, pv, sizeof(old));
	p = reallocarray(old, more, size);
	if (!p)
		return false;
	memcpy(pv, &p, sizeof(p));
	*cap = more;
	return true;
}
