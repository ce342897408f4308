"""Run by the oracles' Python: reads cases as JSON from standard input, and prints for each what the library says."""

import json
import sys
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import slack_sdk.signature
import stripe
import svix
from discord_interactions import verify_key
from hook0.signature import verify_webhook_signature
from hubspot.utils.signature import Signature
from mailgun.security import SecurityGuard
from nacl.signing import VerifyKey
from paddle_billing.Notifications import Secret, Verifier
from sendgrid.helpers.eventwebhook import EventWebhook
from square.utils.webhooks_helper import verify_signature
from standardwebhooks.webhooks import Webhook
from twilio.request_validator import RequestValidator


def accepts(provider: str, secret: str, public: str, url: str, headers: dict[str, str], body: str) -> Any:
    """What the provider's own library returns; it may as well raise."""
    match provider:
        case "standard-webhooks" | "debezium" | "mcp-events":
            return Webhook(secret).verify(body, headers) is not None
        case "svix":
            return svix.Webhook(secret).verify(body, headers) is None
        case "stripe":
            return stripe.Webhook.construct_event(body, headers["stripe-signature"], secret) is not None
        case "slack":
            return slack_sdk.signature.SignatureVerifier(secret).is_valid_request(body, headers)
        case "twilio":
            fields = dict(parse_qsl(body, keep_blank_values=True))
            return RequestValidator(secret).validate(url, fields, headers["x-twilio-signature"])
        case "sendgrid":
            name = "x-twilio-email-event-webhook"
            return EventWebhook(public).verify_signature(
                body, headers[f"{name}-signature"], headers[f"{name}-timestamp"]
            )
        case "discord":
            signature, timestamp = headers["x-signature-ed25519"], headers["x-signature-timestamp"]
            VerifyKey(bytes.fromhex(public)).verify((timestamp + body).encode(), bytes.fromhex(signature))
            return verify_key(body.encode(), signature, timestamp, public)
        case "square":
            return verify_signature(
                request_body=body,
                signature_header=headers["x-square-hmacsha256-signature"],
                signature_key=secret,
                notification_url=url,
            )
        case "paddle":
            request = SimpleNamespace(headers={"Paddle-Signature": headers["paddle-signature"]}, body=body.encode())
            # Importing all these takes longer than the 5 s that it allows.
            return Verifier(maximum_variance=60).verify(request, Secret(secret))
        case "hubspot":
            signature, timestamp = headers["x-hubspot-signature-v3"], headers["x-hubspot-request-timestamp"]
            return Signature.is_valid(signature, secret, body, url, "POST", "v3", timestamp)
        case "hook0":
            verify_webhook_signature(headers["x-hook0-signature"], body.encode(), headers, secret, 300)
            return True
        case "mailgun":
            told = json.loads(body)["signature"]
            return SecurityGuard.verify_webhook(secret, told["token"], told["timestamp"], told["signature"])
    raise LookupError(provider)


def main() -> None:
    """One process for all cases: to import the libraries takes seconds."""
    answers = []
    for case in json.load(sys.stdin):
        try:
            answers.append(bool(accepts(**case)))
        except LookupError:
            raise
        except Exception as error:
            print(f"{case['provider']}: {type(error).__name__}: {error}", file=sys.stderr)
            answers.append(False)
    print("\n" + json.dumps(answers))


if __name__ == "__main__":
    main()
