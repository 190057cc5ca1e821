# SPDX-License-Identifier: Apache-2.0
# make bench [JSON=FILE] [BENCH='--runs 20 --only startup']: native, husk and, where installed, runsc, in one table. make bench-startup: where the time goes. make bench-clocks [MINUTES=60]: the guest's
# clocks against the host's.

BENCH_BIN  := $(B)/bench
BENCH_WORK := $(addprefix $(BENCH_BIN)/,hello hello-static nothing work inputs.sh)

$(BENCH_BIN)/hello: bench/hello.c
	@mkdir -p $(@D)
	$(CC) -O2 -o $@ $<

$(BENCH_BIN)/hello-static: bench/hello.c
	@mkdir -p $(@D)
	$(CC) -O2 -static -o $@ $<

$(BENCH_BIN)/nothing: bench/nothing.c
	@mkdir -p $(@D)
	$(CC) -O2 -static -o $@ $<

$(BENCH_BIN)/inputs.sh: bench/inputs.sh
	@mkdir -p $(@D)
	cp $< $@

$(BENCH_BIN)/work: bench/work.c bench/work_calls.c bench/work_cpu.c bench/work_threads.c bench/work_processes.c bench/work_requests.c bench/work.h
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE -I. -O2 $(WARN) -o $@ $(filter %.c,$^)

$(BENCH_BIN)/bench: bench/bench.c bench/run.c bench/memory.c bench/phases.c bench/real.c bench/table.c bench/bench.h
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE -I. -O2 $(WARN) -o $@ $(filter %.c,$^) -lm

$(BENCH_BIN)/clocks: bench/clocks.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE -O2 $(WARN) -o $@ $<

.PHONY: bench bench-startup bench-clocks
bench: $(B)/husk $(BENCH_BIN)/bench $(BENCH_WORK)
	$(BENCH_BIN)/bench --bin $(BENCH_BIN) --husk $(B)/husk $(if $(JSON),--json $(JSON)) $(BENCH)

bench-startup: $(B)/husk $(BENCH_BIN)/bench $(BENCH_WORK)
	$(BENCH_BIN)/bench --bin $(BENCH_BIN) --husk $(B)/husk --only phases $(BENCH)

bench-clocks: $(B)/husk $(BENCH_BIN)/clocks
	$(B)/husk run --unconfined -- $(BENCH_BIN)/clocks $(or $(MINUTES),60)
