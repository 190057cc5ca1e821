#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# seeds_script.sh DIR: a few `#!` lines, and the real ones of this machine's scripts (their first line only).
cd "$1" || exit 1
printf '#!/bin/sh\n' >plain
printf '#! \t /usr/bin/env -S a b \t\n' >blanks
printf '#!/bin/sh' >no-newline
printf '#!/bin/sh ' >blank-at-the-end
printf '#!\0\n' >nul
printf '#!%0250d x y\n' 0 >near-the-limit
printf '#!%0300d\n' 0 >behind-the-limit
for f in /usr/bin/*; do
	[ -f "$f" ] && line=$(head -c 256 "$f" | tr -d '\0' | head -n 1) || continue
	case $line in '#!'*) printf '%s\n' "$line" ;; esac
done | sort -u | head -n 40 | while IFS= read -r line; do
	printf '%s\n' "$line" >"real-$(printf %s "$line" | cksum | cut -d ' ' -f 1)"
done
