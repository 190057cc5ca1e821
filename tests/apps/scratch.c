/* SPDX-License-Identifier: Apache-2.0 */
/* The ScratchVM program: a file made and written in two goes. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	const char *hello = "Hello World !!!\n", *bye = "Bye Bye !!!\n";
	int fd = open("./ay_caramba", O_RDWR | O_CREAT, 0777);

	if (fd < 0)
		return 1;
	if (write(fd, hello, strlen(hello)) != (ssize_t)strlen(hello) ||
	    write(fd, bye, strlen(bye)) != (ssize_t)strlen(bye))
		return 2;
	return close(fd) ? 3 : 0;
}
