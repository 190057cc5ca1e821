/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mapspages: the courses' pictures of memory: pages that are touched before and after a fork, shared and private ones, and this program's stack, each
 * with the line of /proc/self/maps and a character a page, as mapspages() writes them. `mapspages all` shows all mappings of this program.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <husk/guest.h>

#define PAGE 4096UL

static char text[1 << 20];

static void show(const char *title, unsigned long start, unsigned long end)
{
	long n = mapspages(start, end, text, sizeof(text));

	if (n < 0) {
		fprintf(stderr, "mapspages: %s: %s\n", title, strerror(errno));
		exit(1);
	}
	printf("%s\n%s\n", title, text);
}

static void show_pages(const char *title, const char *start, int pages)
{
	show(title, (unsigned long)start, (unsigned long)start + pages * PAGE);
}

static char *ten_pages(int kind)
{
	char *p = mmap(NULL, 10 * PAGE, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mapspages: mmap");
		exit(1);
	}
	return p;
}

static void touch(volatile char *pages, int first, int count)
{
	for (int i = first; i < first + count; i++)
		pages[i * PAGE] = 1;
}

/* A child that does nothing but share its parent's pages. */
static pid_t sharer(void)
{
	pid_t pid = fork();

	if (pid < 0) {
		perror("mapspages: fork");
		exit(1);
	}
	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void show_forks(void)
{
	char *p = ten_pages(MAP_PRIVATE);
	pid_t pids[10];

	touch(p, 6, 4);
	pids[0] = sharer();
	touch(p, 0, 4);
	show_pages("6 to 9 touched before a fork, 0 to 3 after it", p, 10);
	end(pids[0]);
	show_pages("the same when the child has ended", p, 10);

	p = ten_pages(MAP_PRIVATE);
	for (int i = 0; i < 10; i++) {
		touch(p, i, 1);
		pids[i] = sharer();
	}
	show_pages("one touched before each of ten forks", p, 10);
	for (int i = 0; i < 10; i++)
		end(pids[i]);
}

int main(int argc, char **argv)
{
	unsigned long here = (unsigned long)__builtin_frame_address(0);
	char *p = ten_pages(MAP_PRIVATE);

	if (argc > 1 && strcmp(argv[1], "all") == 0) {
		show("all of this program", 0, -1UL);
		return 0;
	}
	setbuf(stdout, NULL); /* or children would have what is not written yet */
	show_pages("ten pages that nobody touched", p, 10);
	for (int i = 1; i < 10; i += 2)
		touch(p, i, 1);
	show_pages("every other one touched", p, 10);
	p = ten_pages(MAP_SHARED);
	touch(p, 0, 5);
	show_pages("shared memory, five touched: in the page cache, too", p, 10);
	show_forks();
	show("the stack from the stack pointer on", here, here + 64 * PAGE);
	return 0;
}
