/* SPDX-License-Identifier: Apache-2.0 */
/* Socket addresses on their way in and out. An address from the guest is copied once, put to the network policy and, if it is a path, to the path function;
 * the host gets the copy. Private to syscalls/. */
#ifndef HK_SYSCALLS_SOCKADDR_H
#define HK_SYSCALLS_SOCKADDR_H

#include "kern/task.h"
#include "syscalls/args.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ADDR_BYTES sizeof(struct sockaddr_storage)

enum addr_for { ADDR_BIND, ADDR_CONNECT, ADDR_SEND };

struct addr_in {
	uint64_t host, len; /* what to pass to the host */
	union {
		sa_family_t family;
		struct sockaddr_un un;
		unsigned char bytes[ADDR_BYTES + 1]; /* with room for a NUL behind a path */
	} copy;
};

/* The address of len bytes at addr (NULL: none). 0, or what the call should return. What cannot be copied is left to the host to refuse. */
HK_MUST_CHECK int addr_take(struct hk_task *t, uint64_t fd, enum addr_for what, uint64_t addr, uint64_t len,
			    struct addr_in *in);

/* getsockname and kin: an address, and an int with the room for it that gets its length. */
struct addr_out {
	uint64_t host; /* where the host writes it */
	int room;      /* the host reads and writes this copy */
	bool bad;      /* the int cannot be read */
};

struct addr_out addr_out(uint64_t addr, uint64_t lenp);
/* What to pass to the host as the int's address. */
uint64_t addr_out_len(struct addr_out *out);

/* The value of an int option of SOL_SOCKET, or -errno. */
int socket_int(uint64_t fd, int option);

#endif
