/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox's log through syslog(2): what make_vcpu writes is there once, in whole lines, and errors. For root in the sandbox or anybody else.
 * covers: syslog make_vcpu get_ptree */
#include <errno.h>
#include <husk/guest.h>
#include <stdio.h>
#include <string.h>
#include <sys/klog.h>

static char text[1 << 20];

static const char *error_of(long r)
{
	return r < 0 ? strerror(errno) : "none";
}

static int lines(long n)
{
	int count = 0;

	for (long i = 0; i < n; i++)
		count += text[i] == '\n';
	return count;
}

int main(void)
{
	struct prinfo self;
	int one = 1;
	long n = klogctl(3, text, sizeof(text)), before = lines(n), marked = make_vcpu(0);

	n = klogctl(3, text, sizeof(text));
	printf("log: %ld marked, %ld lines more, room %d\n", marked, lines(n) - before, klogctl(10, NULL, 0) >= n);
	n = klogctl(3, text, 80);
	printf("newest: %d line, begins with <6> %d, ends with a line %d\n", lines(n), !strncmp(text, "<6>[", 4),
	       n > 0 && text[n - 1] == '\n');
	printf("errors: no buffer %s", error_of(klogctl(3, NULL, 10)));
	printf(", bad buffer %s", error_of(klogctl(3, (char *)-8L, 10)));
	printf(", negative %s, nothing %d\n", error_of(klogctl(3, text, -1)), klogctl(3, text, 0));
	n = get_ptree(&self, &one, getpid());
	printf("tree: %ld, %d, level %d\n", n, self.pid == getpid(), self.level);
	return 0;
}
