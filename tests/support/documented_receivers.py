"""Receivers as owners of endpoints write them, with Flask: how GitHub's and Stripe's documentation show it.

Started as `python -m tests.support.documented_receivers PORT SECRET`.
"""

import hashlib
import hmac
import sys
import time

from flask import Flask, Response, abort, request

app = Flask(__name__)
SECRET = ""


@app.post("/github")
def github() -> Response:
    """docs.github.com, "Validating webhook deliveries", Python."""
    expected = "sha256=" + hmac.new(SECRET.encode(), msg=request.get_data(), digestmod=hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("X-Hub-Signature-256", "")):
        abort(403, "Request signatures didn't match!")
    assert request.get_json()
    assert request.headers["X-GitHub-Event"]
    assert request.headers["X-GitHub-Delivery"]
    return Response(status=202)


@app.post("/stripe")
def stripe() -> Response:
    """docs.stripe.com, "Verify webhook signatures manually"."""
    parts = [part.split("=", 1) for part in request.headers.get("Stripe-Signature", "t=0").split(",")]
    timestamp = next(value for name, value in parts if name == "t")
    signed = timestamp.encode() + b"." + request.get_data()
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    if not any(hmac.compare_digest(expected, value) for name, value in parts if name == "v1"):
        abort(400, "No signatures found matching the expected signature for payload")
    if abs(time.time() - int(timestamp)) > 300:
        abort(400, "Timestamp outside the tolerance zone")
    assert request.get_json()
    return Response(status=200)


if __name__ == "__main__":
    SECRET = sys.argv[2]
    app.run("127.0.0.1", int(sys.argv[1]), threaded=True)
