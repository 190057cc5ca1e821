/* SPDX-License-Identifier: Apache-2.0 */
/* Standard streams: copies its input to its output in capitals, counts to standard error. The input is this file.
 * stdin: self */
#include <ctype.h>
#include <stdio.h>

int main(void)
{
	unsigned long n = 0;
	int c;

	while ((c = getchar()) != EOF) {
		putchar(toupper(c));
		n++;
	}
	fprintf(stderr, "%lu characters\n", n);
	return ferror(stdin) || ferror(stdout);
}
