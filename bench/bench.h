/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the benchmark driver: what is compared, how a program is run under it, and the table of results. */
#ifndef HK_BENCH_BENCH_H
#define HK_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

enum { NATIVE, HUSK, PEER, SYSTEMS };

/* One way to run a program: the words before it. */
struct system {
	const char *name;
	const char *prefix[8];
	bool use;
	bool failed; /* said so already */
};

/* A line of the table; a value that was not measured is NaN. */
struct row {
	char section[24], name[48], unit[12];
	bool higher_is_better;
	double value[SYSTEMS];
};

struct table {
	struct row rows[128];
	size_t n;
};

struct bench {
	struct system systems[SYSTEMS];
	struct table table;
	const char *bin; /* folder of the measured programs */
	char dir[64];    /* working directory, with the file `data` */
	int runs;
};

/* run.c */
struct child {
	pid_t pid;
	int in, out; /* pipes to its standard input and from its output; -1: /dev/null */
};

double run_now(void); /* seconds */
int run_spawn(const struct system *s, const char *const *argv, bool pipes, struct child *c);
int run_wait(struct child *c);                              /* exit status, or 128 + signal */
double run_time(struct system *s, const char *const *argv); /* seconds from the start to the end, or NaN */
int run_output(struct system *s, const char *const *argv, char *out, size_t cap);
void run_failed(struct system *s, const char *const *argv, int status);

/* memory.c: of a process and all its descendants, in KiB. */
struct memory {
	double rss, peak, private_all, private_monitor;
};
int memory_of_tree(pid_t root, struct memory *m);

/* phases.c: a section of the table with two rows that are held against a target. */
#define PHASES    "husk's start-up"
#define ALL       "all, seen from outside"
#define ALL_CAGED "all, in the sandbox"
void do_phases(struct bench *b);

/* real.c */
void do_real(struct bench *b);

/* table.c */
struct row *table_row(struct table *t, const char *section, const char *name, const char *unit);
void table_best(struct row *r, int system, double value);
void table_print(const struct bench *b);
int table_json(const struct bench *b, const char *path);
double row_ratio(const struct row *r,
		 int system); /* how much more than natively: above 1 is worse, whatever the unit */
bool targets_print(const struct bench *b);

#endif
