/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments and environment arrive byte for byte.
 * args: one|two words||-x|--|tab	and "quotes"|$HOME * ?|é|@long|@many
 * env: EMPTY=|A=b=c|WORDS=two words|@longenv */
#include "t.h"

extern char **environ;

MAIN
{
	const char *name = strrchr(argv[0], '/');
	unsigned long sum = 0, n = 0;

	printf("argc %d argv[0] %s\n", argc, name ? name : argv[0]);
	for (int i = 1; i < argc; i++) {
		for (const char *c = argv[i]; *c; c++)
			sum = sum * 31 + (unsigned char)*c;
		if (strlen(argv[i]) < 50 && i < 30)
			t_bytes("arg", argv[i], (long)strlen(argv[i]));
		else
			n += strlen(argv[i]);
	}
	printf("long %lu sum %lx\n", n, sum);
	n = 0;
	for (char **e = environ; *e; e++, n++)
		if (strlen(*e) < 200)
			t_bytes("env", *e, (long)strlen(*e));
		else
			printf("env of %zu\n", strlen(*e));
	printf("%lu variables\n", n);
	/* The strings lie one behind the other, as ps and setproctitle rely on. */
	for (int i = 1; i < argc; i++)
		if (argv[i] != argv[i - 1] + strlen(argv[i - 1]) + 1)
			OK(!"in a row");
	OK(!environ[0] || environ[0] == argv[argc - 1] + strlen(argv[argc - 1]) + 1);
}
