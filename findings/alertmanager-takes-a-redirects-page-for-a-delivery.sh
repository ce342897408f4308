#!/usr/bin/env bash
# Alertmanager 0.25.0 (Debian): a webhook that is answered 302 counts as delivered, and its body never arrives anywhere.
#
# An endpoint that moved answers `302 Found` with its new place. Alertmanager follows it as a browser would: it asks for
# the new place with a GET without a body, takes that page's 200 for the acknowledgement, and does not send the alert
# again. (Standard Webhooks says of senders: do not follow redirects, they are a failure.)
# Seen on 2026-11-29 on Linux: one POST to the old place, one GET of 0 bytes at the new one, no failed notification.
# Run: bash findings/alertmanager-takes-a-redirects-page-for-a-delivery.sh   (15 s; unpacks Debian 12's package)
set -euo pipefail
folder=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq prometheus-alertmanager=0.25.0-1+b4 2>/dev/null
dpkg-deb -x ./*.deb root
cat >server.py <<'PY'
"""The old place answers 302, the new one 200; all that comes is written down."""
import http.server
import sys


class Moved(http.server.BaseHTTPRequestHandler):
    def answer(self):
        length = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        with open("came", "a") as file:
            file.write(f"{self.command} {self.path} {'with a body' if length else 'without a body'}\n")
        self.send_response(302 if self.path == "/old" else 200)
        if self.path == "/old":
            self.send_header("Location", "/new")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Moved).serve_forever()
PY
read -r port api < <(python3 -c '
import socket
a, b = socket.socket(), socket.socket()
a.bind(("127.0.0.1", 0)), b.bind(("127.0.0.1", 0))
print(a.getsockname()[1], b.getsockname()[1])')
cat >alertmanager.yml <<YML
route: {receiver: moved, group_wait: 0s, group_interval: 2s}
receivers: [{name: moved, webhook_configs: [{url: "http://127.0.0.1:$port/old", send_resolved: false}]}]
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
sleep 6 # three of its intervals: time to try again
failed=$(curl -s "http://127.0.0.1:$api/metrics" | sed -n 's/^alertmanager_notifications_failed_total{integration="webhook"} //p')
cat came
echo "failed notifications: $failed"
printf 'POST /old with a body\nGET /new without a body\n' | diff - came && [ "$failed" = 0 ] ||
  { echo "changed: see above"; exit 1; }
