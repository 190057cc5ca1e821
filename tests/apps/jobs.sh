# SPDX-License-Identifier: Apache-2.0
# What a shell does with processes: pipelines, substitutions, traps, job control. Prints nothing that differs from run to run.
set -u
trap 'echo "exit trap, status $?"' EXIT
trap 'echo "got USR1"' USR1

echo hello | tr a-z A-Z | rev | cat
seq 100000 | head -n 3 | while read -r n; do echo "read $n"; done
false | true | (exit 7) | cat; echo "pipe: ${PIPESTATUS[*]}"
x=$(seq 5 | tail -n 1; exit 4); echo "$x $?"
cat <(echo one) <(echo two | cat)
echo to a process > >(sed s/^/'copied: '/); wait $!

(sleep 0.05; exit 3) & wait $!; echo "child: $?"
(kill -TERM $BASHPID) & wait $! 2>/dev/null; echo "killed: $?"
(kill -USR1 $$) & wait; wait
coproc UP { while read -r line; do echo "${line^^}"; done; }
echo coprocess >&"${UP[1]}"; read -r answer <&"${UP[0]}"; echo "$answer"
exec {UP[1]}>&-; wait

set -m # each job a process group of its own
sleep 100 & kill -STOP %%; until [[ $(jobs %%) = *Stopped* ]]; do sleep 0.01; done; echo "stopped"
kill -CONT %%; until [[ $(jobs %%) = *Running* ]]; do sleep 0.01; done; echo "running"
kill %%; wait %% 2>/dev/null; echo "job: $?"
set +m

timeout 0.1 sleep 10; echo "timeout: $?"
for i in 1 2 3 4 5 6 7 8; do (echo $((i * i)) >"square$i") & done; wait; cat square*
f() { echo "in a function: $*"; return 9; }
f a b | cat; f c; echo $?
exec 3<<<'here string'; cat <&3
nice -n 3 nice; sh -c 'kill -9 $$'; echo "by a signal: $?"
ulimit -c 0; exit 5
