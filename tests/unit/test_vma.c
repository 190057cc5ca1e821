/* SPDX-License-Identifier: Apache-2.0 */
/* The VMA tree against the simplest thing that could be right: an array with one entry a page. */
#include "mm/vma.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PAGES 400
#define BASE  0x200000000000UL

struct model {
	int prot[PAGES]; /* -1: nothing mapped */
};

static uint64_t page(unsigned i)
{
	return BASE + i * HK_PAGE_SIZE;
}

static unsigned seed = 1;

static unsigned rnd(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

/* The tree says what the model says, its gaps and counts add up, and no two neighbours could be one. */
static void compare_all(const struct vma_tree *t, const struct model *m)
{
	const struct vma *prev = NULL;
	uint64_t bytes = 0;
	unsigned count = 0;

	for (unsigned i = 0; i < PAGES; i++) {
		struct vma *v = vma_find(t, page(i) + 5);

		assert_int_equal(m->prot[i], v ? v->prot : -1);
	}
	for (struct vma *v = vma_first(t); v; prev = v, v = vma_next(v)) {
		assert_true(v->start < v->end);
		assert_int_equal(v->gap, v->start - (prev ? prev->end : HK_GUEST_MIN));
		assert_true(!prev || prev->end < v->start || prev->prot != v->prot);
		bytes += v->end - v->start;
		count++;
	}
	assert_int_equal(t->bytes, bytes);
	assert_int_equal(t->count, count);
}

/* The highest free run of n pages in the model's range, or 0. */
static uint64_t model_gap(const struct model *m, unsigned n)
{
	unsigned run = 0;

	for (int i = PAGES - 1; i >= 0; i--) {
		run = m->prot[i] < 0 ? run + 1 : 0;
		if (run == n)
			return page((unsigned)i);
	}
	return 0;
}

static void random_operations(void **state)
{
	struct vma_tree t;
	struct model m;

	(void)state;
	vma_tree_init(&t);
	memset(m.prot, 0xff, sizeof(m.prot));
	for (int round = 0; round < 20000; round++) {
		unsigned a = rnd(PAGES), n = 1 + rnd(hk_min(PAGES - a, 30)), prot = rnd(4);
		struct vma v = { .start = page(a), .end = page(a + n), .prot = (int)prot };

		switch (rnd(4)) {
		case 0:
		case 1:
			assert_int_equal(vma_remove(&t, v.start, v.end), 0);
			assert_int_equal(vma_insert(&t, &v), 0);
			for (unsigned i = a; i < a + n; i++)
				m.prot[i] = (int)prot;
			break;
		case 2:
			assert_int_equal(vma_remove(&t, v.start, v.end), 0);
			for (unsigned i = a; i < a + n; i++)
				m.prot[i] = -1;
			break;
		default:
			assert_int_equal(vma_update(&t, v.start, v.end, (int)prot, 0, 0), 0);
			for (unsigned i = a; i < a + n; i++)
				if (m.prot[i] >= 0)
					m.prot[i] = (int)prot;
			break;
		}
		if (round % 16 == 0) {
			unsigned want = 1 + rnd(20);

			compare_all(&t, &m);
			assert_int_equal(vma_find_gap(&t, want * HK_PAGE_SIZE, BASE, page(PAGES), HK_PAGE_SIZE),
					 model_gap(&m, want));
		}
	}
	vma_tree_free(&t);
	assert_int_equal(t.count, 0);
}

static void files_keep_their_offsets(void **state)
{
	struct vma_tree t;
	struct vma_file *f = vma_file_new("/lib/x.so", 1, 2);
	struct vma v = { .start = page(0), .end = page(10), .prot = 1, .file = f, .offset = 0x5000 };

	(void)state;
	vma_tree_init(&t);
	assert_int_equal(vma_insert(&t, &v), 0);
	assert_int_equal(f->refs, 2);
	assert_int_equal(vma_remove(&t, page(3), page(5)), 0);
	assert_int_equal(vma_find(&t, page(5))->offset, 0x5000 + 5 * HK_PAGE_SIZE);
	assert_int_equal(f->refs, 3);
	/* The hole filled with the right piece of the file makes it one mapping again; with another piece it does not. */
	v = (struct vma){ .start = page(3), .end = page(5), .prot = 1, .file = f, .offset = 0x5000 + 3 * HK_PAGE_SIZE };
	assert_int_equal(vma_insert(&t, &v), 0);
	assert_int_equal(t.count, 1);
	assert_int_equal(vma_remove(&t, page(3), page(5)), 0);
	v.offset = 0;
	assert_int_equal(vma_insert(&t, &v), 0);
	assert_int_equal(t.count, 3);
	vma_tree_free(&t);
	assert_int_equal(f->refs, 1);
	vma_file_put(f);
}

static void covered(void **state)
{
	struct vma_tree t;
	struct vma a = { .start = page(0), .end = page(4), .prot = 1 },
		   b = { .start = page(4), .end = page(6), .prot = 3 };

	(void)state;
	vma_tree_init(&t);
	assert_int_equal(vma_insert(&t, &a), 0);
	assert_int_equal(vma_insert(&t, &b), 0);
	assert_true(vma_covered(&t, page(1), page(6)));
	assert_false(vma_covered(&t, page(1), page(7)));
	assert_false(vma_covered(&t, page(7), page(8)));
	vma_tree_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations),
		cmocka_unit_test(files_keep_their_offsets),
		cmocka_unit_test(covered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
