#!/usr/bin/env bash
# adnanh/webhook 2.8.0 (Debian): a delivery without its signature header is refused, and answered 200; a wrong one 500.
#
# With a rule that checks GitHub's signature, a request without the header runs no command, and is answered
# 200 "Hook rules were not satisfied.". A sender takes that for an acknowledgement: a receiver behind a proxy that drops
# the header loses every event, and nobody retries. A signature that does not match is answered 500, which senders retry.
# Only the body tells, so whoever measures this receiver by its status sees no error at all.
# Seen on 2026-11-29 on Linux.
# Run: bash findings/webhook-acknowledges-what-it-refuses.sh   (5 s; unpacks Debian 12's package into a temporary folder)
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq webhook=2.8.0-4+b6 2>/dev/null
dpkg-deb -x ./*.deb root
cat >hooks.json <<'JSON'
[{"id": "deploy", "execute-command": "/bin/true", "trigger-rule": {"match": {"type": "payload-hmac-sha256",
  "secret": "an example", "parameter": {"source": "header", "name": "X-Hub-Signature-256"}}}}]
JSON
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
root/usr/bin/webhook -ip 127.0.0.1 -port "$port" -hooks hooks.json >server.log 2>&1 &
server=$!
for _ in $(seq 50); do curl -s "http://127.0.0.1:$port/" >/dev/null && break || sleep 0.1; done
body='{"ref": "refs/heads/main"}'
right="sha256=$(printf %s "$body" | openssl dgst -sha256 -hmac 'an example' | sed 's/.* //')"
ask() {
  curl -s -w '%{http_code}' -H 'Content-Type: application/json' "${@:2}" -d "$body" "http://127.0.0.1:$port/hooks/deploy" |
    sed "s/^/$1: /"
  echo
}
{
  ask right -H "X-Hub-Signature-256: $right"
  ask wrong -H "X-Hub-Signature-256: sha256=$(printf '0%.0s' $(seq 64))"
  ask missing
} | tee seen
cat >expected <<'TEXT'
right: 200
wrong: Error occurred while evaluating hook rules.500
missing: Hook rules were not satisfied.200
TEXT
diff expected seen || { echo "changed: see above"; exit 1; }
