/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which namespaces (namespaces(7)) is this program in? Courses build `isolate`, which puts a program into new ones; husk does that to its own monitor. Each argument
 * is one of another process, as readlink /proc/PID/ns/NAME prints it: those that are in it are shared with that process.
 */
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = { "user", "mnt", "pid", "net", "uts", "ipc" };

static int shared(const char *own, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(own, argv[i]))
			return 1;
	return 0;
}

static void show_interfaces(void)
{
	struct ifaddrs *list, *a;
	const char *last = "";

	printf("interfaces:");
	if (getifaddrs(&list))
		return;
	for (a = list; a; a = a->ifa_next) {
		if (strcmp(last, a->ifa_name))
			printf(" %s", a->ifa_name);
		last = a->ifa_name;
	}
	printf("\n");
	freeifaddrs(list);
}

int main(int argc, char **argv)
{
	char host[65] = "";

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[64], own[64];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		n = readlink(path, own, sizeof(own) - 1);
		if (n < 0)
			return 1;
		own[n] = '\0';
		printf("%s: %s\n", names[i], argc < 2 ? own : shared(own, argc, argv) ? "shared" : "its own");
	}
	gethostname(host, sizeof(host) - 1);
	printf("process %d, child of %d, user %d, host %s\n", (int)getpid(), (int)getppid(), (int)getuid(), host);
	show_interfaces();
	return 0;
}
