/* SPDX-License-Identifier: Apache-2.0 */
/* husk syscalls scan, husk syscalls observe: the system calls that a program can make, and those that it made, as a list or as a profile. */
#include "cli/cli.h"
#include "monitor/monitor.h"
#include "scan/scan.h"
#include "syscalls/table.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int help(void)
{
	puts("usage: husk syscalls scan [-o FILE] PROGRAM…\n"
	     "       husk syscalls observe [-o FILE] [OPTIONS OF husk run] [--] PROGRAM [ARGS…]\n"
	     "List the system calls that the programs and their libraries can make, found without running them, or "
	     "those that\n"
	     "PROGRAM makes when it runs in husk.\n\n"
	     "  -o FILE  write them as a profile too, for husk run --profile and make CONFIG=\n"
	     "  --help   this text\n\n"
	     "scan says where a number could not be found; then the profile may lack calls, and observe tells more.\n"
	     "observe is husk run --learn: it writes a profile in any case, and ends with the program's exit "
	     "status.");
	return 0;
}

static FILE *open_profile(const char *file, const char *how, const char *program)
{
	FILE *f = fopen(file, "we");

	if (f)
		fprintf(f, "# %s %s\n*=n\n", how, program);
	return f;
}

/* Close it; 0, or the exit status of a failure. f may be NULL where file is. */
static int close_profile(FILE *f, const char *file)
{
	bool bad;

	if (!f)
		return file ? cli_fail(HUSK_EXIT_FAILURE, "cannot write %s: %s", file, strerror(errno)) : 0;
	bad = ferror(f) != 0;
	return fclose(f) || bad ? cli_fail(HUSK_EXIT_FAILURE, "cannot write %s: %s", file, strerror(errno)) : 0;
}

static void put_profile_line(FILE *f, uint64_t nr)
{
	const struct hk_syscall_info *info = hk_syscall_info(nr);

	if (f && info)
		fprintf(f, "%s=y\n", info->name);
	else if (f)
		fprintf(f, "# %lu, which this husk has no name for\n", nr);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void put_site(FILE *out, const struct scan_site *site)
{
	fprintf(out, "%s %#lx", base_name(site->file), site->address);
	if (*site->symbol)
		fprintf(out, " %s+%#lx", site->symbol, site->offset);
	fputc('\n', out);
}

static unsigned put_calls(const struct scan *s, FILE *profile)
{
	struct scan_site site;
	unsigned n = 0;
	uint64_t nr;

	for (; scan_call(s, n, &nr, &site); n++) {
		const struct hk_syscall_info *info = hk_syscall_info(nr);

		printf("%5lu %-24s ", nr, info ? info->name : "?");
		put_site(stdout, &site);
		put_profile_line(profile, nr);
	}
	return n;
}

static void put_doubts(const struct scan *s, FILE *profile)
{
	struct scan_site site;
	const char *file;

	for (unsigned i = 0; scan_unresolved(s, i, &site); i++) {
		fputs("not resolved: ", stdout);
		put_site(stdout, &site);
		if (profile) {
			fputs("# not resolved: ", profile);
			put_site(profile, &site);
		}
	}
	for (unsigned i = 0; scan_loads(s, i, &file); i++) {
		printf("loads more at run time: %s\n", file);
		if (profile)
			fprintf(profile, "# loads more at run time: %s\n", file);
	}
}

/* A name without a slash is looked up in PATH, as husk run does. */
static const char *in_path(const char *name, char out[PATH_MAX])
{
	const char *path = getenv("PATH");

	for (const char *p = strchr(name, '/') ? NULL : path; p && *p;) {
		size_t len = strcspn(p, ":");

		snprintf(out, PATH_MAX, "%.*s/%s", (int)len, p, name);
		if (len && access(out, X_OK) == 0)
			return out;
		p += len + (p[len] == ':');
	}
	return name;
}

static int scan_programs(struct scan *s, char **programs, const char *file)
{
	struct hk_err err = { 0 };
	struct scan_figures figures;
	FILE *profile = NULL;
	char path[PATH_MAX];
	unsigned n;

	if (!s)
		return cli_fail(HUSK_EXIT_FAILURE, "out of memory");
	for (char **p = programs; *p; p++)
		if (scan_add(s, in_path(*p, path), &err))
			return cli_fail(HUSK_EXIT_FAILURE, "%s", err.text);
	if (scan_run(s))
		return cli_fail(HUSK_EXIT_FAILURE, "out of memory");
	if (file)
		profile = open_profile(file, "husk syscalls scan", programs[0]);
	n = put_calls(s, profile);
	put_doubts(s, profile);
	figures = scan_figures(s);
	printf("%u system calls, from %u places in %u of %u functions of %u files\n", n, figures.sites, figures.reached,
	       figures.functions, figures.files);
	return close_profile(profile, file);
}

/* A run with --learn; options of husk run may stand before the program. */
static int observe(char **argv, const char *file)
{
	size_t n = 0;
	char **args, *option = NULL;
	int status;

	while (argv[n])
		n++;
	args = calloc(n + 3, sizeof(*args));
	if (!args || asprintf(&option, "--learn=%s", file ? file : "-") < 0) {
		free(args);
		return cli_fail(HUSK_EXIT_FAILURE, "out of memory");
	}
	args[0] = (char[]){ "run" };
	args[1] = option;
	memcpy(args + 2, argv, n * sizeof(*args));
	status = cmd_run((int)n + 2, args);
	free(option);
	free(args);
	return status;
}

int cmd_scan(int argc, char **argv)
{
	const char *file = NULL;
	struct scan *s;
	int i = 1, status;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return help();
	if (argc > 2 && !strcmp(argv[1], "-o")) {
		file = argv[2];
		i = 3;
	}
	if (!strcmp(argv[0], "observe"))
		return observe(argv + i, file);
	if (i < argc && !strcmp(argv[i], "--"))
		i++;
	else if (i < argc && argv[i][0] == '-')
		return cli_fail(HUSK_EXIT_FAILURE, "unknown or ill-used option %s; see husk syscalls scan --help",
				argv[i]);
	if (i >= argc)
		return cli_fail(HUSK_EXIT_FAILURE, "no program given; try husk syscalls scan ls");
	s = scan_new();
	status = scan_programs(s, argv + i, file);
	scan_free(s);
	return status;
}
