"""What payloads are written in, and which of it a provider can send."""

from typing import Literal

from _hookswarm.protocol.providers import Provider

Format = Literal["json", "form", "xml", "text"]

FORM = "application/x-www-form-urlencoded"
CONTENT_TYPES: dict[Format, str] = {
    "json": "application/json",
    "form": FORM,
    "xml": "application/xml",
    "text": "text/plain; charset=utf-8",
}
TOLD: dict[Format, str] = {"json": "JSON", "form": "forms", "xml": "XML", "text": "text"}
"""What a format is called in messages."""


def content_type(provider: Provider, written_in: Format) -> str:
    """What fits the body that is sent, where the provider's table says nothing else."""
    return CONTENT_TYPES[written_in] if provider.content == "json" else FORM


def misfit(provider: Provider, written_in: Format) -> str:
    """Why a provider cannot send payloads that are written so; empty if it can.

    JSON it always can; what is a form already stays as it is, where a form is sent.
    """
    if written_in == "json" or (written_in == "form" and provider.content != "json"):
        return ""
    what = TOLD[written_in]
    if provider.content != "json":
        return f"{provider.name} sends forms, and these are {what}: give JSON or forms"
    if provider.wrap:
        return f"{provider.name} puts each into JSON, and these are {what}: give JSON"
    stated = _stated(provider)
    return f"{provider.name} says {stated}, and these are {what}: give JSON" if "json" in stated.lower() else ""


def _stated(provider: Provider) -> str:
    return next((text for name, text in provider.headers.items() if name.lower() == "content-type"), "")
