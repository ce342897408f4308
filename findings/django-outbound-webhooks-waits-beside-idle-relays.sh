#!/usr/bin/env bash
# django-outbound-webhooks 0.4.0: one failing endpoint holds an event's five healthy ones by 32 s, beside idle relays.
#
# Its README says that "a rotted endpoint cannot drag the others through its retries", and django-domain-events' that one
# may run as many relays as one likes. Each delivery has a row of its own, but a relay claims up to 50 rows at once and
# delivers them one after the other, and an endpoint that answers 503 is tried for 31.5 s before the next row's turn. The
# other relays find the rows taken and stay idle: more of them do not help, `deliver_events --batch-size=1` does.
# Seen on 2026-11-29 with django-domain-events 0.14.1, PostgreSQL 15 and Python 3.11.7 on Linux.
# Run: bash findings/django-outbound-webhooks-waits-beside-idle-relays.sh   (60 s; needs Debian's postgresql; installs
# into a temporary folder)
set -euo pipefail
folder=$(mktemp -d)
database=
trap '[ -z "$database" ] || kill -QUIT "$database" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check \
  django-outbound-webhooks==0.4.0 django-domain-events==0.14.1 'django<6' 'psycopg[binary]'
bin=$(echo /usr/lib/postgresql/*/bin | awk '{print $NF}')
as=()
if [ "$(id -u)" = 0 ]; then # which PostgreSQL refuses to be
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi
mkdir database && chmod 755 . && { [ ${#as[@]} = 0 ] || chown postgres: database; }
"${as[@]}" "$bin/initdb" --no-sync --auth=trust --username=postgres "$folder/database/data" >initdb.log
"${as[@]}" "$bin/postgres" -D "$folder/database/data" -k "$folder/database" -c listen_addresses= -c fsync=off >database.log 2>&1 &
database=$!
mkdir shop && touch shop/__init__.py
cat >settings.py <<PY
SECRET_KEY = "an example"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django_domain_events", "django_outbound_webhooks", "shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "postgres", "HOST": "$folder/database"}}
DJANGO_OUTBOUND_WEBHOOKS = {"ALLOW_PRIVATE_ADDRESSES": True}
PY
cat >shop/events.py <<'PY'
from dataclasses import dataclass

from django_domain_events import event


@event
@dataclass(frozen=True)
class Paid:
    number: int
PY
cat >drive.py <<'PY'
"""Six relays; an event for a failing endpoint and five healthy ones: when does it arrive?"""
import http.server
import subprocess
import sys
import threading
import time

import django

django.setup()
from django.db import transaction
from django_domain_events import fire
from django_outbound_webhooks import register_endpoint
from django_outbound_webhooks.models import Endpoint
from shop.events import Paid

came = {}


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        came.setdefault(self.path, time.monotonic())
        self.send_response(503 if "failing" in self.path else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
for options in ([], ["--batch-size=1"]):
    came.clear()
    run = "".join(options) or "as-it-comes"
    paths = {f"/{run}-{name}" for name in "abcde"}
    for path in (f"/{run}-failing", *sorted(paths)):
        url = f"http://127.0.0.1:{server.server_port}{path}"
        register_endpoint(name=path, url=url, secret="c2VjcmV0", event_names=["shop.Paid"])
    command = [sys.executable, "-m", "django", "deliver_events", *options]
    with open("relays.log", "a") as log:
        relays = [subprocess.Popen(command, stdout=log, stderr=log) for _ in range(6)]
    time.sleep(6)  # all six are waiting
    sent = time.monotonic()
    with transaction.atomic():
        fire(Paid(1))
    for _ in range(450):
        if came.keys() >= paths:
            break
        time.sleep(0.1)
    for relay in relays:
        relay.kill()
    Endpoint.objects.all().delete()
    slowest = max(came.get(path, float("inf")) for path in paths) - sent
    print(f"{run}: the slowest healthy endpoint had its event after {'over 30 s' if slowest > 30 else 'under 5 s' if slowest < 5 else f'{slowest:.1f} s'}")
PY
export DJANGO_SETTINGS_MODULE=settings PYTHONPATH=$folder
for _ in $(seq 50); do "$bin/pg_isready" -q -h "$folder/database" && break; sleep 0.2; done
venv/bin/python -m django migrate --verbosity=0
venv/bin/python drive.py | tee seen
cat >expected <<'TEXT'
as-it-comes: the slowest healthy endpoint had its event after over 30 s
--batch-size=1: the slowest healthy endpoint had its event after under 5 s
TEXT
diff expected seen || { echo "changed: see above"; exit 1; }
