/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test includes: cmocka with what it wants before it. */
#ifndef HK_TESTS_UNIT_H
#define HK_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#endif
