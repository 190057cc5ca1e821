#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# seeds_stack.sh DIR: arguments and environments in fuzz_stack's form.
cd "$1" || exit 1
printf '\000\377\200\010prog\000-x\000\000A=1\000PATH=/bin\000' >usual
printf '\001\377\200\000prog\000' >no-environment
printf '\002\377\377\040' >nothing
printf '\000\002\200\004prog\000long argument that meets the limit\000' >limited
printf '\003\377\001\005a\000\000B=\000' >low
