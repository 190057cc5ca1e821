# SPDX-License-Identifier: Apache-2.0
# nginx, master and two workers, with real clients: files, ranges, gzip, a proxy to another server of its own, reload, many at once, and its end.
set -u
port=${PORT:-18480}
mkdir www tmp
chmod 777 . www tmp
seq 1 20000 >www/numbers
printf 'hello\n' >www/index.html
cat >conf <<END
worker_processes 2; daemon off; pid $PWD/tmp/pid; error_log stderr crit; $([ "$(id -u)" != 0 ] || echo 'user root;')
events { worker_connections 256; }
http {
	access_log off; gzip on; gzip_types text/plain; default_type text/plain; sendfile on;
	client_body_temp_path $PWD/tmp/b; proxy_temp_path $PWD/tmp/p; fastcgi_temp_path $PWD/tmp/f; uwsgi_temp_path $PWD/tmp/u; scgi_temp_path $PWD/tmp/s;
	server { listen 127.0.0.1:$port; root $PWD/www; location /back/ { proxy_pass http://unix:$PWD/tmp/sock:/; } location /old { return 301 /new; } }
	server { listen unix:$PWD/tmp/sock; root $PWD/www; location / { add_header X-Back yes; } }
}
END
nginx -e stderr -c "$PWD/conf" 2>log &
master=$!
trap 'kill "$master" 2>/dev/null' EXIT
get() { curl -sS --max-time 20 "$@"; }
for _ in {1..300}; do get "http://127.0.0.1:$port/" >/dev/null 2>&1 && break; sleep 0.1; done
get "http://127.0.0.1:$port/"
get "http://127.0.0.1:$port/numbers" | sha256sum
get -r 100-120 "http://127.0.0.1:$port/numbers" | tr '\n' ' '; echo
get --compressed -D heads "http://127.0.0.1:$port/numbers" | sha256sum; grep -i '^content-encoding' heads | tr -d '\r'
get -o /dev/null -w '%{http_code} %{redirect_url}\n' "http://127.0.0.1:$port/old"
get -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:$port/none"
get -D heads "http://127.0.0.1:$port/back/numbers" | sha256sum; grep -i '^x-back' heads | tr -d '\r'
get -I "http://127.0.0.1:$port/numbers" | grep -i '^content-length' | tr -d '\r'
for i in 1 2 3 4 5 6 7 8; do
	for _ in 1 2 3 4 5 6 7 8 9 10; do get "http://127.0.0.1:$port/numbers" "http://127.0.0.1:$port/"; done | sha256sum >"many$i" &
	many[i]=$!
done
wait "${many[@]}"; cat many? | sort -u
printf 'changed\n' >www/index.html
sed -i 's/return 301/return 302/' conf
kill -HUP "$master"
for _ in {1..300}; do [ "$(get -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/old")" = 302 ] && break; sleep 0.1; done
get -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:$port/old"
get "http://127.0.0.1:$port/"
kill -QUIT "$master"; wait "$master"; echo "ended: $?"
cat log
rm -rf www tmp conf log heads many?
