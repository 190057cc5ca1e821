/* SPDX-License-Identifier: Apache-2.0 */
/* The first program, in C: built dynamic, static, static-PIE and with musl. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	char *lines = malloc(64);

	if (!lines)
		return 1;
	snprintf(lines, 64, "hello from C, %d arguments", argc - 1);
	puts(lines);
	for (int i = 1; i < argc; i++)
		printf("argument %d is \"%s\"\n", i, argv[i]);
	free(lines);
	return argc;
}
