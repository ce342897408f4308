#!/usr/bin/env bash
# PyPI svix 2.9.1 and standardwebhooks 1.1.0, which check the same signature: what `verify` gives back differs.
#
# Both publish `Webhook(secret).verify(body, headers)`, and examples on the web use them in turn. For a delivery that is
# rightly signed svix returned the parsed payload up to 1.80.0 and returns None in 2.9.1: `event = wh.verify(...)` of an
# older receiver is None after an update, and every delivery fails. standardwebhooks parses the body as JSON inside
# `verify`, and lets json's error out: a rightly signed body of text or XML, which the specification allows, is answered
# 500 by a receiver that catches WebhookVerificationError alone, and then sent again and again.
# Seen on 2026-11-29 with Python 3.11.7 on Linux.
# Run: bash findings/two-standard-webhooks-libraries-return-unlike-things.sh   (20 s; installs into a temporary folder)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv new
python3 -m venv old
new/bin/pip install -q --disable-pip-version-check svix==2.9.1 standardwebhooks==1.1.0
old/bin/pip install -q --disable-pip-version-check svix==1.80.0
cat >verify.py <<'PY'
import importlib
import sys
from datetime import UTC, datetime

NOW = datetime.now(UTC)
for library in sys.argv[1:]:
    webhook = importlib.import_module(f"{library}.webhooks").Webhook("whsec_c2VjcmV0IG9mIGFuIGV4YW1wbGU=")
    for body in ('{"paid": true}', "paid"):
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(NOW.timestamp())),
            "webhook-signature": webhook.sign("msg_1", NOW, body),
        }
        try:
            said = repr(webhook.verify(body, headers))
        except Exception as error:
            said = f"raises {type(error).__name__}"
        print(f"{library} {body}: {said}")
PY
{ old/bin/python verify.py svix | sed 's/^svix/svix 1.80.0/'; new/bin/python verify.py svix standardwebhooks; } | tee seen
cat >expected <<'TEXT'
svix 1.80.0 {"paid": true}: {'paid': True}
svix 1.80.0 paid: raises JSONDecodeError
svix {"paid": true}: None
svix paid: None
standardwebhooks {"paid": true}: {'paid': True}
standardwebhooks paid: raises JSONDecodeError
TEXT
diff expected seen || { echo "changed: see above"; exit 1; }
