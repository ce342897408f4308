"""Bodies that a function of the user's own makes: a locustfile's `payloads`."""

import json
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from _hookswarm.common.errors import ConfigError, HookswarmError
from _hookswarm.common.wording import one_line
from _hookswarm.protocol.marks import mark_after_id
from _hookswarm.senders.plan.payloads import SIZES


class PayloadError(HookswarmError):
    """A payload's function that makes no body; its text names the function, the event and the fault."""


class Event(NamedTuple):
    """The event that a payload is made for."""

    number: int
    """No other event of the stage has it."""
    webhook: int
    """The subscription that it goes to, from 0."""
    sequence: int
    """Its place among the events of that webhook, from 0."""


Function = Callable[[Event, Random], bytes | dict[str, Any]]
"""Makes a body. It is called again for every retry, in any process, and must give the same again."""
Functions = Mapping[str, Function]
"""By their names, by which stages know them."""


class Made:
    """The bodies of one stage, each made when it is sent."""

    def __init__(self, name: str, function: Function, webhooks: int, seed: int, objects: bool) -> None:
        """`objects`: bodies must be JSON objects, as a delivery service is published them."""
        self.name = name
        self._function = function
        self._webhooks = webhooks
        self._seed = seed
        self._objects = objects

    def body(self, _event_id: bytes, n: int) -> bytes:
        """Raises PayloadError."""
        sequence, webhook = divmod(n, self._webhooks)
        try:
            # A source of its own: one that waits for something must not change what others draw.
            return self._bytes(self._function(Event(n, webhook, sequence), Random(self._seed << 64 | n)))
        except Exception as error:
            said = one_line(f"{type(error).__name__}: {error}".encode())
            raise PayloadError(f"payload {self.name!r}: the function fails at event {n}: {said}: mend it") from error

    def _bytes(self, made: object) -> bytes:
        if isinstance(made, dict):
            return json.dumps(made, separators=(",", ":"), allow_nan=False).encode()
        if not isinstance(made, bytes):
            raise TypeError(f"it returned {type(made).__name__}, and must return bytes or a dict")
        if self._objects:
            mark_after_id(made)  # which raises ValueError for what cannot carry a mark
        return made

    def kind(self, _n: int) -> bytes:
        return b""


def named_functions(functions: Sequence[Function]) -> Functions:
    """By their names. Raises ConfigError for what stages could not name, or call."""
    found: dict[str, Function] = {}
    faults = []
    for function in functions:
        name = getattr(function, "__name__", "")
        if not callable(function) or not name.isidentifier():
            faults.append(f"payloads: {function!r} is no function with a name: write `def order(event, draw): …`")
        elif name in SIZES or name in found:
            faults.append(f"payloads: {name!r} is the name of something else, too: give the function another one")
        found[name] = function
    if faults:
        raise ConfigError(faults)
    return found


def trial_fault(made: Made) -> str:
    """What is wrong with the body of a stage's first event; empty: nothing is. It is made twice."""
    try:
        if made.body(b"", 0) == made.body(b"", 0):
            return ""
    except PayloadError as error:
        return str(error)
    return (
        f"payload {made.name!r}: the function makes another body when it is asked for the same event again, and a "
        "retry must repeat the body: draw from its second argument, and use no clock and no uuid4()"
    )
