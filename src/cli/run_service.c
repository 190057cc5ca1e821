/* SPDX-License-Identifier: Apache-2.0 */
/* Options of husk run about a sandbox as something that goes on: its name, who is told of it, and going on without its caller. */
#include "cli/cli.h"
#include "cli/run_options.h"
#include "service/ready.h"

#include <stdio.h>

int service_option(struct service_args *c, int id, char *value)
{
	switch (id) {
	case OPT_NAME:
		c->registration.name = value;
		return registry_name_ok(value)
			       ? 0
			       : cli_bad("name", value, "not a letter, then up to 62 letters, digits, '.', '_' or '-'");
	case OPT_PIDFILE:
		c->registration.pidfile = value;
		return 0;
	case OPT_DETACH:
		c->detach = true;
		return 0;
	case OPT_OUTPUT:
		c->output = value;
		return 0;
	case OPT_READY:
		return cli_number(&c->port, "ready-when-listening", value, 1, 65535);
	default:
		return -1;
	}
}

static int sandbox_begun(void *arg, pid_t init, struct hk_err *err)
{
	struct service_args *c = arg;
	int r = registry_enter(&c->registration, init, err);

	if (r == 0)
		detach_reached(&c->detachment, DETACH_LISTED);
	return r;
}

static void sandbox_over(void *arg, int status)
{
	struct service_args *c = arg;

	registry_leave(&c->registration, status);
}

static void program_loaded(void *arg)
{
	struct service_args *c = arg;

	detach_reached(&c->detachment, DETACH_LOADED);
}

int service_finish(struct monitor_options *o, struct service_args *c)
{
	struct registration *r = &c->registration;
	struct hk_err err;

	if (o->jail.unconfined && (r->name || r->pidfile || c->detach))
		return cli_fail(HUSK_EXIT_FAILURE,
				"--name, --pidfile and --detach need a sandbox: not with --unconfined");
	if ((c->output || c->port) && !c->detach)
		return cli_fail(HUSK_EXIT_FAILURE, "--output and --ready-when-listening go with --detach");
	/* Before anything runs; tried again, and for good, by the supervisor. */
	if (r->name && registry_name_free(r->name, &err))
		return cli_fail(HUSK_EXIT_FAILURE, "%s", err.text);
	r->argv = o->argv;
	c->watch = (struct jail_watch){ sandbox_begun, sandbox_over, c };
	o->jail.watch = &c->watch;
	return 0;
}

int service_detach(struct monitor_options *o, struct service_args *c, int *status)
{
	char id[SANDBOX_ID_MAX];
	struct hk_err err;
	int r;

	if (!c->detach)
		return 0;
	r = detach_fork(&c->detachment, c->output, &err);
	o->loaded = program_loaded;
	o->loaded_arg = c;
	if (r == 0)
		return 0;
	*status = r < 0 ? HUSK_EXIT_FAILURE : detach_await(&c->detachment, &err);
	if (c->registration.name)
		snprintf(id, sizeof(id), "%s", c->registration.name);
	else
		snprintf(id, sizeof(id), "%d", (int)c->detachment.pid);
	if (*status == 0 && c->port && ready_await(id, c->port, &err))
		*status = HUSK_EXIT_FAILURE;
	if (*status)
		cli_fail(*status, "%s", err.text);
	else
		puts(id);
	return 1;
}
