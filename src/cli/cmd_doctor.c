/* SPDX-License-Identifier: Apache-2.0 */
/*
 * husk doctor: can this host run VMs, how fast, and what to do if not. A list of findings is made first, then printed for a person or as
 * JSON; measurements come from vmm/probe.c.
 */
#include "base/compiler.h"
#include "base/strbuf.h"
#include "cli/cli.h"
#include "monitor/monitor.h"
#include "vmm/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define FINDINGS_MAX 64

enum level {
	LEVEL_OK,
	LEVEL_NOTE, /* husk runs, but slower or with less */
	LEVEL_FAIL, /* husk cannot run */
};

static const char *const level_names[] = { "ok", "note", "FAIL" };
static const char *const level_json[] = { "ok", "note", "fail" };

struct finding {
	enum level level;
	char name[32];
	char text[256];
	char advice[320]; /* what to do; "" = nothing */
	double us;        /* a measured time; negative = none */
};

struct doctor {
	unsigned count;
	struct finding list[FINDINGS_MAX];
	char first_failure[300];
	struct probe probe;
};

static struct finding *HK_PRINTF(4, 5) add(struct doctor *d, enum level level, const char *name, const char *fmt, ...)
{
	struct finding *f = &d->list[d->count < FINDINGS_MAX ? d->count++ : FINDINGS_MAX - 1];
	va_list ap;

	*f = (struct finding){ .level = level, .us = -1 };
	snprintf(f->name, sizeof(f->name), "%s", name);
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	if (level == LEVEL_FAIL && !d->first_failure[0])
		snprintf(d->first_failure, sizeof(d->first_failure), "%s: %s", f->name, f->text);
	return f;
}

static void HK_PRINTF(2, 3) advise(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->advice, sizeof(f->advice), fmt, ap);
	va_end(ap);
}

/* The first line of a small file, or "" if it cannot be read. */
static void first_line(const char *path, char *buf, size_t size)
{
	int fd HK_CLOSE = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, buf, size - 1) : 0;

	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

/* Does the processor (or the hypervisor beneath this host) offer this CPU flag? */
static bool cpu_flag(const char *flag)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char *line = NULL;
	bool found = false;
	size_t cap = 0;

	if (!f)
		return false;
	while (!found && getline(&line, &cap, f) > 0) {
		char *save, *word;

		if (strncmp(line, "flags", 5))
			continue;
		for (word = strtok_r(line, " \t\n", &save); word && !found; word = strtok_r(NULL, " \t\n", &save))
			found = !strcmp(word, flag);
		break;
	}
	free(line);
	fclose(f);
	return found;
}

/* ---- /dev/kvm ---- */

static void owner_of(const struct stat *st, char *text, size_t size)
{
	const struct passwd *pw = getpwuid(st->st_uid);
	const struct group *gr = getgrgid(st->st_gid);

	snprintf(text, size, "mode %03o, owner %s, group %s", st->st_mode & 0777, pw ? pw->pw_name : "?",
		 gr ? gr->gr_name : "?");
}

static void advise_missing(struct finding *f)
{
	const char *module = cpu_flag("vmx") ? "kvm_intel" : cpu_flag("svm") ? "kvm_amd" : NULL;

	if (module)
		advise(f,
		       "load the module: sudo modprobe %s; in a container, let its engine pass the device on: --device "
		       "/dev/kvm",
		       module);
	else if (cpu_flag("hypervisor"))
		advise(f, "this machine is itself virtual and is not offered virtualisation: switch nested "
			  "virtualisation on at its host "
			  "(docs/host.md), or use a machine type that has it; in a container: --device /dev/kvm");
	else
		advise(f,
		       "the processor does not offer virtualisation: switch on AMD-V or VT-x in the firmware set-up");
}

static void check_device(struct doctor *d)
{
	int error = d->probe.device_error;
	char owner[128] = "";
	struct finding *f;
	struct stat st;

	if (stat("/dev/kvm", &st) == 0)
		owner_of(&st, owner, sizeof(owner));
	if (!error) {
		add(d, LEVEL_OK, "/dev/kvm", "opens for reading and writing (%s)", owner);
		return;
	}
	f = add(d, LEVEL_FAIL, "/dev/kvm", "%s%s%s%s", strerror(error), owner[0] ? " (" : "", owner,
		owner[0] ? ")" : "");
	if (error == EACCES || error == EPERM)
		advise(f, "join the device's group: sudo usermod -aG kvm \"$USER\", then log in again; or for now: "
			  "sudo setfacl -m u:$USER:rw /dev/kvm");
	else if (error == ENOENT || error == ENXIO || error == ENODEV)
		advise_missing(f);
	else if (error == EBUSY)
		advise(f, "another hypervisor uses the processor's virtualisation: end it");
}

static void check_api(struct doctor *d)
{
	const struct probe *p = &d->probe;

	if (p->device_error)
		return;
	if (p->api_version < 0)
		add(d, LEVEL_FAIL, "API version", "/dev/kvm does not answer as KVM does");
	else if (p->api_version != p->api_wanted)
		add(d, LEVEL_FAIL, "API version", "%d; husk needs %d", p->api_version, p->api_wanted);
	else
		add(d, LEVEL_OK, "API version", "%d", p->api_version);
	for (unsigned k = 0; k < p->cap_count; k++) {
		const struct probe_cap *c = &p->cap[k];

		if (c->value > 1)
			add(d, LEVEL_OK, c->name, "%d: %s", c->value, c->what);
		else if (c->value == 1)
			add(d, LEVEL_OK, c->name, "yes: %s", c->what);
		else if (c->required)
			advise(add(d, LEVEL_FAIL, c->name, "missing, needed: %s", c->what),
			       "Linux 5.10 or newer is needed on this host");
		else
			add(d, LEVEL_NOTE, c->name, "missing, not needed: %s", c->what);
	}
}

/* ---- what was measured ---- */

static void HK_PRINTF(4, 5) add_time(struct doctor *d, const char *name, double us, const char *fmt, ...)
{
	char text[200], time[32];
	va_list ap;

	if (us < 0)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(time, sizeof(time),
		 us < 10      ? "%.1f µs"
		 : us < 10000 ? "%.0f µs"
			      : "%.0f ms",
		 us < 10000 ? us : us / 1000);
	add(d, LEVEL_OK, name, "%s%s%s", time, text[0] ? " " : "", text)->us = us;
}

static void check_speed(struct doctor *d)
{
	const struct probe *p = &d->probe;

	add_time(d, "VM creation", p->create_vm, "(destroyed in %.0f µs)", p->destroy_vm);
	add_time(d, "vCPU creation", p->create_vcpu, "(the next one %.0f µs)", p->create_vcpu_next);
	add_time(d, "memory slot of 1 GiB", p->slot_gib, "%s", "");
	if (!p->runs)
		return;
	add_time(d, "system call exit", p->exit_syscall, "there and back, without the call itself");
	add_time(d, "exception exit", p->exit_exception, "there and back");
	add_time(d, "new memory page", p->new_page, "for the guest's first touch of 4 KiB");
}

static void check_processor(struct doctor *d)
{
	const struct probe *p = &d->probe;

	if (!p->runs)
		return;
	add(d, LEVEL_OK, "SYSCALL at ring 3",
	    p->syscall == VM_SYSCALL_RING0 ? "enters ring 0, as the manual says"
					   : "stays at ring 3 (the monitor returns by itself)");
	add(d, LEVEL_OK, "guest-physical width", "%u bits: %lu GiB of address space in use at once", p->gpa_bits,
	    1UL << (p->gpa_bits - 30));
	add(d, p->xsave ? LEVEL_OK : LEVEL_NOTE, "XSAVE", "%s",
	    p->xsave ? "in the guest" : "not in the guest: no AVX either");
	add(d, p->avx ? LEVEL_OK : LEVEL_NOTE, "AVX", "%s%s",
	    p->avx ? "in the guest" : "not in the guest: programs use SSE", p->avx512 ? ", AVX-512 too" : "");
	add(d, p->fsgsbase ? LEVEL_OK : LEVEL_NOTE, "FSGSBASE", "%s",
	    p->fsgsbase ? "in the guest" : "not in the guest: each change of the thread pointer costs an exit");
}

/* ---- the rest of the host ---- */

static void check_kernel(struct doctor *d)
{
	unsigned major_nr = 0, minor_nr = 0;
	struct utsname u;
	bool old;

	if (uname(&u))
		return;
	old = sscanf(u.release, "%u.%u", &major_nr, &minor_nr) == 2 &&
	      (major_nr < 5 || (major_nr == 5 && minor_nr < 10));
	advise(add(d, old ? LEVEL_NOTE : LEVEL_OK, "kernel", "%s %s", u.sysname, u.release), "%s",
	       old ? "husk is made for Linux 5.10 and newer" : "");
}

static void check_memory(struct doctor *d)
{
	char thp[128], overcommit[16], count[32];
	struct finding *f;

	first_line("/sys/kernel/mm/transparent_hugepage/enabled", thp, sizeof(thp));
	if (!thp[0])
		add(d, LEVEL_NOTE, "huge pages",
		    "this kernel has no transparent huge pages: large programs fault more often");
	else if (strstr(thp, "[never]"))
		advise(add(d, LEVEL_NOTE, "huge pages", "%s: large programs fault more often", thp),
		       "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled");
	else
		add(d, LEVEL_OK, "huge pages", "%s", thp);
	first_line("/proc/sys/vm/overcommit_memory", overcommit, sizeof(overcommit));
	f = add(d, overcommit[0] == '2' ? LEVEL_NOTE : LEVEL_OK, "overcommit", "vm.overcommit_memory = %s",
		overcommit[0] ? overcommit : "?");
	if (overcommit[0] == '2')
		advise(f, "programs that reserve much memory (Go, Java, node) are refused, as without husk: sudo "
			  "sysctl vm.overcommit_memory=0");
	first_line("/proc/sys/vm/max_map_count", count, sizeof(count));
	add(d, LEVEL_OK, "mappings", "vm.max_map_count = %s", count[0] ? count : "?");
}

static void put_limit(struct hk_strbuf *b, const char *name, rlim_t value)
{
	if (value == RLIM_INFINITY)
		hk_strbuf_printf(b, "%s%s unlimited", b->len ? ", " : "", name);
	else
		hk_strbuf_printf(b, "%s%s %lu", b->len ? ", " : "", name, (unsigned long)value);
}

static void check_limits(struct doctor *d)
{
	static const struct {
		int resource;
		const char *name;
		rlim_t least; /* below it husk or an ordinary program gets into trouble */
	} limits[] = {
		{ RLIMIT_NOFILE, "files", 256 },
		{ RLIMIT_STACK, "stack", 1 << 20 },
		{ RLIMIT_AS, "address space", RLIM_INFINITY },
		{ RLIMIT_NPROC, "processes", 64 },
		{ RLIMIT_MEMLOCK, "locked memory", 0 },
		{ RLIMIT_DATA, "data", 256 << 20 },
	};
	struct hk_strbuf text = { 0 }, low = { 0 };
	struct finding *f;

	for (size_t k = 0; k < HK_ARRAY_LEN(limits); k++) {
		struct rlimit r;

		if (getrlimit((__rlimit_resource_t)limits[k].resource, &r))
			continue;
		put_limit(&text, limits[k].name, r.rlim_cur);
		if (r.rlim_cur < limits[k].least)
			put_limit(&low, limits[k].name, r.rlim_cur);
	}
	f = add(d, low.len ? LEVEL_NOTE : LEVEL_OK, "limits", "%s", text.data ? text.data : "?");
	if (low.len)
		advise(f, "raise with ulimit: %s", low.data);
	hk_strbuf_free(&text);
	hk_strbuf_free(&low);
}

/* ---- the walls ---- */

static void check_walls(struct doctor *d)
{
	bool user_ns;
	int r = jail_try(&user_ns);
	struct finding *f;

	if (r == 0) {
		add(d, LEVEL_OK, "sandbox", "namespaces and a root of its own, %s",
		    user_ns ? "by a user namespace" : "by the caller's privileges");
	} else {
		f = add(d, LEVEL_NOTE, "sandbox", "cannot be made: %s; programs run only with --unconfined",
			strerror(-r));
		if (r == -ENOSYS)
			advise(f, "Linux 5.12 or newer is needed for it");
		else
			advise(f, "allow user namespaces: sudo sysctl kernel.unprivileged_userns_clone=1 (Debian), "
				  "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), user.max_user_namespaces "
				  "above 0; in a "
				  "container, give it CAP_SYS_ADMIN");
	}
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
		advise(add(d, LEVEL_FAIL, "system-call filter", "this kernel has no seccomp"),
		       "a kernel with CONFIG_SECCOMP_FILTER is needed");
	else
		add(d, LEVEL_OK, "system-call filter", "seccomp, around the monitor");
}

/* ---- printing ---- */

static bool healthy(const struct doctor *d)
{
	return !d->first_failure[0];
}

static void verdict(const struct doctor *d, char *text, size_t size)
{
	if (healthy(d))
		snprintf(text, size,
			 "husk can run here; a system call costs its program about %.*f µs more than without",
			 d->probe.exit_syscall < 10 ? 1 : 0, d->probe.exit_syscall);
	else
		snprintf(text, size, "husk cannot run here: %s", d->first_failure);
}

static void print_text(const struct doctor *d)
{
	char text[400];

	for (unsigned k = 0; k < d->count; k++) {
		const struct finding *f = &d->list[k];

		printf("  %-4s  %-22s  %s\n", level_names[f->level], f->name, f->text);
		if (f->advice[0])
			printf("        %-22s  -> %s\n", "", f->advice);
	}
	verdict(d, text, sizeof(text));
	printf("%s\n", text);
}

static void json_string(const char *key, const char *value)
{
	printf("\"%s\":\"", key);
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void print_json(const struct doctor *d)
{
	char text[400];

	verdict(d, text, sizeof(text));
	printf("{\"can_run\":%s,", healthy(d) ? "true" : "false");
	json_string("verdict", text);
	printf(",\"findings\":[");
	for (unsigned k = 0; k < d->count; k++) {
		const struct finding *f = &d->list[k];

		printf("%s{\"level\":\"%s\",", k ? "," : "", level_json[f->level]);
		json_string("name", f->name);
		putchar(',');
		json_string("text", f->text);
		if (f->us >= 0)
			printf(",\"us\":%.2f", f->us);
		if (f->advice[0]) {
			putchar(',');
			json_string("advice", f->advice);
		}
		putchar('}');
	}
	printf("]}\n");
}

static void examine(struct doctor *d)
{
	struct hk_err err = { 0 };
	int r = probe_host(&d->probe, NULL, &err);

	check_kernel(d);
	check_device(d);
	check_api(d);
	/* What the rows above do not explain. */
	if (r && healthy(d))
		add(d, LEVEL_FAIL, "virtual machine", "%s", err.text);
	check_processor(d);
	check_speed(d);
	check_memory(d);
	check_limits(d);
	check_walls(d);
}

static int help(void)
{
	puts("usage: husk doctor [--json]\n"
	     "Say whether this host can run VMs and how fast, and what to do if it cannot. Takes about half a "
	     "second.\n\n"
	     "  --json    one JSON object instead of the table\n"
	     "  --help    this text\n\n"
	     "Exit status: 0 if husk can run here, else 125.");
	return 0;
}

int cmd_doctor(int argc, char **argv)
{
	struct doctor *d HK_FREE = NULL;
	bool json = false;

	for (int k = 1; k < argc; k++) {
		if (!strcmp(argv[k], "--help") || !strcmp(argv[k], "-h"))
			return help();
		if (strcmp(argv[k], "--json"))
			return cli_fail(HUSK_EXIT_FAILURE, "unknown option %s; see husk doctor --help", argv[k]);
		json = true;
	}
	d = calloc(1, sizeof(*d));
	if (!d)
		return cli_fail(HUSK_EXIT_FAILURE, "out of memory");
	examine(d);
	if (json)
		print_json(d);
	else
		print_text(d);
	return healthy(d) ? 0 : HUSK_EXIT_FAILURE;
}
