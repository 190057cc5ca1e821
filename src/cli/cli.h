/* SPDX-License-Identifier: Apache-2.0 */
/* husk's commands. Each is one file, cmd_<name>.c, and one line of the table in main.c. */
#ifndef HK_CLI_CLI_H
#define HK_CLI_CLI_H

/* argv[0] is the command's name. Returns the exit status. */
int cmd_run(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_syscalls(int argc, char **argv);
int cmd_scan(int argc, char **argv); /* for cmd_syscalls: argv[0] is scan or observe */
int cmd_boot(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_lab(int argc, char **argv);
int cmd_ps(int argc, char **argv);
int cmd_log(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_kill(int argc, char **argv);
int cmd_wait(int argc, char **argv);

/* "husk: …" on standard error, one line. Returns status. */
int cli_fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
