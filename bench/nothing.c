/* SPDX-License-Identifier: Apache-2.0 */
/* The program that bench/work_processes.c starts: ends at once. */
int main(void)
{
	return 0;
}
