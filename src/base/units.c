/* SPDX-License-Identifier: Apache-2.0 */
#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	double factor;
};

/* A decimal number (digits, one point; no sign, exponent, hex, inf or nan) and a unit of the table. */
static int parse(const char *s, const struct unit *units, size_t n, uint64_t *out)
{
	size_t digits = strspn(s, "0123456789.");
	double value;
	char *end;

	if (!digits || !isdigit((unsigned char)s[0]))
		return -EINVAL;
	value = strtod(s, &end);
	if (end != s + digits)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(end, units[i].name))
			continue;
		value *= units[i].factor;
		if (value >= 9.2e18)
			return -ERANGE;
		*out = (uint64_t)value;
		return 0;
	}
	return -EINVAL;
}

int hk_parse_size(const char *s, uint64_t *bytes)
{
	static const struct unit units[] = {
		{ "", 1 },         { "B", 1 },       { "K", 0x1p10 },   { "KB", 0x1p10 },  { "KiB", 0x1p10 },
		{ "M", 0x1p20 },   { "MB", 0x1p20 }, { "MiB", 0x1p20 }, { "G", 0x1p30 },   { "GB", 0x1p30 },
		{ "GiB", 0x1p30 }, { "T", 0x1p40 },  { "TB", 0x1p40 },  { "TiB", 0x1p40 },
	};

	return parse(s, units, HK_ARRAY_LEN(units), bytes);
}

int hk_parse_duration(const char *s, uint64_t *ns)
{
	static const struct unit units[] = {
		{ "", 1e9 }, { "s", 1e9 },  { "ms", 1e6 },   { "us", 1e3 },
		{ "ns", 1 }, { "m", 60e9 }, { "h", 3600e9 }, { "d", 86400e9 },
	};

	return parse(s, units, HK_ARRAY_LEN(units), ns);
}
