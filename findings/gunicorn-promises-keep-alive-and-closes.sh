#!/usr/bin/env bash
# gunicorn 27.0.1 (gthread): answers `Connection: keep-alive` to a large body that the application did not read, and closes.
#
# A receiver that refuses a webhook by its headers (401: no signature) answers without reading the body. Up to some
# 64 KB gunicorn reads the rest by itself and the connection stays open, as it said; above that it closes at once, after
# the same `Connection: keep-alive`. A sender that believes the header writes its next delivery into a connection that
# is gone: what it then counts as a reset is no failure of that delivery's.
# Seen on 2026-11-29 with Python 3.11.7 on Linux.
# Run: bash findings/gunicorn-promises-keep-alive-and-closes.sh   (15 s; installs into a temporary folder)
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check gunicorn==27.0.1
cat >app.py <<'PY'
def refuse(environ, start_response):
    body = b"no signature"
    start_response("401 Unauthorized", [("Content-Length", str(len(body)))])
    return [body]
PY
cat >ask.py <<'PY'
import socket
import sys
import time

for size in (10, 300_000):
    for _ in range(100):
        try:
            connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            break
        except OSError:
            time.sleep(0.1)
    connection.settimeout(1)
    connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
    answer, end = b"", "closed"
    try:
        while data := connection.recv(65536):
            answer += data
    except TimeoutError:
        end = "still open after 1 s"
    except OSError:
        end = "reset"
    says = [line.decode() for line in answer.split(b"\r\n") if line.lower().startswith(b"connection:")]
    print(f"{size} bytes: {answer[9:12].decode()}, {says}, {end}")
PY
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
venv/bin/gunicorn -k gthread --threads 4 -b "127.0.0.1:$port" app:refuse >server.log 2>&1 &
server=$!
python3 ask.py "$port" | tee seen
grep -q "^10 bytes: 401, \['Connection: keep-alive'\], still open" seen &&
  grep -qE "^300000 bytes: 401, \['Connection: keep-alive'\], (closed|reset)" seen ||
  { echo "changed: above 64 KB it closed after 'keep-alive'"; exit 1; }
