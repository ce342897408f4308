#!/usr/bin/env bash
# HAProxy 2.6.12 (Debian): a POST that waits in its queue is delivered after the sender timed out and hung up.
#
# A webhook sender gives an attempt up after its time-out, closes the connection, and retries. HAProxy with `maxconn 1`
# for a server keeps the attempt queued, does not look at the closed connection, and passes the request on when the
# server is free: the endpoint gets it, whole, long after nobody waits for it, and the retry besides. It is by default
# (`option abortonclose` is the way out), and it makes arrivals that look like somebody else's duplicates.
# Seen on 2026-11-29 on Linux: given up after 0.3 s, arrived 1.0 s after it was sent.
# Run: bash findings/haproxy-delivers-what-its-sender-gave-up.sh   (10 s; unpacks Debian 12's package into a temporary folder)
set -euo pipefail
folder=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq haproxy=2.6.12-1+deb12u4 liblua5.3-0=5.3.6-2 \
  libopentracing-c-wrapper0=1.1.3-3+b1 libopentracing1=1.6.0-4 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
haproxy=$folder/root/usr/sbin/haproxy
export LD_LIBRARY_PATH
LD_LIBRARY_PATH=$(dirname "$(find root -name 'liblua5.3.so*' -print -quit)")
"$haproxy" -v | sed -n 1p
cat >server.py <<'PY'
"""Answers a request a second, one at a time, and writes down when each came."""
import http.server
import sys
import time


class Slow(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        came = time.time()
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with open("arrivals", "a") as file:
            file.write(f"{body} {came}\n")
        time.sleep(1)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Slow).serve_forever()
PY
read -r front back < <(python3 -c '
import socket
a, b = socket.socket(), socket.socket()
a.bind(("127.0.0.1", 0)), b.bind(("127.0.0.1", 0))
print(a.getsockname()[1], b.getsockname()[1])')
cat >haproxy.cfg <<CFG
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  timeout queue 10s
listen webhooks
  bind 127.0.0.1:$front
  server one 127.0.0.1:$back maxconn 1
CFG
python3 server.py "$back" & pids+=($!)
"$haproxy" -f haproxy.cfg -db >haproxy.log 2>&1 & pids+=($!)
cat >send.py <<'PY'
import socket
import sys
import time

front, back = int(sys.argv[1]), int(sys.argv[2])


def post(body):
    connection = socket.create_connection(("127.0.0.1", front))
    connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    return connection


for port in (front, back):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.1)
first = post(b"first")
time.sleep(0.1)
sent = time.time()
second = post(b"second")
time.sleep(0.3)
second.close()  # its time-out
time.sleep(2)
came = dict(line.split() for line in open("arrivals"))
if "second" not in came:
    sys.exit("changed: the request that was given up did not arrive")
print(f"given up after 0.3 s, arrived {float(came['second']) - sent:.1f} s after it was sent")
sys.exit(not 0.6 < float(came["second"]) - sent < 1.6)
PY
python3 send.py "$front" "$back" || { echo "changed: 1.0 s was seen"; exit 1; }
