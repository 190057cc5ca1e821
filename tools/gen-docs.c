/* SPDX-License-Identifier: Apache-2.0 */
/* Print docs/SYSCALLS.md from table.def. Started by tools/gen-docs. */
#include "syscalls/list.h"

int main(void)
{
	list_markdown(stdout);
	return fflush(stdout) ? 1 : 0;
}
