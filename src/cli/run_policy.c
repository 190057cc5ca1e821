/* SPDX-License-Identifier: Apache-2.0 */
/* husk run's options about system calls: --deny, --allow-only, --deny-action, and files of them (--profile). */
#include "cli/cli.h"
#include "cli/run_options.h"

#include "syscalls/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int set_action(struct sandbox_args *s, const char *value)
{
	static const char *const names[] = {
		[CALL_ERRNO] = "errno", [CALL_ENOSYS] = "enosys", [CALL_LOG] = "log", [CALL_KILL] = "kill"
	};

	for (size_t i = CALL_ERRNO; i < HK_ARRAY_LEN(names); i++)
		if (!strcmp(value, names[i])) {
			s->deny_action = (int)i;
			return 0;
		}
	return cli_bad("deny-action", value, "not one of errno, enosys, kill, log");
}

/* A list of names, the later ones added to the earlier. */
static int add_list(char **to, const char *value)
{
	char *both;

	if (asprintf(&both, "%s%s%s", *to ? *to : "", *to ? "," : "", value) < 0)
		return cli_fail(HUSK_EXIT_FAILURE, "out of memory");
	free(*to);
	*to = both;
	return 0;
}

/*
 * A line of a build's configuration (configs/): `*=n` leaves out all that no `call=y` names, `call=n` that call; what is left out answers as in a build without it.
 * False if the line is none.
 */
static bool take_config(struct sandbox_args *s, char *word, int *r)
{
	char *equals = strchr(word, '=');

	if (!equals || (strcmp(equals, "=y") && strcmp(equals, "=n")))
		return false;
	*equals = '\0';
	*r = 0;
	if (!s->deny_action)
		s->deny_action = CALL_ENOSYS;
	if (!strcmp(word, "*"))
		*r = equals[1] == 'n' && !s->allow_only ? add_list(&s->allow_only, "exit") : 0;
	else if (equals[1] == 'n')
		*r = add_list(&s->deny, word);
	else if (s->allow_only)
		*r = add_list(&s->allow_only, word);
	return true;
}

/* "allow-only LIST", "deny LIST", "action NAME"; empty lines and what follows a # do not count. */
static int take_line(struct sandbox_args *s, const char *file, unsigned number, char *line)
{
	char *save, *word, *value;
	int r;

	line[strcspn(line, "#\n")] = '\0';
	word = strtok_r(line, " \t", &save);
	value = word ? strtok_r(NULL, " \t", &save) : NULL;
	if (!word || (!value && take_config(s, word, &r)))
		return word ? r : 0;
	if (value && !strtok_r(NULL, " \t", &save)) {
		if (!strcmp(word, "allow-only"))
			return add_list(&s->allow_only, value);
		if (!strcmp(word, "deny"))
			return add_list(&s->deny, value);
		if (!strcmp(word, "action"))
			return set_action(s, value);
	}
	return cli_fail(HUSK_EXIT_FAILURE,
			"%s:%u: not 'allow-only LIST', 'deny LIST', 'action errno|enosys|kill|log', call=y or call=n",
			file, number);
}

static int take_profile(struct sandbox_args *s, const char *file)
{
	FILE *f = fopen(file, "re");
	char *line = NULL;
	size_t cap = 0;
	int r = 0;

	if (!f)
		return cli_bad("profile", file, strerror(errno));
	for (unsigned number = 1; r == 0 && getline(&line, &cap, f) > 0; number++)
		r = take_line(s, file, number, line);
	free(line);
	fclose(f);
	return r;
}

int policy_option(struct sandbox_args *s, int id, char *value)
{
	switch (id) {
	case OPT_DENY:
		return add_list(&s->deny, value);
	case OPT_ALLOW_ONLY:
		return add_list(&s->allow_only, value);
	case OPT_DENY_ACTION:
		return set_action(s, value);
	case OPT_PROFILE:
		return take_profile(s, value);
	default:
		return -1;
	}
}

int policy_finish(struct monitor_options *o, struct sandbox_args *s)
{
	enum call_action action = s->deny_action ? (enum call_action)s->deny_action : CALL_ERRNO;
	const char *word = "";
	size_t len = 0;
	int r = s->allow_only ? policy_allow_only(&o->policy, s->allow_only, action, &word, &len) : 0;

	if (r == 0 && s->deny)
		r = policy_deny(&o->policy, s->deny, action, &word, &len);
	/* What is answered inside the virtual machine would not be asked about. */
	if (o->policy.on)
		o->patch = false;
	return r ? cli_fail(HUSK_EXIT_FAILURE,
			    "--deny, --allow-only: '%.*s' is no system call and no class; see husk syscalls", (int)len,
			    word)
		 : 0;
}
