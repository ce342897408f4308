#!/usr/bin/env bash
# Alertmanager 0.25.0 (Debian): an alert that was refused for good (410, 429 …) is sent again after every reload and interval.
#
# Its log calls a 4xx an "unrecoverable error after 1 attempts", and within its group's interval it does not try again. But
# nothing keeps that verdict: each `group_interval` for as long as the alert fires, and at once after each `POST /-/reload`
# (any change of any route), it sends the alert anew, and so it does with what waits for a retry, from the first wait on.
# A receiver that answers 410 to be left alone is not; a queue that was backing off comes back all at once.
# Seen on 2026-11-29 on Linux.
# Run: bash findings/alertmanager-sends-again-what-was-refused-for-good.sh   (20 s; unpacks Debian 12's package)
set -euo pipefail
folder=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq prometheus-alertmanager=0.25.0-1+b4 2>/dev/null
dpkg-deb -x ./*.deb root
cat >server.py <<'PY'
"""Answers 410 Gone, and writes down that something came."""
import http.server
import sys


class Gone(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        with open("came", "a") as file:
            file.write("x\n")
        self.send_response(410)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Gone).serve_forever()
PY
read -r port api < <(python3 -c '
import socket
a, b = socket.socket(), socket.socket()
a.bind(("127.0.0.1", 0)), b.bind(("127.0.0.1", 0))
print(a.getsockname()[1], b.getsockname()[1])')
cat >alertmanager.yml <<YML
route: {receiver: gone, group_wait: 0s, group_interval: 10s}
receivers: [{name: gone, webhook_configs: [{url: "http://127.0.0.1:$port/hooks", send_resolved: false}]}]
YML
python3 server.py "$port" & pids+=($!)
# It looks for its templates under /usr/share; the C library is the machine's.
mkdir -p root/lib64 root/lib/x86_64-linux-gnu root/data
cp alertmanager.yml root/
for library in /lib64/ld-linux-x86-64.so.2 /lib/x86_64-linux-gnu/libc.so.6; do cp -L "$library" "root$library"; done
unshare --map-root-user --root=root prometheus-alertmanager --config.file=/alertmanager.yml --storage.path=/data --cluster.listen-address= \
  --web.listen-address="127.0.0.1:$api" >alertmanager.log 2>&1 & pids+=($!)
alert='[{"labels": {"alertname": "paid"}}]'
for _ in $(seq 50); do
  curl -sf -H 'Content-Type: application/json' -d "$alert" "http://127.0.0.1:$api/api/v2/alerts" && break
  sleep 0.2
done
sleep 3
{
  echo "attempts after 3 s: $(wc -l <came)"
  curl -sf -X POST "http://127.0.0.1:$api/-/reload"
  sleep 3
  echo "3 s after a reload: $(wc -l <came)"
  sleep 10 # its interval
  echo "after the group's interval: $(wc -l <came)"
} | tee seen
grep -o 'unrecoverable error after 1 attempts' alertmanager.log | uniq | tee -a seen
cat >expected <<'TEXT'
attempts after 3 s: 1
3 s after a reload: 2
after the group's interval: 3
unrecoverable error after 1 attempts
TEXT
diff expected seen || { echo "changed: see above"; exit 1; }
