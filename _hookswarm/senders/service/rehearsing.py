"""What a service would be asked, for people: no request is sent, and no secret is shown."""

import re
from collections.abc import Iterator

from _hookswarm.protocol.credentials import masked
from _hookswarm.protocol.identity import PROBE_STAGE, EventId, format_event_id
from _hookswarm.senders.service.account import Account
from _hookswarm.senders.service.filling import Values, fill, in_json
from _hookswarm.senders.service.handing import Hand
from _hookswarm.senders.service.steps import Steps, hidden_values
from _hookswarm.senders.service.table import Service, Step

_QUOTED = re.compile(r"%7B(\w+)%7D")


class Rehearsal:
    """Of an account that is not set up: what steps will keep stands there by its name, as `{tenant}`."""

    def __init__(self, service: Service, account: Account) -> None:
        self._service = service
        self._account = account.model_copy(deep=True)
        for item in (*self._account.groups, *self._account.endpoints[:1]):
            item |= {name: f"{{{name}}}" for step in service.setup for name in step.keep}
        self._account.run |= {name: f"{{{name}}}" for step in service.setup for name in step.keep}
        self._values: Values = self._account.values(0)
        own = {name: text for name, text in self._values.items() if text != f"{{{name}}}"}
        self._hidden = hidden_values(service, own)

    def setup(self) -> Iterator[str]:
        """A line or two for each step."""
        for step in self._service.setup:
            yield self._step(step)

    def teardown(self) -> Iterator[str]:
        """The same."""
        for step in self._service.teardown:
            yield self._step(step)

    def publish(self, payload: bytes) -> str:
        """The request of one event, in full."""
        hand = Hand(self._service, self._account, Steps(self._service), lambda _id, _n: payload)
        event_id = format_event_id(EventId(0, PROBE_STAGE, 0, 0))
        method, url, headers, body = hand.request(0, event_id, payload, 0)
        lines = b"".join(b"%b: %b\n" % line for line in headers.raw)
        return self._shown(b"%b %b\n%b\n%b" % (method.encode(), url.encode(), lines, body))

    def _step(self, step: Step) -> str:
        done = " ".join(("run", *step.run)) if step.run else f"write {step.write}"
        request = fill(step.request or done, self._values)
        lists = {name: f"{{{name}}}" for name in step.lists}
        body = fill(step.body, {**self._values, **lists}, in_json)
        body = f" {body}" if body else ""
        for name, text in step.lists.items():
            body = f"{body.rstrip()}\n    {{{name}}}, for each endpoint: {fill(text, self._values, in_json)}"
        return self._shown(f"{self._times(step)}: {request}{body}".encode())

    def _times(self, step: Step) -> str:
        match step.each:
            case "run":
                times = "once"
            case "group":
                times = f"for each of {len(self._account.groups):,} groups"
            case "endpoint":
                times = f"for each of {len(self._account.endpoints):,} endpoints"
        return f"{step.name}, {times}" if step.name else times

    def _shown(self, text: bytes) -> str:
        return _QUOTED.sub(r"{\1}", masked(text, self._hidden).decode(errors="replace"))
