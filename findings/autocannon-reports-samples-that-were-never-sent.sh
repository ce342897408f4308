#!/usr/bin/env bash
# autocannon 9.0.0: at a fixed rate it counts twenty times as many latencies as there were answers, unless told -C.
#
# With `-R` autocannon corrects for coordinated omission by default: an answer that took 2 s also enters the latency
# histogram as 1,999 ms, 1,998 ms ... one for each interval of the rate *of one connection in which none could be sent*.
# After one stall of 2 s these invented samples outnumber the real ones, so the median is a number that no request had:
# most requests took about a millisecond, and the reported p50 is hundreds of milliseconds.
# Seen on 2026-11-29 with node 20.20.2 on Linux, 1,000 a second over 32 connections, 4 s, one stall of 2 s: 62,960
# latencies of 3,231 answers, p50 533 ms; with -C 3,232 of 3,232, p50 3 ms.
# Run: bash findings/autocannon-reports-samples-that-were-never-sent.sh   (30 s; installs into a temporary folder)
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . autocannon@9.0.0 >/dev/null
cat >server.js <<'JS'
// Answers at once, but for one stall: 1.5 s after the first request nothing is answered for 2 s.
let began = 0
require('http').createServer((request, response) => {
  began ||= Date.now()
  const age = Date.now() - began
  const wait = age > 1500 && age < 3500 ? 3500 - age : 0
  setTimeout(() => response.end('ok'), wait)
}).listen(Number(process.argv[2]), '127.0.0.1')
JS
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
node server.js "$port" &
server=$!
sleep 1
for correction in corrected uncorrected; do
  options=()
  [ "$correction" = corrected ] || options=(-C)
  kill "$server" && wait "$server" 2>/dev/null || true
  node server.js "$port" &
  server=$!
  sleep 1
  node_modules/.bin/autocannon -R 1000 -c 32 -d 4 -j "${options[@]}" "http://127.0.0.1:$port/" 2>/dev/null >"$correction.json"
  python3 - "$correction" <<'PY'
import json
import sys

found = json.load(open(f"{sys.argv[1]}.json"))
latency = found["latency"]
print(f"{sys.argv[1]}: {found['requests']['total']} answers, {latency['totalCount']} latencies, p50 {latency['p50']} ms")
PY
done
python3 - <<'PY' || { echo "changed: see above"; exit 1; }
import json
import sys

corrected, uncorrected = (json.load(open(f"{name}.json")) for name in ("corrected", "uncorrected"))
many = corrected["latency"]["totalCount"] / corrected["requests"]["total"]
sys.exit(not (many > 3 and corrected["latency"]["p50"] > 100 and uncorrected["latency"]["p50"] < 20))
PY
