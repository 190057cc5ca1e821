# SPDX-License-Identifier: Apache-2.0
# Unit tests and fuzzers; included by the Makefile. A new tests/unit/test_X.c or tests/fuzz/fuzz_X.c needs no line here.
#   make unit                     every tests/unit/test_*.c, under AddressSanitizer and UBSan
#   make fuzz FUZZ_SECONDS=60     every tests/fuzz/fuzz_*.c that long, with libFuzzer (clang); FUZZ_ONLY=elf: just that one
#   make fuzz-short               the same for a few seconds each
# Both link an archive of all of src/ but cli/main.c and vmm/, so that a test pulls in just what it names and needs no /dev/kvm.
# Other files of tests/unit/ are helpers that any test may use. tests/fuzz/seeds_X.c or seeds_X.sh makes seeds for fuzz_X.

FUZZ_CC            ?= clang
FUZZ_SECONDS       ?= 60
FUZZ_SHORT_SECONDS ?= 5
FUZZ_ONLY          ?= *

TESTABLE := $(filter-out src/cli/main.c src/vmm/%,$(SRCS))
SAN      := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
# Sanitizers make poor guesses about what may be uninitialised: those warnings are the plain build's.
TEST_CFLAGS = $(CPPFLAGS) -Itests/unit $(filter-out -O%,$(CFLAGS)) -Wno-maybe-uninitialized -Wno-unknown-warning-option $(SAN)

U       := $(B)/unit
F       := $(B)/fuzz
HELPERS := $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))
TESTS   := $(patsubst tests/unit/%.c,$(U)/%,$(wildcard tests/unit/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(F)/%,$(wildcard tests/fuzz/fuzz_$(FUZZ_ONLY).c))
# Helpers of fuzzers: tests/fuzz/*.c of other names, and those of the unit tests that are no use of cmocka.
FUZZ_HELPERS := tests/unit/fake_cpu.c $(filter-out tests/fuzz/fuzz_% tests/fuzz/seeds_%,$(wildcard tests/fuzz/*.c))
SEEDERS := $(patsubst tests/fuzz/%.c,$(F)/%,$(wildcard tests/fuzz/seeds_$(FUZZ_ONLY).c))

.PHONY: unit fuzz fuzz-short
unit: $(TESTS)
	tests/run-unit $(TESTS)
fuzz: $(FUZZERS) $(SEEDERS)
	tests/run-fuzz $@ $(FUZZ_SECONDS) $(FUZZERS)
fuzz-short: $(FUZZERS) $(SEEDERS)
	tests/run-fuzz $@ $(FUZZ_SHORT_SECONDS) $(FUZZERS)

$(U)/src.a: $(TESTABLE:src/%=$(U)/obj/%.o)
$(U)/helpers.a: $(HELPERS:tests/unit/%=$(U)/helpers/%.o)
$(F)/src.a: $(TESTABLE:src/%=$(F)/obj/%.o)
$(F)/helpers.a: $(FUZZ_HELPERS:tests/%=$(F)/helpers/%.o)
$(U)/src.a $(U)/helpers.a $(F)/src.a $(F)/helpers.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^

$(U)/test_%: tests/unit/test_%.c $(U)/helpers.a $(U)/src.a
	$(CC) $(TEST_CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(U)/helpers.a $(U)/src.a -lcmocka $(LDLIBS)
$(U)/obj/%.o: src/%
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -MMD -MP -c -o $@ $<
$(U)/helpers/%.o: tests/unit/%
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -MMD -MP -c -o $@ $<

# jail.c looks at each host call first.
$(F)/fuzz_syscalls: WRAP := -Wl,--wrap=hk_hostcall6,--wrap=hk_hostcall6_sure
$(F)/fuzz_%: tests/fuzz/fuzz_%.c $(F)/helpers.a $(F)/src.a
	$(FUZZ_CC) $(TEST_CFLAGS) -fsanitize=fuzzer -MMD -MP -MF $@.d $(LDFLAGS) $(WRAP) -o $@ $< $(F)/helpers.a $(F)/src.a $(LDLIBS)
$(F)/seeds_%: tests/fuzz/seeds_%.c $(U)/helpers.a $(U)/src.a
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(U)/helpers.a $(U)/src.a $(LDLIBS)
$(F)/helpers/%.o: tests/%
	@mkdir -p $(@D)
	$(FUZZ_CC) $(TEST_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<
$(F)/obj/%.o: src/%
	@mkdir -p $(@D)
	$(FUZZ_CC) $(TEST_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

-include $(shell find $(U) $(F) -name '*.d' 2>/dev/null)
