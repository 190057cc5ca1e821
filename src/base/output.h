/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the monitor itself writes: traces, statistics, memory files. The process's RLIMIT_FSIZE is the guest's, and must neither cut that short nor send
 * SIGXFSZ for it: where it could, the soft limit is raised to the hard one meanwhile. setrlimit(2), write(2). Thread-safe.
 */
#ifndef HK_BASE_OUTPUT_H
#define HK_BASE_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

/* From now on the process's soft limit is that (RLIM_INFINITY: none). At its start, and when the guest changes it. */
void hk_output_limit(uint64_t soft);
/* In a child of fork: no other thread is writing. */
void hk_output_forked(void);

/* Around other calls of the monitor's that make a file larger. */
void hk_output_begin(void);
void hk_output_end(void);

/* All of it, whatever signals come. 0 or -errno. */
int hk_write_all(int fd, const char *data, size_t len);

#endif
