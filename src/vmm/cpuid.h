/* SPDX-License-Identifier: Apache-2.0 */
/* What the vCPUs answer to CPUID: all that the host's KVM supports, without what only a guest kernel could use. */
#ifndef HK_VMM_CPUID_H
#define HK_VMM_CPUID_H

#include "base/err.h"

#include <stdbool.h>

struct kvm_cpuid2;

/* Ask KVM; *out is malloc'ed. 0 or -errno with a story. */
HK_MUST_CHECK int cpuid_load(int kvm_fd, struct kvm_cpuid2 **out, struct hk_err *err);

bool cpuid_is_intel(const struct kvm_cpuid2 *c);
unsigned cpuid_gpa_bits(const struct kvm_cpuid2 *c);
bool cpuid_has_xsave(const struct kvm_cpuid2 *c);
bool cpuid_has_fsgsbase(const struct kvm_cpuid2 *c);
/* The state components to enable in XCR0: what KVM knows of x87, SSE, AVX, AVX-512, PKRU excluded; 0 without XSAVE. */
uint64_t cpuid_xcr0(const struct kvm_cpuid2 *c);
/* How far these components reach in an XSAVE area, those behind SSE: what CPUID says of each; 0: there are none. */
uint32_t cpuid_xsave_size(const struct kvm_cpuid2 *c, uint64_t xcr0);

#endif
