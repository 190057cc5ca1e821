/* SPDX-License-Identifier: Apache-2.0 */
/* What table.def says, as data. */
#include "syscalls/table.h"

#include "base/compiler.h"

#include <stddef.h>
#include <string.h>

enum {
#define SYS(nr, name, ...)   ROW_##name,
#define NOSYS(nr, name, ...) ROW_##name,
#include "syscalls/rows.def"
#undef SYS
#undef NOSYS
};

#define A(k, text)                                                                                                     \
	{                                                                                                              \
		HK_ARG_##k, #text                                                                                      \
	}
#define ROW(number, text, cls, way, why, ...)                                                                          \
	{                                                                                                              \
		.nr = (number), .name = #text, .class = HK_CLASS_##cls, .road = (way), .refused = (why),               \
		.nargs = sizeof((const struct hk_arg[]){ __VA_ARGS__ }) / sizeof(struct hk_arg),                       \
		.arg = { __VA_ARGS__ }                                                                                 \
	}
#define SYS(nr, name, cls, road, ...)  ROW(nr, name, cls, HK_ROAD_##road, NULL, __VA_ARGS__),
#define NOSYS(nr, name, cls, why, ...) ROW(nr, name, cls, HK_ROAD_OWN, why, __VA_ARGS__),

static const struct hk_syscall_info rows[] = {
#include "syscalls/rows.def"
};

#undef SYS
#undef NOSYS
#undef A

/* Position in rows[] plus one, by slot; 0 = no such call. */
static const uint16_t row_of[HK_SYSCALL_SLOTS] = {
#define SYS(nr, name, ...)   [HK_SLOT_OF_ROW(nr)] = ROW_##name + 1,
#define NOSYS(nr, name, ...) [HK_SLOT_OF_ROW(nr)] = ROW_##name + 1,
#include "syscalls/rows.def"
#undef SYS
#undef NOSYS
};

const struct hk_syscall_info *hk_syscall_at_slot(unsigned slot)
{
	return slot < HK_SYSCALL_SLOTS && row_of[slot] ? &rows[row_of[slot] - 1] : NULL;
}

const struct hk_syscall_info *hk_syscall_info(uint64_t nr)
{
	return hk_syscall_at_slot(hk_syscall_slot(nr));
}

const struct hk_syscall_info *hk_syscall_by_name(const char *name)
{
	for (size_t i = 0; i < HK_ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

const struct hk_syscall_info *hk_syscall_at(unsigned i)
{
	return i < HK_ARRAY_LEN(rows) ? &rows[i] : NULL;
}

const char *hk_class_name(enum hk_class c)
{
	static const char *const names[] = {
#define X(id, text) [HK_CLASS_##id] = text,
		HK_SYSCALL_CLASSES(X)
#undef X
	};

	return (unsigned)c < HK_ARRAY_LEN(names) ? names[c] : "?";
}
