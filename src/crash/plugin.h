/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the back-trace plug-in, in a child process that was made for it. */
#ifndef HK_CRASH_PLUGIN_H
#define HK_CRASH_PLUGIN_H

#include <stddef.h>

/* As dlopen(3); NULL: *why says what is the matter. */
void *plugin_open(char *why, size_t size);
/* Let the child end after so many seconds, or before anybody else where memory runs out. */
void plugin_limits(unsigned seconds);

#endif
