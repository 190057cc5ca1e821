# SPDX-License-Identifier: Apache-2.0
# haproxy in front of two servers: turns, one that goes away, the other one alone, a reload by a new master's worker.
set -u
port=${PORT:-18580}
server() { # NUMBER
	exec python3 -c "
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        text = b'server $1 ' + self.path.encode() + b'\n'
        self.send_response(200); self.send_header('Content-Length', str(len(text))); self.end_headers(); self.wfile.write(text)
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(('127.0.0.1', $((port + $1))), H).serve_forever()"
}
cat >conf <<END
global
	maxconn 100
defaults
	mode http
	timeout connect 5s
	timeout client 20s
	timeout server 20s
	retries 3
	option redispatch
frontend f
	bind 127.0.0.1:$port
	default_backend b
backend b
	balance roundrobin
	server one 127.0.0.1:$((port + 1)) check inter 1s fall 2
	server two 127.0.0.1:$((port + 2)) check inter 1s fall 2
END
(server 1) 2>/dev/null & one=$!
(server 2) 2>/dev/null & two=$!
for n in 1 2; do for _ in {1..300}; do curl -s "http://127.0.0.1:$((port + n))/" >/dev/null && break; sleep 0.1; done; done
haproxy -db -f conf >log 2>&1 &
proxy=$!
trap 'kill "$proxy" "$one" "$two" 2>/dev/null' EXIT
get() { curl -sS --max-time 20 "$@"; }
for _ in {1..300}; do get "http://127.0.0.1:$port/" >/dev/null 2>&1 && break; sleep 0.1; done
for _ in {1..20}; do get "http://127.0.0.1:$port/a"; done | sort | uniq -c
kill "$two"; wait "$two" 2>/dev/null
sleep 4 # it is seen to be gone
for _ in {1..10}; do get "http://127.0.0.1:$port/b"; done | sort | uniq -c
kill "$proxy"; wait "$proxy" 2>/dev/null; echo "ended: $?"
rm -f conf log
