/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and durations as people write them. */
#ifndef HK_BASE_UNITS_H
#define HK_BASE_UNITS_H

#include "base/compiler.h"

/* "512M", "2G", "1.5G", "65536": bytes; suffixes K M G T, powers of 1024, an optional B or iB behind. 0, -EINVAL or -ERANGE. */
HK_MUST_CHECK int hk_parse_size(const char *s, uint64_t *bytes);

/* "30", "1.5s", "200ms", "10us", "5m", "2h", "1d": nanoseconds; without a suffix, seconds. 0, -EINVAL or -ERANGE. */
HK_MUST_CHECK int hk_parse_duration(const char *s, uint64_t *ns);

#endif
