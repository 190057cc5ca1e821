/* SPDX-License-Identifier: Apache-2.0 */
/* husk boot: a flat binary in a VM of its own. */
#include "base/units.h"
#include "boot/boot.h"
#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>

enum option_id { OPT_MODE = 256, OPT_MEM, OPT_DIR, OPT_TIMEOUT, OPT_TRACE, OPT_REGS, OPT_HELP };

static const struct option longs[] = {
	{ "mode", required_argument, NULL, OPT_MODE },   { "mem", required_argument, NULL, OPT_MEM },
	{ "dir", required_argument, NULL, OPT_DIR },     { "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "trace", optional_argument, NULL, OPT_TRACE }, { "regs", no_argument, NULL, OPT_REGS },
	{ "help", no_argument, NULL, OPT_HELP },         { 0 },
};

static int help(void)
{
	puts("usage: husk boot [OPTIONS] IMAGE\n"
	     "Run a flat binary on the bare processor of a virtual machine of its own.\n\n"
	     "  --mode MODE            real16, prot32, paged32 or long64 (real16): the mode in which the processor "
	     "starts\n"
	     "  --mem SIZE             the guest's memory, from address 0 on (2M)\n"
	     "  --dir DIR              the guest may open files in this directory\n"
	     "  --timeout TIME         end the guest after this wall-clock time (1.5, 200ms, 5m…), exit status 124\n"
	     "  --trace[=FILE]         print each exit of the VM, on standard error or to FILE\n"
	     "  --regs                 end with the processor's registers, on standard error\n"
	     "  --help                 this text\n\n"
	     "The image is loaded at 0x7c00 (real16) or 0x10000, and its first byte is executed first. It speaks to "
	     "husk by\n"
	     "ports: 0xe9 console, 0xef exit status, and more in include/husk/boot.h and docs/lab/boot.md.\n"
	     "Exit status: the guest's own; 0 for HLT; 124 ended by --timeout; 125 husk failed or the guest cannot go "
	     "on.");
	return 0;
}

static int bad(const char *option, const char *value, const char *want)
{
	return cli_fail(125, "--%s %s: %s", option, value, want);
}

static int set_mem(struct boot_options *o, const char *value)
{
	if (hk_parse_size(value, &o->mem) || o->mem < BOOT_MEM_MIN || o->mem > BOOT_MEM_MAX)
		return bad("mem", value, "not a size from 128K to 1G");
	o->mem = hk_align_up(o->mem, 4096);
	return 0;
}

static int set_option(struct boot_options *o, int id, const char *value)
{
	switch (id) {
	case OPT_MODE:
		return boot_mode_by_name(value, &o->mode) ? bad("mode", value, "not real16, prot32, paged32 or long64")
							  : 0;
	case OPT_MEM:
		return set_mem(o, value);
	case OPT_DIR:
		o->dir = value;
		return 0;
	case OPT_TIMEOUT:
		return hk_parse_duration(value, &o->timeout_ns) || !o->timeout_ns
			       ? bad("timeout", value, "not a duration such as 1.5, 200ms or 5m")
			       : 0;
	case OPT_TRACE:
		o->trace = true;
		o->trace_file = value;
		return 0;
	default:
		o->regs = true;
		return 0;
	}
}

int cmd_boot(int argc, char **argv)
{
	struct boot_options o = { .mode = BARE_REAL16 };
	struct hk_err err = { 0 };
	int c, status;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:h", longs, NULL)) != -1) {
		if (c == OPT_HELP || c == 'h')
			return help();
		if (c == '?' || c == ':')
			return cli_fail(125, "unknown or ill-used option %s; see husk boot --help", argv[optind - 1]);
		status = set_option(&o, c, optarg);
		if (status)
			return status;
	}
	if (optind + 1 != argc)
		return cli_fail(125, "husk boot wants one image; try husk boot build/examples/boot/hello16.bin");
	o.image = argv[optind];
	status = boot_run(&o, &err);
	return err.code ? cli_fail(status, "%s", err.text) : status;
}
