/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execve and execveat: what can be run, what cannot and why, and what a program inherits from the one before it.
 * covers: execve execveat
 */
#include "t.h"

#include <sys/wait.h>

static char self[PATH_MAX];
static char *env[] = { "FROM=exec", NULL };

/* Run in a child, print how it ended: an exec that fails ends it with 200 + errno. */
#define IN_CHILD(...)                                                                                                  \
	do {                                                                                                           \
		long pid_;                                                                                             \
		int status_ = 0;                                                                                       \
		fflush(stdout);                                                                                        \
		pid_ = S(fork);                                                                                        \
		if (pid_ == 0) {                                                                                       \
			__VA_ARGS__;                                                                                   \
			fflush(stdout);                                                                                \
			_exit(99);                                                                                     \
		}                                                                                                      \
		S(wait4, pid_, &status_, 0, 0);                                                                        \
		printf("%s: %s %d\n", #__VA_ARGS__, WIFEXITED(status_) ? "exit" : "signal",                            \
		       WIFEXITED(status_) ? WEXITSTATUS(status_) : WTERMSIG(status_));                                 \
	} while (0)

#define ARGV(...) ((char *[]){ __VA_ARGS__, NULL })

static void script(const char *name, const char *text, int mode)
{
	t_file(name, text);
	MUST(chmod, name, mode);
}

/* What an executed copy of this program sees. */
static int report(int argc, char **argv)
{
	struct sigaction act;
	sigset_t set;

	for (int i = 2; i < argc; i++)
		printf("argument %d: %s\n", i, argv[i]);
	printf("FROM=%s\n", getenv("FROM") ? getenv("FROM") : "(none)");
	sigaction(SIGUSR1, NULL, &act);
	printf("SIGUSR1: %s\n", act.sa_handler == SIG_IGN ? "ignored" : act.sa_handler == SIG_DFL ? "default" : "?");
	sigaction(SIGUSR2, NULL, &act);
	printf("SIGUSR2: %s\n", act.sa_handler == SIG_IGN ? "ignored" : act.sa_handler == SIG_DFL ? "default" : "?");
	sigaction(SIGSEGV, NULL, &act);
	printf("SIGSEGV: %s\n", act.sa_handler == SIG_IGN ? "ignored" : act.sa_handler == SIG_DFL ? "default" : "?");
	sigprocmask(SIG_BLOCK, NULL, &set);
	printf("blocked: HUP %d BUS %d TERM %d\n", sigismember(&set, SIGHUP), sigismember(&set, SIGBUS),
	       sigismember(&set, SIGTERM));
	sigpending(&set);
	printf("pending: HUP %d TERM %d\n", sigismember(&set, SIGHUP), sigismember(&set, SIGTERM));
	printf("umask %03lo\n", S(umask, 0));
	printf("alarm: %s\n", S(alarm, 0) ? "runs" : "none");
	for (int fd = 3; fd < 12; fd++)
		if (S(fcntl, fd, F_GETFD) >= 0)
			printf("descriptor %d is open\n", fd);
	fflush(stdout);
	return 42;
}

static void on_signal(int sig)
{
	(void)sig;
}

static void inherit(void)
{
	struct sigaction act = { .sa_handler = SIG_IGN };
	struct rlimit lim;
	sigset_t set;

	sigaction(SIGUSR1, &act, NULL);
	sigaction(SIGSEGV, &act, NULL);
	act.sa_handler = on_signal;
	sigaction(SIGUSR2, &act, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGBUS);
	sigprocmask(SIG_BLOCK, &set, NULL);
	S(kill, getpid(), SIGHUP);
	S(umask, 031);
	S(alarm, 60);
	MUST(open, "/dev/null", O_RDONLY);
	MUST(dup2, 0, 7);
	MUST(fcntl, 0, F_DUPFD_CLOEXEC, 8);
	lim = (struct rlimit){ 1 << 20, 4 << 20 };
	setrlimit(RLIMIT_STACK, &lim);
	S(execve, self, ARGV("self", "report", "one", ""), env);
}

static void files(void)
{
	script("run.sh", "#!/bin/sh\necho script $0 \"$@\"\nexit 5\n", 0755);
	script("arg.sh", "#!/bin/sh -e\nfalse\nexit 5\n", 0755);
	script("noexec.sh", "#!/bin/sh\nexit 5\n", 0644);
	script("nointerp.sh", "#!/nonexistent/sh\n", 0755);
	script("empty", "", 0755);
	script("text", "exit 5\n", 0755);
	script("elf", "\177ELF", 0755);
	script("loop", "#!./loop\n", 0755);
	script("second", "#!./run.sh\n", 0755);
	script("dir.sh", "#!/\n", 0755);
	MUST(mkdir, "dir", 0755);
	MUST(symlink, "run.sh", "link");
	MUST(symlink, "round", "round");
	MUST(symlink, "nowhere", "dangling");
	MUST(mknod, "fifo", S_IFIFO | 0755, 0);
	IN_CHILD(T(execve, "run.sh", ARGV("x", "a", "b c"), env));
	IN_CHILD(T(execve, "./link", ARGV("x"), env));
	IN_CHILD(T(execve, "arg.sh", ARGV("x"), env));
	IN_CHILD(T(execve, "second", ARGV("x", "y"), env));
	IN_CHILD(T(execve, "noexec.sh", ARGV("x"), env));
	IN_CHILD(T(execve, "nointerp.sh", ARGV("x"), env));
	IN_CHILD(T(execve, "dir.sh", ARGV("x"), env));
	IN_CHILD(T(execve, "empty", ARGV("x"), env));
	IN_CHILD(T(execve, "text", ARGV("x"), env));
	IN_CHILD(T(execve, "elf", ARGV("x"), env));
	IN_CHILD(T(execve, "loop", ARGV("x"), env));
	IN_CHILD(T(execve, "dir", ARGV("x"), env));
	IN_CHILD(T(execve, "fifo", ARGV("x"), env));
	IN_CHILD(T(execve, "/dev/null", ARGV("x"), env));
	IN_CHILD(T(execve, "round", ARGV("x"), env));
	IN_CHILD(T(execve, "dangling", ARGV("x"), env));
	IN_CHILD(T(execve, "run.sh/x", ARGV("x"), env));
	IN_CHILD(T(execve, "", ARGV("x"), env));
	IN_CHILD(T(execve, t_name(5000), ARGV("x"), env));
}

static void strings(void)
{
	char *large = malloc(200000), **many = calloc(200001, sizeof(*many));

	memset(large, 'x', 200000);
	large[131071] = 0; /* the longest that may be */
	IN_CHILD(T(execve, "/bin/true", ARGV("x", large), env));
	large[131071] = 'x';
	large[131072] = 0;
	IN_CHILD(T(execve, "/bin/true", ARGV("x", large), env));
	for (int i = 0; i < 200000; i++)
		many[i] = "0123456789012345678901234567890123456789";
	IN_CHILD(T(execve, "/bin/true", many, env));
	IN_CHILD(T(execve, "/bin/true", ARGV("x"), many));
	IN_CHILD(T(execve, "/bin/true", NULL, NULL));
	T_BAD(t_in_opt, execve, bad, NULL, NULL);
	T_BAD(t_in_opt, execve, "/bin/true", (char **)bad, NULL);
	T_BAD(t_in_opt, execve, "/bin/true", ARGV("x"), (char **)bad);
	T_BAD(t_in_opt, execve, "/bin/true", ARGV("x", bad), NULL);
	free(large);
	free(many);
}

static void at(void)
{
	long dir = MUST(open, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), file = MUST(open, "/bin/true", O_PATH);
	long text = MUST(open, "run.sh", O_RDONLY), closing = MUST(open, "run.sh", O_RDONLY | O_CLOEXEC);

	IN_CHILD(T(execveat, dir, "run.sh", ARGV("x"), env, 0));
	IN_CHILD(T(execveat, dir, "/bin/true", ARGV("x"), env, 0));
	IN_CHILD(T(execveat, file, "", ARGV("x"), env, AT_EMPTY_PATH));
	IN_CHILD(T(execveat, file, "", ARGV("x"), env, 0));
	IN_CHILD(T(execveat, text, "", ARGV("x", "y"), env, AT_EMPTY_PATH));
	IN_CHILD(T(execveat, closing, "", ARGV("x"), env, AT_EMPTY_PATH));
	IN_CHILD(T(execveat, dir, "link", ARGV("x"), env, AT_SYMLINK_NOFOLLOW));
	IN_CHILD(T(execveat, 99, "run.sh", ARGV("x"), env, 0));
	IN_CHILD(T(execveat, 99, "", ARGV("x"), env, AT_EMPTY_PATH));
	IN_CHILD(T(execveat, file, "x", ARGV("x"), env, 0));
	IN_CHILD(T(execveat, AT_FDCWD, "", ARGV("x"), env, AT_EMPTY_PATH));
	IN_CHILD(T(execveat, dir, "run.sh", ARGV("x"), env, 0x4000));
}

/* A file that is open for writing cannot be run. */
static void busy(void)
{
	char cmd[] = "cp /bin/true busy";
	long fd;

	IN_CHILD(S(execve, "/bin/sh", ARGV("sh", "-c", cmd), env));
	fd = MUST(open, "busy", O_WRONLY);
	IN_CHILD(T(execve, "./busy", ARGV("x"), env));
	MUST(close, fd);
	IN_CHILD(T(execve, "./busy", ARGV("x"), env));
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "report"))
		return report(argc, argv);
	if (!realpath("/proc/self/exe", self))
		return 3;
	IN_CHILD(inherit());
	IN_CHILD(S(execve, "/proc/self/exe", ARGV("self", "report"), env));
	files();
	strings();
	at();
	busy();
	return t_bads ? 3 : 0;
}
