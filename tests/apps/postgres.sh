# SPDX-License-Identifier: Apache-2.0
# PostgreSQL from nothing: a cluster, a server, a client over a Unix socket, clients at once, a stop, a start that finds all again. As nobody: it refuses root.
set -eu
if [ "$(id -u)" = 0 ]; then
	exec setpriv --reuid 65534 --regid 65534 --clear-groups bash -c "$(cat "$0")"
fi
dir=$(mktemp -d) && cd "$dir"
trap 'cd / && rm -rf "$dir"' EXIT
export PATH=$(ls -d /usr/lib/postgresql/*/bin | tail -1):$PATH PGUSER=me PGDATABASE=postgres PGHOST=$PWD/s
mkdir s
initdb -D d -A trust -U me --locale=C >log 2>&1 || { cat log; exit 1; }
start() { pg_ctl -D d -w -t 120 -o "-k $PGHOST -c listen_addresses='' -c fsync=off" -l log start >/dev/null || { cat log; exit 1; }; }
start
psql -At <<'SQL'
create table t as select g as i, md5(g::text) as m from generate_series(1, 20000) g;
create index on t (m);
select count(*), sum(i), min(m), max(m) from t;
select i from t where m = md5('777');
begin; delete from t; rollback;
select count(*) from t;
SQL
pgbench -i -s 1 -q >>log 2>&1
pgbench -n -c 4 -j 2 -t 50 2>/dev/null | grep 'actually processed'
psql -At -c 'select sum(abalance) = (select sum(delta) from pgbench_history), (select count(*) from pgbench_history) from pgbench_accounts'
pg_ctl -D d -w -m fast stop >/dev/null
start
psql -At -c 'select count(*) from pgbench_history'
pg_ctl -D d -w -m immediate stop >/dev/null # as after a crash
start
psql -At -c 'select count(*) from pgbench_history'
pg_ctl -D d -w -m fast stop >/dev/null
