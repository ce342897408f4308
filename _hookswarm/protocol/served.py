"""What a delivery service delivers to our receivers, as they are told over their control API; and what they tell."""

from typing import Any

from pydantic import Base64Bytes, BaseModel, ConfigDict

from _hookswarm.protocol.providers import Provider

ENDPOINTS = "/endpoints/"
"""What stands before an endpoint's number in its path."""
REDIRECTED = "/redirected"
"""What the paths begin with that our redirects name: what comes there is taken."""
MOST_CAUGHT = 32
"""Requests that one process catches: of events that were published ahead of the load, and of others."""


class Served(BaseModel):
    """Endpoints of a service: how their deliveries are signed, and by which secrets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Provider
    secrets: tuple[str, ...] = ()
    """By endpoint, in the provider's form; one: all have the same; none: nothing is signed."""
    shared: int = 1
    """How many endpoints in a row get each event: those of a group, or all."""
    run: int | None = None
    """The run's tag: what a service still has of others is not awaited. None: whatever comes is."""
    catch: bool = False
    """Nothing is tested yet: what arrives is kept whole, to be shown, and written to no journal."""


class Caught(BaseModel):
    """A request that was caught."""

    model_config = ConfigDict(extra="forbid")

    endpoint: int | None
    """None: its path names none."""
    event: str
    """Its id; empty: there is none of ours in it."""
    method: str
    headers: dict[str, str]
    """Their names in lower case."""
    body: Base64Bytes
    received_ns: int
    flags: int
    """As a row of the journal would have them."""


def caught_json(found: list[Caught]) -> dict[str, Any]:
    """What a receiver tells of them."""
    return {"caught": [one.model_dump(mode="json") for one in found]}


def endpoint_path(webhook: int) -> str:
    """Where under a receiver's URL an endpoint is."""
    return f"{ENDPOINTS}{webhook}"


def endpoint_of(path: str) -> int | None:
    """The endpoint that a path names; None: it names none."""
    number = path.rpartition(ENDPOINTS)[2]
    return int(number) if number.isascii() and number.isdecimal() and len(number) <= 9 and path != number else None
