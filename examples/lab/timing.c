/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long is a call of gettimeofday(2)? As courses measure it: by the time-stamp counter, whose frequency is once taken from the name of the processor in
 * /proc/cpuinfo and once measured, with mean and standard deviation of some rounds. timing [ROUNDS]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <x86intrin.h>

#define CALLS 1000

static double now(void)
{
	struct timeval tv;

	gettimeofday(&tv, NULL);
	return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

/* "model name : … @ 2.30GHz": 2300; 0: the name has none. Prints the name. */
static double nominal_mhz(void)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[512];
	const char *at = NULL;

	while (f && fgets(line, sizeof(line), f) && strncmp(line, "model name", 10))
		;
	if (!f || strncmp(line, "model name", 10))
		return 0;
	fclose(f);
	fputs(line, stdout);
	at = strstr(line, "@ ");
	return at ? strtod(at + 2, NULL) * 1000 : 0;
}

static double measured_mhz(void)
{
	double begin = now(), end;
	unsigned long from = __rdtsc();

	do
		end = now();
	while (end - begin < 0.1);
	return (double)(__rdtsc() - from) / (end - begin) / 1e6;
}

/* Cycles of one call, the mean of many. */
static double one_round(void)
{
	unsigned long from = __rdtsc();
	struct timeval tv;

	for (int i = 0; i < CALLS; i++)
		gettimeofday(&tv, NULL);
	return (double)(__rdtsc() - from) / CALLS;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 100;
	double nominal = nominal_mhz(), mhz = measured_mhz(), sum = 0, squares = 0, mean, deviation;

	if (rounds < 2)
		return 2;
	for (int i = 0; i < rounds; i++) {
		double cycles = one_round();

		sum += cycles;
		squares += cycles * cycles;
	}
	mean = sum / rounds;
	deviation = sqrt(fmax(0, (squares - sum * mean) / (rounds - 1)));
	if (nominal > 0)
		printf("by its name: %.0f MHz\n", nominal);
	printf("measured: %.0f MHz\n", mhz);
	printf("gettimeofday: %.1f cycles, standard deviation %.1f, %.1f ns\n", mean, deviation, mean * 1000 / mhz);
	return 0;
}
