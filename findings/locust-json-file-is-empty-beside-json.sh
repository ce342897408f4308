#!/usr/bin/env bash
# Locust 2.47.0: `--json --json-file FILE` prints the statistics and writes an empty list into FILE.json.
#
# Either option alone gives all entries. With both, which a CI job asks for that shows the numbers and keeps them, the
# file holds `[]`: what is printed first clears the statistics. Nothing says so, and the exit code is that of a good run.
# Seen on 2026-11-29 with Python 3.11.7 on Linux.
# Run: bash findings/locust-json-file-is-empty-beside-json.sh   (1 minute; installs into a temporary folder)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check locust==2.47.0
cat >locustfile.py <<'PY'
from locust import User, constant, task


class Deliveries(User):
    """Says of a request every 0.05 s that it took 12.3 ms."""

    wait_time = constant(0.05)

    @task
    def deliver(self) -> None:
        self.environment.events.request.fire(
            request_type="POST", name="/hooks", response_time=12.3, response_length=0, exception=None, context={}
        )
PY
venv/bin/locust --headless --users 1 --run-time 2s --json-file alone >/dev/null 2>&1
venv/bin/locust --headless --users 1 --run-time 2s --json --json-file beside >printed 2>/dev/null
for file in alone.json printed beside.json; do
  python3 -c "import json, sys; print(f'{sys.argv[1]}: {len(json.load(open(sys.argv[1])))} entries')" "$file"
done | tee seen
printf 'alone.json: 1 entries\nprinted: 1 entries\nbeside.json: 0 entries\n' | diff - seen || { echo "changed: see above"; exit 1; }
