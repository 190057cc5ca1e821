/* SPDX-License-Identifier: Apache-2.0 */
/* Exit statuses, and output that is flushed by the last call of exit(3).
 * covers: exit exit_group
 * cases: 0 1 2 42 100 125 126 127 128 139 200 255 256 257 -1 raw thread return */
#include "t.h"

int main(int argc, char **argv)
{
	printf("%s", argc > 1 ? argv[1] : "none");
	if (argc < 2)
		return 99;
	if (!strcmp(argv[1], "return"))
		return 33;
	if (!strcmp(argv[1], "raw"))
		S(exit_group, 0x1234567f);
	if (!strcmp(argv[1], "thread"))
		S(exit, 77);
	exit(atoi(argv[1]));
}
