# SPDX-License-Identifier: Apache-2.0
# The example programs; included by the Makefile. `make examples` builds them all below $(B)/examples.
#   lab/: programs for the courses' system calls, with husk's numbers and, as classic-*, with the courses'
#   boot/: bare guests for `husk boot`, flat binaries. hello16 runs in real16, hello32 in prot32 and paged32, hello64 in long64; so do the tours.

BOOT_CC    ?= gcc
BOOT_FLAGS := -Iinclude -O1 -std=gnu17 -Wall -Wextra -Werror -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fcf-protection=none -mgeneral-regs-only -mno-red-zone -fno-builtin
BOOT_IMAGES := $(foreach p,hello tour hostile,$(p)16 $(p)32 $(p)64) climb
BOOT_LD16  := -m elf_i386 -Ttext=0x7c00
BOOT_LD32  := -m elf_i386 -Ttext=0x10000
BOOT_LD64  := -m elf_x86_64 -Ttext=0x10000

LAB_PROGRAMS := $(patsubst %.c,%,$(notdir $(wildcard examples/lab/*.c)))
# Tests of the same calls: tests/lab/ is husk's own, linux/tests/ what the patched Linux is held to as well.
LAB_TESTS    := pages log kmsg linux-cost $(patsubst linux/tests/%.c,linux-%,$(wildcard linux/tests/*.c))
LAB_FLAGS    := -Iinclude -Ilinux/tests -std=gnu17 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -pthread

.PHONY: examples
examples: $(BOOT_IMAGES:%=$(B)/examples/boot/%.bin) \
	$(foreach p,$(LAB_PROGRAMS:%=examples/lab/%) $(LAB_TESTS:%=lab/%),$(B)/$(p) $(B)/$(dir $(p))classic-$(notdir $(p)))

# lab_rule FOLDER-OF-PROGRAM PREFIX SOURCE-FOLDER: with each set of numbers
define lab_rule
$(B)/$(1)/$(2)%: $(3)/%.c include/husk/guest.h linux/tests/lab.h
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$(CC) $(LAB_FLAGS) -o $$@ $$< -lm
$(B)/$(1)/classic-$(2)%: $(3)/%.c include/husk/guest.h linux/tests/lab.h
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$(CC) $(LAB_FLAGS) -DHUSK_CLASSIC_NUMBERS -o $$@ $$< -lm
endef
$(eval $(call lab_rule,examples/lab,,examples/lab))
$(eval $(call lab_rule,lab,,tests/lab))
$(eval $(call lab_rule,lab,linux-,linux/tests))
$(eval $(call lab_rule,lab,linux-,linux/tests/kernel))

# boot_rules BITS GCC-OPTION: the rules for one width
define boot_rules
$(B)/examples/boot/%$(1).o: examples/boot/%.c examples/boot/ports.h include/husk/boot.h
	@mkdir -p $$(@D)
	$$(Q)$(BOOT_CC) $(BOOT_FLAGS) $(2) -c -o $$@ $$<
$(B)/examples/boot/%$(1).o: examples/boot/%.S include/husk/boot.h
	@mkdir -p $$(@D)
	$$(Q)$(BOOT_CC) -Iinclude -DBITS=$(1) $(3) -c -o $$@ $$<
$(B)/examples/boot/%$(1).bin: $(B)/examples/boot/%$(1).o examples/boot/boot.ld
	$$(call say,BOOT)
	$$(Q)ld $(BOOT_LD$(1)) --no-warn-rwx-segments -T examples/boot/boot.ld --oformat binary -o $$@ $$<
endef
$(eval $(call boot_rules,16,-m16,-m32))
$(eval $(call boot_rules,32,-m32,-m32))
$(eval $(call boot_rules,64,-m64,-m64))

# climb has code of all three widths: an object of the widest, linked to where a 16-bit guest starts.
$(B)/examples/boot/climb.bin: examples/boot/climb.S examples/boot/boot.ld include/husk/boot.h
	@mkdir -p $(@D)
	$(call say,BOOT)
	$(Q)$(BOOT_CC) -Iinclude -m64 -c -o $(@:.bin=.o) $< && ld -m elf_x86_64 -Ttext=0x7c00 -T examples/boot/boot.ld --oformat binary -o $@ $(@:.bin=.o)
