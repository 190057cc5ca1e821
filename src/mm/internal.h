/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of mm/ share among themselves. */
#ifndef HK_MM_INTERNAL_H
#define HK_MM_INTERNAL_H

/* The protection of the host mapping behind a guest mapping with this one. */
int mm_host_prot(int prot);

#endif
