"""What is wrong with a table beyond the form of its keys: names that have no value, steps that are none."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.toml_lines import Place
from _hookswarm.protocol.acceptance import parse_acceptance
from _hookswarm.protocol.identity import LONGEST_ID
from _hookswarm.protocol.providers import OURS, Provider, load_provider
from _hookswarm.protocol.templates import Template
from _hookswarm.senders.service.answers import HEADER, TEXT
from _hookswarm.senders.service.faults import Fault
from _hookswarm.senders.service.filling import names_in

if TYPE_CHECKING:
    from _hookswarm.senders.service.table import Level, Publish, Service, Step

OF_RUN = ("run", "webhooks")
OF_GROUP = ("group",)
OF_ENDPOINT = ("webhook", "url", "secret")
OF_EVENT = ("event_id", "event_uuid", "payload", "payload_text", "timestamp", "timestamp_iso", "sequence", "type")
IN_HEADERS = ("event_id", "event_uuid", "timestamp", "timestamp_iso", "sequence", "type")
"""Of these what fits into one line."""
UUID_CHARACTERS = 36
FORMS = {
    r"^([A-Z]{3,7} \S+)?$": "write method and URL: POST {api}/v1/apps",
    r"^[a-z][a-z0-9_]{0,63}$": "write a name of lower-case letters, digits and _",
    r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$": "write a header's name",
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$": "write a name of letters, digits, full stops and hyphens",
}
"""By the pattern that a text must match: what to write."""

_Text = tuple[Place, str, set[str]]
"""Where a text stands, the text, and the names that it may use."""
_TOLD_BY_BODY = ("body", "compact_body")


def problems_of(service: "Service") -> Iterator[Fault]:
    """Each with its place in the table, and what to do."""
    if not service.addresses:
        yield Fault(("addresses",), 'write where the service is: addresses = { api = "http://127.0.0.1:8080" }')
    for place, step in _steps(service):
        yield from _of_step(place, step, service)
    yield from _of_publish(service.publish, service)
    yield from _of_delivers(service)
    if service.retry:
        yield from (Fault(("retry", "waits_s"), fault) for fault in service.retry.problems())
    for name, restart in service.restart.items():
        if sum(map(bool, (restart.stop, restart.pid_file, restart.process))) != 1:
            yield Fault(("restart", name), "write one of stop, pid_file and process")
        if not restart.start and not restart.ready:
            yield Fault(
                ("restart", name, "ready"),
                "write a URL that answers 2xx when it is back, or tcp://HOST:PORT, or `start`",
            )
    yield from _unfilled(service)
    yield from _taken_names(service)
    yield from _unknown_names(service)


def _steps(service: "Service") -> Iterator[tuple[Place, "Step"]]:
    for number, step in enumerate(service.setup):
        yield ("setup", number), step
    for number, step in enumerate(service.teardown):
        yield ("teardown", number), step


def _of_step(at: Place, step: "Step", service: "Service") -> Iterator[Fault]:
    yield from _of_request(at, step, service)
    if sum(map(bool, (step.request, step.write, step.run))) != 1:
        yield Fault(at, "write one of request, run and write")
    if step.each == "group" and not service.group:
        yield Fault((*at, "each"), "there are no groups: write [group] with a size")
    if step.lists and step.each == "endpoint":
        yield Fault((*at, "lists"), 'a step for each endpoint has none: write each = "run", or "group"')
    for name in step.lists:
        if name not in names_in(step.body):
            yield Fault((*at, "lists", name), f"put {{{name}}} into the body, where it belongs")
    if step.lasts_s is not None and step.each != "run":
        yield Fault((*at, "lasts_s"), 'only what is kept once is asked for again: write each = "run"')
    if step.write and (step.keep or step.accept):
        yield Fault((*at, "write"), "a file gives no answer: leave keep and accept out")
    if step.run and (step.headers or step.body or step.accept):
        yield Fault((*at, "run"), "a command is done when it ends with 0: leave headers, body and accept out")
    for name, where in step.keep.items():
        yield from (Fault((*at, "keep", name), fault) for fault in _of_kept(where, bool(step.run)))


def _of_kept(where: str, of_command: bool) -> Iterator[str]:
    if where.startswith(TEXT):
        try:
            if re.compile(where.removeprefix(TEXT)).groups != 1:
                yield "write one group into the pattern, around what is kept: text token=(\\w+)"
        except re.error:
            yield "this is not a pattern: write a regular expression with one group"
    elif where.startswith(HEADER):
        if of_command or not where.removeprefix(HEADER).strip():
            yield "write `header NAME`; what a command prints has no headers"
    elif not where.strip():
        yield "write a path such as data.id, or `header NAME`, or `text PATTERN`"


def _of_request(at: Place, request: "Step | Publish", service: "Service") -> Iterator[Fault]:
    try:
        parse_acceptance(request.accept)
    except ConfigError as error:
        yield from (Fault((*at, "accept"), fault) for fault in error.faults)
    _, _, url = request.request.partition(" ")
    bases = [f"{{{name}}}" for name in service.addresses]
    if url and bases and not url.startswith((*bases, "{")):
        told = "begin with one of the addresses, which say where we may send to"
        yield Fault((*at, "request"), f"{told}: {' or '.join(bases)}")
    for name, text in request.headers.items():
        if any(not character.isprintable() for character in text):
            yield Fault((*at, "headers", name), "a header has one line of printable characters: write so")
        if name.lower() in OURS:
            yield Fault((*at, "headers", name), "the wire sets this one: leave it out")


def _of_publish(publish: "Publish", service: "Service") -> Iterator[Fault]:
    at: Place = ("publish",)
    if not publish.request:
        yield Fault((*at, "request"), 'write how an event is handed over: request = "POST {api}/events"')
    yield from _of_request(at, publish, service)
    if publish.fan_out == "group" and not service.group:
        yield Fault((*at, "fan_out"), "there are no groups: write [group] with a size")
    used = {*names_in(publish.body)}
    if not {"payload", "payload_text", "event_id"} & used:
        yield Fault((*at, "body"), "put {payload} into it, or {event_id}: nothing else tells what arrives")
    lengths = {"event_id": LONGEST_ID, "event_uuid": UUID_CHARACTERS}
    for name in [name for name in lengths if name in used and lengths[name] > (publish.id_most or lengths[name])]:
        told = f"{{{name}}} has up to {lengths[name]} characters"
        yield Fault((*at, "id_most"), f"{told}: leave it out of the body, so that the service makes one")


def _of_delivers(service: "Service") -> Iterator[Fault]:
    delivers, at = service.delivers, ("delivers",)
    if delivers.provider:
        if delivers.headers or delivers.signature:
            yield Fault(at, "write either a provider or headers and signature")
        try:
            load_provider(delivers.provider)
        except ConfigError as error:
            yield from (Fault(at, fault.removeprefix("--provider: ")) for fault in error.faults)
        return
    faults = list(Provider.model_construct(headers=delivers.headers, signature=delivers.signature).problems())
    for fault in faults:
        key, _, text = fault.partition(": ")
        yield Fault((*at, *key.split(".")), text)
    signature = delivers.signature
    if signature and not faults:
        told = {name for text in (*delivers.headers.values(), signature.value) for name in Template(text).names}
        for name in Template(signature.signed).names:
            if name not in {*told, *_TOLD_BY_BODY, "url", "method"} and (name != "values" or "names" not in told):
                text = f"no header tells {{{name}}}: write it into delivers.headers, so that it can be verified"
                yield Fault((*at, "signature", "signed"), text)


def _unfilled(service: "Service") -> Iterator[Fault]:
    """Texts that others are filled with: a name in one of them would be published as it stands."""
    for table, told in (("addresses", "address"), ("values", "value")):
        for key, text in getattr(service, table).items():
            if names := names_in(text):
                where = f"write {{{names[0]}}} where the {told} is used"
                yield Fault((table, key), f"nothing is filled in here: {where}")


def _taken_names(service: "Service") -> Iterator[Fault]:
    """Names that mean something already."""
    taken = {*OF_RUN, *OF_GROUP, *OF_ENDPOINT, *OF_EVENT}
    told = "this name has its own meaning: choose another"
    for table in ("addresses", "values"):
        yield from (Fault((table, name), told) for name in getattr(service, table) if name in taken)
    for place, step in _steps(service):
        yield from (Fault((*place, "lists", name), told) for name in step.lists if name in taken)
        for name in step.keep:
            if name in taken - {"secret"}:
                yield Fault((*place, "keep", name), told)
            elif name == "secret" and step.each != "endpoint":
                yield Fault((*place, "keep", name), 'a secret is an endpoint\'s: write each = "endpoint"')


def _unknown_names(service: "Service") -> Iterator[Fault]:
    """Names that have no value where they are used."""
    levels: Sequence[Level] = ("run", "group", "endpoint")
    base = {*service.addresses, *service.values, *OF_RUN}
    there: dict[Level, set[str]] = {"run": base, "group": {*OF_GROUP}, "endpoint": {*OF_ENDPOINT}}
    if not service.group:
        there["group"] = set()

    def known(level: "Level") -> set[str]:
        return set[str]().union(*(there[one] for one in levels[: levels.index(level) + 1]))

    for place, step in _steps(service):
        names, of_endpoint, of_body = known(step.each), known("endpoint"), {*step.lists}
        texts = [(at, text, names | of_body if at == ("body",) else names) for at, text in step.texts()]
        lists: list[_Text] = [(("lists", name), text, of_endpoint) for name, text in step.lists.items()]
        yield from _unknown(place, [*texts, *lists])
        there[step.each] |= {*step.keep}
    names = known("endpoint")
    of_event = {"request": set[str](), "headers": {*IN_HEADERS}, "body": {*OF_EVENT}}
    texts = [(at, text, names | of_event[str(at[0])]) for at, text in service.publish.texts()]
    yield from _unknown(("publish",), texts)
    yield from _unknown((), [(("secret",), service.secret, names)])
    ready: list[_Text] = [((one, "ready"), restart.ready, base - {*OF_RUN}) for one, restart in service.restart.items()]
    yield from _unknown(("restart",), ready)


def _unknown(within: Place, texts: Iterable[_Text]) -> Iterator[Fault]:
    for place, text, names in texts:
        for name in names_in(text):
            if name not in names:
                told = f"there is no {{{name}}} here: write one of {', '.join(sorted(names))}"
                yield Fault((*within, *place), f"{told}; or keep it in a step before")
