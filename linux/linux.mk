# SPDX-License-Identifier: GPL-2.0
# The laboratory's Linux kernel, with make_vcpu, get_ptree and mapspages (docs/lab/linux-syscall.md); included by the Makefile.
#   make linux         fetch Debian's source of 6.1, apply linux/patches, build below build/linux: kernel, modules, an initramfs with the tests
#   make check-linux   boot that in QEMU (no KVM needed) and run the tests; the last line is "linux: N passed, N failed"
#   make linux-compare then the same programs in husk, compared line by line with what they printed there
#   make linux-bench   what the calls cost on either
#   make linux-shell   boot it and give a shell
# LINUX=debug: the same with KASAN, lockdep, PROVE_RCU and kmemleak. LINUX=classic: with the numbers 333, 449 and 450.

LINUX ?= plain

.PHONY: linux check-linux linux-compare linux-shell linux-bench
linux:
	linux/build $(LINUX)
check-linux: linux
	linux/checkpatch
	linux/run --check $(LINUX)
linux-compare: check-linux all examples
	linux/compare $(LINUX)
linux-bench: linux all examples
	linux/run --bench $(LINUX)
	@echo '== husk'
	$(B)/husk run --unconfined -- $(B)/lab/linux-cost
linux-shell: linux
	linux/run --shell $(LINUX)
