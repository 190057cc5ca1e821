/* SPDX-License-Identifier: Apache-2.0 */
/* A guest process without a VM, for calling handlers: some guest memory, a pretended processor, a descriptor of the monitor's. */
#ifndef HK_TESTS_CALL_WORLD_H
#define HK_TESTS_CALL_WORLD_H

#include "kern/task.h"
#include "syscalls/handlers.h"

#define CALL_PAGE 4096UL
#define CALL_MEM  (4 * CALL_PAGE) /* readable and writable; behind it nothing */

struct call_world {
	struct hk_process process;
	struct mm mm;
	struct hk_task task;
	struct hk_call call;
	struct hk_cpu cpu;
	uint64_t fs, gs;
	char *mem; /* guest memory of CALL_MEM bytes, zeroed before each test; its end is `end` */
	char *end;
	int ours; /* the monitor's: a file that is open for reading and writing */
	int file; /* the guest's: the same */
};

int call_world_setup(void **state);
int call_world_teardown(void **state);
/* cmocka takes SIGSEGV for itself at the start of each test: give it back to uaccess. */
void call_world_ready(void);

/* CALL(w, poll, fds, 1, 0): the handler's answer. Pointers are host pointers into w->mem, or numbers. */
#define CALL(w, name, ...)                        (call_world_ready(), sys_##name(&(w)->task, (const uint64_t[6]){ CALL_ARGS(__VA_ARGS__) }))
#define CALL_ARG(x)                               ((uint64_t)(x))
#define CALL_PICK(_1, _2, _3, _4, _5, _6, n, ...) n
#define CALL_ARGS(...)                            CALL_PICK(__VA_ARGS__, CALL_6, CALL_5, CALL_4, CALL_3, CALL_2, CALL_1, )(__VA_ARGS__)
#define CALL_1(a)                                 CALL_ARG(a)
#define CALL_2(a, b)                              CALL_ARG(a), CALL_ARG(b)
#define CALL_3(a, b, c)                           CALL_ARG(a), CALL_ARG(b), CALL_ARG(c)
#define CALL_4(a, b, c, d)                        CALL_ARG(a), CALL_ARG(b), CALL_ARG(c), CALL_ARG(d)
#define CALL_5(a, b, c, d, e)                     CALL_ARG(a), CALL_ARG(b), CALL_ARG(c), CALL_ARG(d), CALL_ARG(e)
#define CALL_6(a, b, c, d, e, f)                  CALL_ARG(a), CALL_ARG(b), CALL_ARG(c), CALL_ARG(d), CALL_ARG(e), CALL_ARG(f)

#endif
