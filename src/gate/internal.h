/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of gate/ share. All of it wants mm's lock held. */
#ifndef HK_GATE_INTERNAL_H
#define HK_GATE_INTERNAL_H

#include "gate/gate.h"

/* The longest trampoline. */
#define TRAMP_MOST 48

/* By the SYSCALL's address; by the trampoline's tail; by any address in the trampoline. NULL: none. */
struct gate_site *gate_site_at(struct gate *g, uint64_t at);
struct gate_site *gate_site_of_tail(struct gate *g, uint64_t tail);
struct gate_site *gate_site_of_tramp(struct gate *g, uint64_t rip);
/* A place in the tables for a new one, whose `at` is set. NULL: full. Then gate_site_tail makes it known by its tail. */
struct gate_site *gate_site_new(struct gate *g, uint64_t at);
void gate_site_tail(struct gate *g, struct gate_site *s, uint64_t tail);

/* Room for a trampoline of `size` bytes within reach of a jump at `near`; or at one of the addresses [first, last]. 0: there is none. */
uint64_t gate_room_near(struct gate *g, uint64_t near, unsigned size);
uint64_t gate_room_within(struct gate *g, uint64_t first, uint64_t last, unsigned size);

/* Put the old bytes back wherever [start, end) has a site or a trampoline. mm's code watch. */
void gate_changing(void *ctx, uint64_t start, uint64_t end);

/* Where in the gate's code a call with this number goes; 0: nowhere. */
uint64_t gate_handler(const struct gate *g, uint64_t nr);

#define MOV_EAX 0xb8 /* the first byte of mov $nr, %eax */
#define XOR_EAX 0x31 /* … and of xor %eax, %eax, as it stands before a SYSCALL that reads */

/* Is the call's number in the instruction that the change begins with? */
static inline bool gate_site_has_number(const struct gate_site *s)
{
	return s->start != s->at && (s->old[0] == MOV_EAX || s->old[0] == XOR_EAX);
}

#endif
