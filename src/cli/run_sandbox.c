/* SPDX-License-Identifier: Apache-2.0 */
/* husk run's options about the sandbox: what is shown of files, who the guest is. */
#include "base/units.h"
#include "cli/cli.h"
#include "cli/run_options.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define USER_MAX 0xfffffffeUL

int cli_bad(const char *option, const char *value, const char *want)
{
	return cli_fail(HUSK_EXIT_FAILURE, "--%s %s: %s", option, value, want);
}

static struct jail_mount *new_mount(struct sandbox_args *s, enum jail_mount_kind kind)
{
	struct jail_mount *m = s->count < SANDBOX_MOUNTS_MAX ? &s->mount[s->count++] : NULL;

	if (m)
		*m = (struct jail_mount){ .kind = kind };
	else
		cli_fail(HUSK_EXIT_FAILURE, "more than %d of --ro, --rw and --tmpfs", SANDBOX_MOUNTS_MAX);
	return m;
}

/* SRC[:DST]. Without DST the place in the sandbox is the same as outside. */
static int add_bind(struct sandbox_args *s, enum jail_mount_kind kind, char *value)
{
	const char *option = kind == JAIL_RW ? "rw" : "ro";
	struct jail_mount *m = new_mount(s, kind);
	char *colon = strrchr(value, ':'), real[PATH_MAX];

	if (!m)
		return HUSK_EXIT_FAILURE;
	if (colon && colon[1] != '/')
		return cli_bad(option, value, "the place in the sandbox behind ':' must be an absolute path");
	if (colon)
		*colon = '\0';
	if (!realpath(value, real))
		return cli_bad(option, value, strerror(errno));
	m->src = value;
	m->dst = colon ? colon + 1 : strdup(real);
	return m->dst ? 0 : cli_fail(HUSK_EXIT_FAILURE, "out of memory");
}

static int add_tmpfs(struct sandbox_args *s, char *value)
{
	struct jail_mount *m = new_mount(s, JAIL_TMPFS);
	char *colon = strrchr(value, ':');

	if (!m)
		return HUSK_EXIT_FAILURE;
	if (value[0] != '/')
		return cli_bad("tmpfs", value, "not an absolute path");
	if (colon && (hk_parse_size(colon + 1, &m->size) || !m->size))
		return cli_bad("tmpfs", value, "not a size such as 64M behind ':'");
	if (colon)
		*colon = '\0';
	m->dst = value;
	return 0;
}

/* UID[:GID], numbers. Without a GID it is the same number. */
static int set_user(struct jail_options *j, const char *value)
{
	char *end;
	unsigned long uid = strtoul(value, &end, 10), gid = uid;

	if (*end == ':')
		gid = strtoul(end + 1, &end, 10);
	if (*end || value[0] < '0' || value[0] > '9' || uid > USER_MAX || gid > USER_MAX)
		return cli_bad("user", value, "not UID or UID:GID in numbers");
	j->has_user = true;
	j->uid = (uid_t)uid;
	j->gid = (gid_t)gid;
	return 0;
}

int sandbox_option(struct monitor_options *o, struct sandbox_args *s, int id, char *value)
{
	struct jail_options *j = &o->jail;

	switch (id) {
	case OPT_ROOT:
		j->root = value;
		return 0;
	case OPT_RO:
		return add_bind(s, JAIL_RO, value);
	case OPT_RW:
		return add_bind(s, JAIL_RW, value);
	case OPT_TMPFS:
		return add_tmpfs(s, value);
	case OPT_OVERLAY:
		j->overlay = true;
		j->overlay_dir = value;
		return 0;
	case OPT_READ_ONLY:
		j->read_only = true;
		return 0;
	case OPT_HOSTNAME:
		j->hostname = value;
		return strlen(value) <= 64 && value[0] ? 0 : cli_bad("hostname", value, "not 1 to 64 characters");
	case OPT_USER:
		return set_user(j, value);
	case OPT_UNCONFINED:
		j->unconfined = true;
		return 0;
	case OPT_SHOW_CAGE:
		s->show = true;
		return 0;
	default:
		return policy_option(s, id, value);
	}
}

int sandbox_finish(struct monitor_options *o, struct sandbox_args *s)
{
	struct jail_options *j = &o->jail;

	j->mount = s->mount;
	j->mount_count = s->count;
	j->mem = o->mem;
	j->timeout_ns = o->timeout_ns;
	j->program = o->argv ? o->argv[0] : NULL;
	if (j->unconfined && (s->count || j->root || j->overlay || j->read_only || j->hostname || j->has_user))
		return cli_fail(HUSK_EXIT_FAILURE, "--unconfined does not go with options that describe the sandbox");
	return policy_finish(o, s);
}
