# SPDX-License-Identifier: Apache-2.0
# What the real programs of bench/real.c work on, made in the current directory.
set -e
{
	echo 'create table t(a integer primary key, b text, c real);' 'begin;'
	seq 1 100000 | awk -v q="'" '{ print "insert into t values(" $1 "," q "name " ($1 * 16807) % 99991 q "," $1 / 3 ");" }'
	echo "commit; create index i on t(b); select count(*), sum(c) from t where b like 'name 12%';"
	echo 'update t set c = c + 1 where a % 3 = 0; select sum(c) from t; delete from t where a % 5 = 0; vacuum;'
} >speed.sql
cat >files.py <<'END'
import os, shutil
os.mkdir('many')
for i in range(2000):
    with open(f'many/{i}', 'w') as f: f.write(str(i) * 100)
n = 0
for e in os.scandir('many'):
    n += e.stat().st_size
    with open(e.path) as f: n += len(f.read())
for i in range(2000): os.rename(f'many/{i}', f'many/{i}.new')
shutil.rmtree('many')
END
for i in $(seq 1 400); do
	echo "int f$i(int a, int b) { int s = 0; for (int i = 0; i < a; i++) s += (i ^ b) * $i; return s % ($i + 7); }"
done >unit.c
git init -q repo
cd repo
for i in $(seq 0 49); do mkdir "d$i"; done
for i in $(seq 1 5000); do echo "file $i" >"d$((i % 50))/f$i"; done
git add .
git -c user.name=a -c user.email=a@b commit -qm all
