"""Its API: endpoints come and go, events are published for one of them. A body that is no such JSON is answered 400."""

import base64
import json
import secrets
import uuid

from django.core.exceptions import ValidationError
from django.db import DataError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_http_methods
from django_domain_events import attributed, fire
from django_outbound_webhooks import register_endpoint
from django_outbound_webhooks.models import Endpoint

from tests.support.django_project.events import OrderPaid

EVENTS = {"order.paid": OrderPaid}


@require_http_methods(["POST"])
def endpoints(request: HttpRequest) -> HttpResponse:
    """`{"url", "secret"}`, the secret may be missing: 201 `{"id", "secret"}`."""
    try:
        asked = json.loads(request.body)
        name = uuid.uuid4().hex
        secret = asked.get("secret") or "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        register_endpoint(name=name, url=asked["url"], secret=secret, event_names=[*EVENTS], tenant=name)
    except (AttributeError, KeyError, TypeError, ValueError, ValidationError) as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse({"id": name, "secret": secret}, status=201)


@require_http_methods(["DELETE"])
def endpoint(request: HttpRequest, name: str) -> HttpResponse:
    """204, or 404 if there is none."""
    gone, _ = Endpoint.objects.filter(tenant=name).delete()
    return HttpResponse(status=204 if gone else 404)


@require_http_methods(["POST"])
def events(request: HttpRequest) -> HttpResponse:
    """`{"endpoint", "type", "payload"}`: 202 `{"id"}`, also for an endpoint that there is not."""
    try:
        asked = json.loads(request.body)
        happened = EVENTS[asked["type"]](asked["payload"])
        with transaction.atomic(), attributed(endpoint=asked["endpoint"]):
            number = fire(happened)
    except (KeyError, TypeError, ValueError, DataError) as error:  # PostgreSQL keeps no NUL and no infinity
        return JsonResponse({"error": repr(error)}, status=400)
    return JsonResponse({"id": number}, status=202)


urlpatterns = [path("endpoints", endpoints), path("endpoints/<name>", endpoint), path("events", events)]
