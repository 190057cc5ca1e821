# SPDX-License-Identifier: Apache-2.0
# redis-server and its own client over a Unix socket: data types, expiry, a script, pipelines, saving by a forked child, and finding all again.
set -u
start() {
	redis-server --port 0 --unixsocket "$PWD/s" --dir "$PWD" --save '' --appendonly no >>log 2>&1 &
	server=$!
	for _ in {1..300}; do [ "$(redis-cli -s s ping 2>/dev/null)" = PONG ] && return; sleep 0.1; done
	cat log
	exit 1
}
r() { redis-cli -s s "$@"; }
trap 'kill "$server" 2>/dev/null' EXIT
start
r set a 1; r incr a; r append a 23; r get a
r rpush l x y z; r lrange l 0 -1; r sadd s one two two; r scard s
r zadd z 3 c 1 a 2 b; r zrange z 0 -1 withscores
r hset h k v w 5; r hincrby h w 37; r hgetall h | paste -sd' '
r set gone soon px 50 >/dev/null; sleep 0.2; r get gone
r eval 'return {KEYS[1], ARGV[1] * 2, redis.call("get", "a")}' 1 key 21
seq 1 20000 | sed 's/.*/SET key:& value:&/' | r --pipe | tail -n 1
r dbsize
r bgsave
for _ in {1..300}; do r info persistence | grep -q 'rdb_bgsave_in_progress:0' && break; sleep 0.1; done
r info persistence | grep -o 'last_bgsave_status:.*' | tr -d '\r'
r multi >/dev/null; r debug sleep 0 >/dev/null 2>&1
redis-benchmark -s s -n 2000 -c 20 -P 4 -t set,get,lpush -q 2>&1 | tr '\r' '\n' | grep -c 'requests per second, p50'
r shutdown nosave; wait "$server" 2>/dev/null; echo "ended: $?"
start
r get key:777; r get a; r config get appendonly | paste -sd' '
r shutdown nosave; wait "$server" 2>/dev/null; echo "ended: $?"
rm -f log dump.rdb s
