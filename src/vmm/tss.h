/* SPDX-License-Identifier: Apache-2.0 */
/* The task-state segment in a vCPU's page. */
#ifndef HK_VMM_TSS_H
#define HK_VMM_TSS_H

#include <stdint.h>

struct tss64 {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, iomap;
	uint8_t ports[0x100 / 8 + 1]; /* I/O permission bits for ports 0–0xff, and the closing byte of ones */
} __attribute__((packed));

#endif
