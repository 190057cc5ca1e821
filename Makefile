# SPDX-License-Identifier: Apache-2.0
# husk. `make` builds build/husk. The other targets are listed by `make help`.
#   MODE=rel (default) | dbg | asan | tsan (clang; guests below 512 GiB, run with --no-aslr)     CC=gcc|clang     WERROR=1 makes warnings errors     V=1 shows the commands
#   CONFIG=full (default) | typical | minimal | FILE: which system calls are in the build (configs/, docs/lab/modular.md); it goes to build/CONFIG

MODE    ?= rel
CONFIG  ?= full
VERSION := $(shell cat VERSION)
B       := build$(if $(filter-out rel,$(MODE)),/$(MODE))$(if $(filter-out full,$(CONFIG)),/$(notdir $(CONFIG)))
PREFIX  ?= /usr/local

# One short line a file, unless V=1.
Q        := $(if $(V),,@)
say       = $(if $(V),,@printf '  %-5s %s\n' $(1) $@;)

WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wundef -Wvla
WARN     += $(if $(WERROR),-Werror)
CPPFLAGS += -D_GNU_SOURCE -DHK_VERSION='"$(VERSION)"' -Isrc -Iinclude
CFLAGS   ?= -O2 -g
CFLAGS   += -std=gnu17 -fPIE -fvisibility=hidden -fno-strict-aliasing -ffunction-sections -fdata-sections $(WARN)
LDFLAGS  += -pie -Wl,-z,relro -Wl,-z,now -Wl,--gc-sections
LDLIBS   := -lZydis -lpthread -ldl

ifeq ($(MODE),dbg)
CFLAGS += -O0 -g3
else ifeq ($(MODE),asan)
CFLAGS  += -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
else ifeq ($(MODE),tsan)
CPPFLAGS += -DHK_SMALL_GUEST
CFLAGS   += -O1 -fsanitize=thread -fno-omit-frame-pointer
LDFLAGS  += -fsanitize=thread
else ifneq ($(MODE),rel)
$(error MODE=$(MODE) is not one of rel, dbg, asan, tsan)
endif

# The rows of table.def that the configuration keeps; a handler that none of them names is not linked.
ifneq ($(CONFIG),full)
ROWS     := $(B)/gen/syscalls/rows.def
CPPFLAGS := -I$(B)/gen -DHK_CONFIG='"$(notdir $(CONFIG))"' $(CPPFLAGS)
$(ROWS): $(if $(wildcard $(CONFIG)),$(CONFIG),configs/$(CONFIG)) src/syscalls/table.def tools/config-table
	@mkdir -p $(@D)
	$(call say,GEN)
	$(Q)tools/config-table $< >$@.new && mv $@.new $@
endif

# Every folder of src/ goes into husk but the back-trace plug-in.
PLUGIN := $(addprefix src/crash/,backtrace.c fold.c session.c)
DIRS := base guest mm gate kern procfs syscalls loader vmm trace crash profile jail inspect monitor boot scan lab service cli
SRCS := $(filter-out $(PLUGIN),$(wildcard $(DIRS:%=src/%/*.c) $(DIRS:%=src/%/*.S)))
OBJS := $(SRCS:src/%=$(B)/obj/%.o)

.DEFAULT_GOAL := all
.PHONY: all clean
all: $(B)/husk $(B)/husk-backtrace.so

$(B)/husk: $(OBJS)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/husk-backtrace.so: $(PLUGIN) src/crash/backtrace.h src/crash/session.h
	@mkdir -p $(B)/obj
	$(call say,LD)
	$(Q)$(CC) $(CPPFLAGS) $(filter-out -fPIE,$(CFLAGS)) -fPIC -shared -o $@ $(PLUGIN) -ldw -lelf

$(B)/obj/%.c.o: src/%.c | $(ROWS)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/obj/%.S.o: src/%.S
	@mkdir -p $(@D)
	$(call say,AS)
	$(Q)$(CC) $(CPPFLAGS) -g -MMD -MP -c -o $@ $<

include examples/examples.mk
-include tests/tests.mk tests/check.mk tests/crash/crash.mk bench/bench.mk linux/linux.mk

# ---- using it ----

.PHONY: help demo menuconfig install uninstall clean
# What the build needs is installed first (apt), then a real program runs in a VM.
demo:
	tools/setup build
	$(MAKE) all
	$(B)/husk run -- /bin/sh -c 'echo "hello from a virtual machine: $$((6 * 7))"'
	$(B)/husk run -- ls -l /

# The system calls of a build by menus, into husk.config: make menuconfig, make CONFIG=husk.config. MENU=FILE: another file.
menuconfig:
	tools/setup menu
	tools/menuconfig $(or $(MENU),husk.config)

install: all
	install -D -m 755 $(B)/husk $(DESTDIR)$(PREFIX)/bin/husk
	install -D -m 755 $(B)/husk-backtrace.so $(DESTDIR)$(PREFIX)/lib/husk/husk-backtrace.so
	install -D -m 644 docs/husk.1 $(DESTDIR)$(PREFIX)/share/man/man1/husk.1
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/include/husk include/husk/boot.h include/husk/guest.h
	install -D -m 644 completion/husk.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/husk

uninstall:
	rm -rf $(DESTDIR)$(PREFIX)/lib/husk $(DESTDIR)$(PREFIX)/include/husk
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,bin/husk share/man/man1/husk.1 share/bash-completion/completions/husk)

help:
	@echo 'make             build/husk (MODE=rel|dbg|asan, CC=gcc|clang, WERROR=1)'
	@echo '                 CONFIG=typical|minimal|FILE: with fewer system calls, in build/CONFIG'
	@echo 'make menuconfig  choose the system calls of a build by menus; it goes to husk.config, for CONFIG='
	@echo 'make demo        install what the build needs, build, run a real program in a VM'
	@echo 'make check       install what the tests need, run them all (unit, fuzz-short, check-guests: parts of it)'
	@echo 'make examples    the example programs, among them guests for husk boot'
	@echo 'make bench       husk : native : peer, in one run; JSON=FILE; bench-startup, bench-clocks: the parts of a start, the clocks for an hour'
	@echo 'make linux       a Linux kernel with make_vcpu, get_ptree and mapspages, for QEMU; then check-linux, linux-shell, linux-bench'
	@echo 'make fuzz        each fuzzer for FUZZ_SECONDS'
	@echo 'make install     below PREFIX ($(PREFIX)), DESTDIR honoured; make uninstall takes it away'

clean:
	rm -rf build

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
