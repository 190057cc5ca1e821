# SPDX-License-Identifier: GPL-2.0
# sh family.sh PTREE: what the example PTREE says of a shell with two children and grandchildren, asleep.
sleep 4 &
(
	sleep 4 &
	sleep 4 &
	wait
) &
sleep 2
"$1" $$
wait
