/* SPDX-License-Identifier: Apache-2.0 */
/* husk inspect, as the command line and the monitor see it: what is asked, and where the answer goes. */
#ifndef HK_INSPECT_INSPECT_H
#define HK_INSPECT_INSPECT_H

#include "base/compiler.h"
#include "base/strbuf.h"

#include <stdbool.h>

#define INSPECT_PLACES 16
#define INSPECT_PLACE  32 /* bytes of an address as it is written */

enum inspect_when {
	INSPECT_NEVER,
	INSPECT_ENTRY,   /* before the program's first instruction */
	INSPECT_EXIT,    /* the process is about to end */
	INSPECT_CALL,    /* before its call `nr` is served for the count-th time */
	INSPECT_ADDRESS, /* before the instruction at `address` */
};

/* Fixed in size, since a monitor hands it to its successor. */
struct inspect_options {
	enum inspect_when when;
	unsigned nr, count;
	uint64_t address;
	bool relative; /* the address counts from where the program's file is mapped */
	bool json, svg;
	unsigned places; /* not 0: no survey, but how these are translated */
	char place[INSPECT_PLACES][INSPECT_PLACE];
};

#endif
