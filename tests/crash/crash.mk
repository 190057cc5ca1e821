# SPDX-License-Identifier: Apache-2.0
# What husk says of programs that crash; included by the Makefile.
#   make crash-check      tests/crash/run-crash with the husk that was built

C := $(B)/crash
CRASHER_CFLAGS := -g -O1 -fno-omit-frame-pointer -Wall -Wextra -Wno-infinite-recursion

CRASHERS := $(addprefix $(C)/crasher-,static static-pie dynamic plain frames)

.PHONY: crash-check
crash-check: $(B)/husk $(B)/husk-backtrace.so $(CRASHERS) $(C)/native $(C)/husk-backtrace.so
	tests/crash/run-crash $(B)/husk $(C)

$(C)/crasher-static: CRASHER_LINK := -static
$(C)/crasher-static-pie: CRASHER_LINK := -static-pie
$(C)/crasher-dynamic: CRASHER_LINK := -fPIE -pie
# Without debug information; without call-frame information either, so that only frame pointers lead from frame to frame.
$(C)/crasher-plain: CRASHER_LINK := -g0 -fomit-frame-pointer
$(C)/crasher-frames: CRASHER_LINK := -g0 -fno-asynchronous-unwind-tables -fno-unwind-tables

$(C)/crasher-%: tests/crash/crasher.c
	@mkdir -p $(@D)
	gcc $(CRASHER_CFLAGS) $(CRASHER_LINK) -o $@ $<

# Not with the sanitizers of MODE=asan: it traces other programs and opens the plug-in from outside husk.
$(C)/native: tests/crash/native.c src/crash/backtrace.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -O1 -g -std=gnu17 $(WARN) -o $@ $< -ldl
$(C)/husk-backtrace.so: $(PLUGIN) src/crash/backtrace.h src/crash/session.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -O2 -g -std=gnu17 $(WARN) -fvisibility=hidden -fPIC -shared -o $@ $(PLUGIN) -ldw -lelf
