#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# seeds_trace.sh DIR: one call of each number in fuzz_trace's form, all arguments pointing into memory, or small.
cd "$1" || exit 1
nr=0
while [ $nr -lt 470 ]; do
	number=$(printf '\\%03o\\%03o' $((nr % 256)) $((nr / 256)))
	for kind in 2 1; do
		args=
		for i in 0 1 2 3 4 5; do
			args="$args\\00$((kind + 4))\\$(printf %03o $((i * 32 + 3)))\\000"
		done
		printf "\\000$number\\003\\000\\000\\000\\000\\000\\000\\000${args}/a/path and more than thirty-two bytes of it \\001\\002\\003\\004" >"call-$nr-$kind"
	done
	nr=$((nr + 1))
done
