# SPDX-License-Identifier: Apache-2.0
# Guest programs and `make check`; included by the Makefile. A new tests/guest/X.c needs no line here (tests/guest/README.md).
#   make guests       build every guest program in every variant, below $(B)/guest
#   make check-guests run them natively and in husk and compare
#   make check        all tests; the last line is "N passed, N failed"

GUEST_CC    ?= gcc
GUEST_MUSL  ?= musl-gcc
# musl-gcc hides the kernel's headers.
GUEST_MUSL_INC := -idirafter /usr/include -idirafter /usr/include/$(shell $(GUEST_CC) -print-multiarch)
GUEST_FLAGS := -D_GNU_SOURCE -std=gnu17 -O1 -g -Wall -Wextra -Werror

GUESTS         := $(patsubst tests/guest/%.c,%,$(wildcard tests/guest/*.c))
GUEST_VARIANTS := dyn nopie static spie musl

.PHONY: guests check check-guests
guests: $(B)/guest/runner $(foreach v,$(GUEST_VARIANTS),$(GUESTS:%=$(B)/guest/$(v)/%))
check-guests: all guests
	tests/run-guests --build $(B)
check:
	@tests/check

# Static, since it starts a thousand times.
$(B)/guest/runner: tests/guest-runner.c
	@mkdir -p $(@D) && $(GUEST_CC) $(GUEST_FLAGS) -static -o $@ $<
GUEST_RULE = @mkdir -p $(@D) && $(1) $(GUEST_FLAGS) -o $@ $< -lm
$(B)/guest/dyn/%: tests/guest/%.c $(wildcard tests/guest/*.h)
	$(call GUEST_RULE,$(GUEST_CC) -fPIE -pie)
$(B)/guest/nopie/%: tests/guest/%.c $(wildcard tests/guest/*.h)
	$(call GUEST_RULE,$(GUEST_CC) -no-pie -fno-pie)
$(B)/guest/static/%: tests/guest/%.c $(wildcard tests/guest/*.h)
	$(call GUEST_RULE,$(GUEST_CC) -static -no-pie)
$(B)/guest/spie/%: tests/guest/%.c $(wildcard tests/guest/*.h)
	$(call GUEST_RULE,$(GUEST_CC) -static-pie -fPIE)
$(B)/guest/musl/%: tests/guest/%.c $(wildcard tests/guest/*.h)
	$(call GUEST_RULE,$(GUEST_MUSL) -static $(GUEST_MUSL_INC))
