/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the measured program. */
#ifndef HK_BENCH_WORK_H
#define HK_BENCH_WORK_H

double work_now(void); /* seconds */
void work_report(const char *name, const char *unit, double value);
/* Report what one of the `times` that fn does takes, in microseconds: the best of five calls of fn, after one to warm up. */
void work_best(const char *name, void (*fn)(void), int times);
void work_die(const char *what) __attribute__((noreturn));

int work_calls(const char *dir);
int work_cpu(const char *unused);
int work_threads(const char *unused);
int work_processes(const char *unused);
int work_requests(const char *unused);

#endif
