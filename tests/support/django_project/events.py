"""The one event of ours; the package looks for it in the module of this name."""

from dataclasses import dataclass
from typing import Any

from django_domain_events import event
from django_domain_events.codecs.dataclass_codec import DataclassCodec


@event(name="order.paid")
@dataclass(frozen=True)
class OrderPaid:
    payload: dict[str, Any]


class AnyJson(DataclassCodec):
    """Keeps our event as its payload, whatever that holds; the package's own codec knows flat ones only."""

    def encode(self, happened: object) -> dict[str, Any]:
        return happened.payload if isinstance(happened, OrderPaid) else super().encode(happened)

    def decode(self, kind: type[Any], payload: dict[str, Any], version: int) -> Any:
        return OrderPaid(payload) if kind is OrderPaid else super().decode(kind, payload, version)

    def supported_annotation(self, annotation: Any) -> bool:
        return annotation == dict[str, Any] or super().supported_annotation(annotation)
