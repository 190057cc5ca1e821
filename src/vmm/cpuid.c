/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/cpuid.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#define MAX_ENTRIES 256

static const struct kvm_cpuid_entry2 *find(const struct kvm_cpuid2 *c, uint32_t leaf, uint32_t index)
{
	for (uint32_t i = 0; i < c->nent; i++) {
		const struct kvm_cpuid_entry2 *e = &c->entries[i];

		if (e->function == leaf && (!(e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) || e->index == index))
			return e;
	}
	return NULL;
}

/* Take out what a program could see but not use, because no guest kernel stands behind it. */
static void trim(struct kvm_cpuid2 *c)
{
	for (uint32_t i = 0; i < c->nent; i++) {
		struct kvm_cpuid_entry2 *e = &c->entries[i];

		if (e->function == 7 && e->index == 0)
			e->ecx &= ~((1u << 3) | (1u << 4)); /* PKU, OSPKE: pkey_alloc is not served */
		/* KVM's paravirtual leaves speak to kernels. */
		if (e->function == 0x40000001)
			e->eax = 0;
	}
}

int cpuid_load(int kvm_fd, struct kvm_cpuid2 **out, struct hk_err *err)
{
	struct kvm_cpuid2 *c = calloc(1, sizeof(*c) + MAX_ENTRIES * sizeof(c->entries[0]));

	if (!c)
		return hk_err_set(err, -ENOMEM, "out of memory");
	c->nent = MAX_ENTRIES;
	if (ioctl(kvm_fd, KVM_GET_SUPPORTED_CPUID, c)) {
		int e = errno;

		free(c);
		return hk_err_set(err, -e, "cannot read the CPU features that KVM supports: %s", strerror(e));
	}
	trim(c);
	*out = c;
	return 0;
}

bool cpuid_is_intel(const struct kvm_cpuid2 *c)
{
	const struct kvm_cpuid_entry2 *e = find(c, 0, 0);

	return e && e->ebx == 0x756e6547; /* "Genu" */
}

unsigned cpuid_gpa_bits(const struct kvm_cpuid2 *c)
{
	const struct kvm_cpuid_entry2 *e = find(c, 0x80000008, 0);
	unsigned bits = e ? e->eax & 0xff : 36;

	return bits < 36 ? 36 : bits > 52 ? 52 : bits;
}

bool cpuid_has_xsave(const struct kvm_cpuid2 *c)
{
	const struct kvm_cpuid_entry2 *e = find(c, 1, 0);

	return e && (e->ecx & (1u << 26));
}

bool cpuid_has_fsgsbase(const struct kvm_cpuid2 *c)
{
	const struct kvm_cpuid_entry2 *e = find(c, 7, 0);

	return e && (e->ebx & 1);
}

uint64_t cpuid_xcr0(const struct kvm_cpuid2 *c)
{
	const struct kvm_cpuid_entry2 *e = find(c, 0xd, 0);
	uint64_t supported;

	if (!e)
		return 0;
	supported = e->eax | (uint64_t)e->edx << 32;
	supported &= 0xe7; /* x87, SSE, AVX, the three of AVX-512 */
	if ((supported & 0xe4) != 0xe4)
		supported &= 0x7;
	return supported | 3;
}

uint32_t cpuid_xsave_size(const struct kvm_cpuid2 *c, uint64_t xcr0)
{
	uint32_t size = 0;

	for (uint32_t i = 2; i < 63; i++) {
		const struct kvm_cpuid_entry2 *e = xcr0 & (1UL << i) ? find(c, 0xd, i) : NULL;

		if (e && e->eax + e->ebx > size)
			size = e->eax + e->ebx;
	}
	return size;
}
