/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor's own cage: what it gives up before the first guest instruction, because it needs it no longer. In force for the process and everything that comes from it, for
 * ever; also without a sandbox around.
 */
#ifndef HK_JAIL_CAGE_H
#define HK_JAIL_CAGE_H

#include "jail/jail.h"

struct cage_options {
	const uint32_t *ioctls; /* requests that the monitor makes of its own */
	size_t ioctl_count;
	bool keep_capabilities; /* --unconfined: the guest has the caller's rights */
};

/* Close it. After all files are open, before there is a second thread. 0 or -errno with the line in err. */
HK_MUST_CHECK int cage_close(const struct cage_options *o, struct hk_err *err);

/* Print it: each rule with its reason. */
void cage_show(const struct cage_options *o, FILE *out);

#endif
