/* SPDX-License-Identifier: Apache-2.0 */
/* The program of the ScratchVM course: a file, two lines. Nothing is printed; what counts is the file that is left.
 * covers: open write close */
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
	int fd = open("./ay_caramba", O_RDWR | O_CREAT, 0777);

	if (fd < 0)
		return 1;
	if (write(fd, "Hello World !!!\n", 16) != 16 || write(fd, "Bye Bye !!!\n", 12) != 12)
		return 2;
	return close(fd) ? 3 : 0;
}
