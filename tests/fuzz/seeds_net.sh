#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# seeds_net.sh DIR: rules with an address that fits, or nearly.
set -eu
n=0
four='\2\0\0\120\012\1\2\3\0\0\0\0\0\0\0\0' six='\12\0\0\120\0\0\0\0\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0'
mapped='\12\0\0\120\0\0\0\0\0\0\0\0\0\0\0\0\0\0\377\377\012\1\2\3\0\0\0\0' none='\0\0\0\120\012\1\2\3\0\0\0\0\0\0\0\0'
for rule in 10.1.2.3 10.0.0.0/8 10.0.0.0/8:80 0.0.0.0 0.0.0.0/0:1-65535 :80 :79-81 :81 fd00::/8 '[fd00::1]:80' '[fd00::/64]:80-90' :: ::/0 10.1.2.3/33 '[::1' x; do
	for address in "$four" "$six" "$mapped" "$none" '\2\0\0\0\0\0\0\0' '\1\0\0abc' '\50\0\0\0'; do
		for flags in '\0' '\1' '\2' '\4'; do
			n=$((n + 1))
			printf "%s\n$flags$address" "$rule" >"$1/seed-$n"
		done
	done
done
