#!/usr/bin/env bash
# Locust 2.47.0: a worker whose master is killed goes on at full rate for about a minute.
#
# Who runs a load distributed expects it to end with the process that conducts it. A worker of Locust learns of a dead
# master by missed heartbeats alone, and waits 60 s for one; a closed connection tells it nothing.
# Seen on 2026-11-29 with Python 3.11.7 on Linux: the last task began 60.0 s after SIGKILL to the master.
# Run: bash findings/locust-worker-outlives-its-master.sh   (2 minutes; installs into a temporary folder)
set -euo pipefail
folder=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check locust==2.47.0
cat >locustfile.py <<'PY'
import time

from locust import User, task


class Beat(User):
    """One task every 0.1 s, which writes down when it began."""

    @task
    def beat(self) -> None:
        with open("beats", "a") as file:
            file.write(f"{time.time()}\n")
        time.sleep(0.1)
PY
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
venv/bin/locust --master --headless --users 1 --expect-workers 1 --master-bind-host 127.0.0.1 \
  --master-bind-port "$port" >master.log 2>&1 &
master=$!
pids+=("$master")
venv/bin/locust --worker --master-host 127.0.0.1 --master-port "$port" >worker.log 2>&1 &
worker=$!
pids+=("$worker")
for _ in $(seq 300); do
  [ -s beats ] && break
  sleep 0.1
done
kill -9 "$master"
killed=$(date +%s.%N)
for _ in $(seq 120); do
  kill -0 "$worker" 2>/dev/null || break
  sleep 1
done
after=$(python3 -c "print(f'{float(open(\"beats\").read().split()[-1]) - $killed:.1f}')")
echo "the worker's last task began $after s after its master was killed"
python3 -c "import sys; sys.exit(not 30 < $after < 90)" || { echo "changed: 60 s were seen"; exit 1; }
