/* SPDX-License-Identifier: Apache-2.0 */
/* The host's own account of the address space, /proc/self/maps or smaps, read into blocks: below HK_GUEST_MAX they are what backs the guest. */
#ifndef HK_PROCFS_HOSTMAPS_H
#define HK_PROCFS_HOSTMAPS_H

#include "base/strbuf.h"

#define HOSTMAPS_FIELDS 40

/* A field of smaps ("Rss:                   8 kB"): the same ones, in the same order, in every block. */
struct hostmaps_field {
	const char *name; /* NUL-terminated */
	bool kb;          /* has the unit kB */
	bool flags;       /* VmFlags: letters, no number */
	bool padded;      /* the number is right-aligned to column 24 */
};

struct hostmaps_block {
	uint64_t start, end, offset;
	unsigned major, minor;
	unsigned long ino;
	bool shared;
	const char *name;    /* NUL-terminated, escaped as the host does; "" = none */
	const char *vmflags; /* likewise; "" in maps */
	uint64_t v[HOSTMAPS_FIELDS];
};

struct hostmaps {
	struct hk_strbuf text;
	struct hostmaps_block *block;
	unsigned count, cap;
	struct hostmaps_field field[HOSTMAPS_FIELDS];
	unsigned fields;
	uint64_t other_rss; /* bytes in the blocks above the guest's range, which are not kept */
	int pagemap;        /* descriptor of /proc/self/pagemap, or -1: not yet open, -2: cannot be opened */
	struct {
		const struct hostmaps_block *block;
		uint64_t at, before, whole; /* of `whole` resident pages, `before` lie below `at` */
	} weight; /* of the block last shared out: mappings come in order, so every page is looked at twice at most */
};

/* Read the host's file. 0 or -errno. hostmaps_free in either case. */
HK_MUST_CHECK int hostmaps_read(struct hostmaps *h, const char *path);
/* Parse text, which is taken over (for tests). 0 or -errno. */
HK_MUST_CHECK int hostmaps_parse(struct hostmaps *h);
void hostmaps_free(struct hostmaps *h);

/* The number of the field of that name, or -1. */
int hostmaps_field(const struct hostmaps *h, const char *name);
/* The first block that ends above a, or NULL. */
const struct hostmaps_block *hostmaps_find(const struct hostmaps *h, uint64_t a);
const struct hostmaps_block *hostmaps_next(const struct hostmaps *h, const struct hostmaps_block *b);

/*
 * The part of b's value of each field that falls on [start, end), added to sum. Where the host made one block of what are several mappings to the
 * guest, the resident pages of each part decide; the parts add up to the whole.
 */
void hostmaps_add_share(struct hostmaps *h, const struct hostmaps_block *b, uint64_t start, uint64_t end,
			uint64_t sum[HOSTMAPS_FIELDS]);

#endif
