"""What a delivery service delivers to our receivers, as they are told over their control API."""

from pydantic import BaseModel, ConfigDict

from _hookswarm.protocol.providers import Provider

ENDPOINTS = "/endpoints/"
"""What stands before an endpoint's number in its path."""
REDIRECTED = "/redirected"
"""What the paths begin with that our redirects name: what comes there is taken."""


class Served(BaseModel):
    """Endpoints of a service: how their deliveries are signed, and by which secrets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Provider
    secrets: tuple[str, ...] = ()
    """By endpoint, in the provider's form; one: all have the same; none: nothing is signed."""


def endpoint_path(webhook: int) -> str:
    """Where under a receiver's URL an endpoint is."""
    return f"{ENDPOINTS}{webhook}"


def endpoint_of(path: str) -> int | None:
    """The endpoint that a path names; None: it names none."""
    number = path.rpartition(ENDPOINTS)[2]
    return int(number) if number.isascii() and number.isdecimal() and len(number) <= 9 and path != number else None
