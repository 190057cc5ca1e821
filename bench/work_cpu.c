/* SPDX-License-Identifier: Apache-2.0 */
/* Work that makes no system calls: integers, floating point, and walks through memory with and without a pattern. About half a second each. */
#include "bench/work.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Sieve, checksum and multiplications; fits the first-level cache. */
static uint64_t integers(void)
{
	static uint8_t sieve[16384];
	uint64_t sum = 1;

	for (int round = 0; round < 6000; round++) {
		memset(sieve, 0, sizeof(sieve));
		for (uint32_t i = 2; i < 128; i++)
			for (uint32_t j = i * i; !sieve[i] && j < sizeof(sieve); j += i)
				sieve[j] = 1;
		for (uint32_t i = 0; i < sizeof(sieve); i++)
			sum = (sum ^ sieve[i]) * 0x100000001b3;
	}
	return sum;
}

/* Points of the Mandelbrot set: SSE2 doubles, as every x86-64 program may use. */
static uint64_t floats(void)
{
	uint64_t inside = 0;

	for (int py = 0; py < 600; py++)
		for (int px = 0; px < 600; px++) {
			double cx = px / 300.0 - 1.5, cy = py / 300.0 - 1, x = 0, y = 0;
			int n = 0;

			for (; n < 1000 && x * x + y * y < 4; n++) {
				double t = x * x - y * y + cx;

				y = 2 * x * y + cy;
				x = t;
			}
			inside += n == 1000;
		}
	return inside;
}

/* Every step depends on the last and is on another page: what address translation costs. */
static uint64_t walk(const uint32_t *next, uint32_t steps)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < steps; i++)
		at = next[at];
	return at;
}

static uint64_t sweep(const uint32_t *words, size_t n)
{
	uint64_t sum = 0;

	for (int round = 0; round < 40; round++)
		for (size_t i = 0; i < n; i++)
			sum += words[i] ^ (uint32_t)round;
	return sum;
}

/* One cycle through all n entries, by Sattolo's shuffle. */
static void make_cycle(uint32_t *next, uint32_t n)
{
	uint64_t x = 88172645463325252;

	for (uint32_t i = 0; i < n; i++)
		next[i] = i;
	for (uint32_t i = n - 1; i > 0; i--) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		uint32_t j = (uint32_t)(x % i), t = next[i];

		next[i] = next[j];
		next[j] = t;
	}
}

int work_cpu(const char *unused)
{
	const uint32_t n = 16 << 20; /* 64 MiB */
	uint32_t *words = malloc(n * sizeof(*words));
	volatile uint64_t sink; /* so that nothing is left out */
	double start;

	(void)unused;
	if (!words)
		work_die("malloc");
	make_cycle(words, n);
	start = work_now();
	sink = integers();
	work_report("integers", "s", work_now() - start);
	start = work_now();
	sink = floats();
	work_report("floating point", "s", work_now() - start);
	start = work_now();
	sink = walk(words, 4 << 20);
	work_report("random walk, 64 MiB", "s", work_now() - start);
	start = work_now();
	sink = sweep(words, n);
	work_report("sweep, 64 MiB", "s", work_now() - start);
	(void)sink;
	free(words);
	return 0;
}
