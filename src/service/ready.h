/* SPDX-License-Identifier: Apache-2.0 */
/* Does somebody in a sandbox listen yet? Seen from outside, in the host's view of its network: nothing is asked of the guest. */
#ifndef HK_SERVICE_READY_H
#define HK_SERVICE_READY_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* Is there a TCP socket, IPv4 or IPv6, that listens on this port in the network of that process? proc(5), /proc/<pid>/net/tcp. */
bool ready_listens(pid_t pid, unsigned port);

/* Wait until the sandbox `id` listens there. 0; or -errno with the line in err: it is not there, or has ended. */
HK_MUST_CHECK int ready_await(const char *id, unsigned port, struct hk_err *err);

#endif
