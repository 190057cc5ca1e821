/* SPDX-License-Identifier: Apache-2.0 */
/* husk stop and husk kill: signals for running sandboxes, by way of their supervisor, which hands them on to the program. */
#include "base/units.h"
#include "cli/cli.h"
#include "monitor/monitor.h"
#include "service/registry.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STOP_NS 10000000000UL /* what docker and systemd's users are used to, about */

static int help_stop(void)
{
	puts("usage: husk stop [-t TIME] ID…\n"
	     "Send SIGTERM to the program of each of these sandboxes (see husk ps); kill what has not ended after TIME "
	     "(10 s).\n\n"
	     "  -t TIME  such as 5, 500ms or 1m\n"
	     "  --help   this text");
	return 0;
}

static int help_kill(void)
{
	puts("usage: husk kill [-s SIGNAL] ID…\n"
	     "Send SIGNAL (KILL) to the program of each of these sandboxes (see husk ps). KILL ends all of the "
	     "sandbox.\n\n"
	     "  -s SIGNAL  a name such as HUP or SIGUSR1, or a number\n"
	     "  --help     this text");
	return 0;
}

static int send(int fd, int sig)
{
	/* It may have ended by itself meanwhile. */
	return syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0) && errno != ESRCH ? -errno : 0;
}

/* Until the sandbox is over; false: it is not, after that time. */
static bool ended(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

/* One sandbox: `sig`, and with a time SIGKILL after it. Returns the exit status. */
static int signal_one(const char *id, int sig, int ms)
{
	struct sandbox s;
	struct hk_err err;
	HK_CLOSE int fd = registry_open(id, &s, &err);
	int r;

	if (fd < 0)
		return cli_fail(HUSK_EXIT_FAILURE, "%s", err.text);
	r = send(fd, sig);
	if (r == 0 && ms >= 0 && !ended(fd, ms))
		r = send(fd, SIGKILL);
	if (r)
		return cli_fail(HUSK_EXIT_FAILURE, "cannot send a signal to %s: %s", id, strerror(-r));
	if (ms >= 0 || sig == SIGKILL)
		(void)ended(fd, -1);
	return 0;
}

static int signal_all(char **ids, int sig, int ms)
{
	int status = 0;

	for (; *ids; ids++)
		status = signal_one(*ids, sig, ms) ?: status;
	return status;
}

/* A signal by name or number; 0 if it is none. */
static int signal_of(const char *s)
{
	const char *name = strncasecmp(s, "SIG", 3) ? s : s + 3;

	if (isdigit((unsigned char)*s)) {
		char *end;
		unsigned long n = strtoul(s, &end, 10);

		return *end || n >= NSIG ? 0 : (int)n;
	}
	for (int sig = 1; sig < NSIG; sig++)
		if (sigabbrev_np(sig) && !strcasecmp(sigabbrev_np(sig), name))
			return sig;
	return 0;
}

/* What stops or continues a process concerns the supervisor itself and would not reach the program. */
static bool is_passed_on(int sig)
{
	return sig != SIGSTOP && sig != SIGTSTP && sig != SIGTTIN && sig != SIGTTOU && sig != SIGCONT && sig != SIGCHLD;
}

static bool asks_help(int argc, char **argv)
{
	return argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"));
}

/* The value of the one option that the command has; argv then begins with the ids. NULL: not given; "": there is none behind it. */
static const char *option_of(char ***argv, const char *option)
{
	const char *value;

	(*argv)++;
	if (!**argv || strcmp(**argv, option))
		return NULL;
	(*argv)++;
	value = **argv ? **argv : "";
	*argv += **argv != NULL;
	return value;
}

int cmd_stop(int argc, char **argv)
{
	uint64_t ns = STOP_NS;
	const char *value;

	if (asks_help(argc, argv))
		return help_stop();
	value = option_of(&argv, "-t");
	if (value && (hk_parse_duration(value, &ns) || ns > 86400000000000))
		return cli_fail(HUSK_EXIT_FAILURE, "-t %s: not a duration such as 5, 500ms or 1m, a day at most",
				value);
	if (!*argv || **argv == '-')
		return cli_fail(HUSK_EXIT_FAILURE, "no sandbox given; see husk stop --help");
	return signal_all(argv, SIGTERM, (int)(ns / 1000000));
}

int cmd_kill(int argc, char **argv)
{
	const char *value;
	int sig = SIGKILL;

	if (asks_help(argc, argv))
		return help_kill();
	value = option_of(&argv, "-s");
	if (value && !(sig = signal_of(value)))
		return cli_fail(HUSK_EXIT_FAILURE, "-s %s: not a signal such as TERM, SIGHUP or 10", value);
	if (!is_passed_on(sig))
		return cli_fail(HUSK_EXIT_FAILURE, "-s %s: signals of job control do not reach the program", value);
	if (!*argv || **argv == '-')
		return cli_fail(HUSK_EXIT_FAILURE, "no sandbox given; see husk kill --help");
	return signal_all(argv, sig, -1);
}
