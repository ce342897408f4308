"""What the tests would do: their stages as a table, and a request as it would go out."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from _hookswarm.analysis.reporting.console import printable
from _hookswarm.common.wording import clock, first_of
from _hookswarm.protocol.credentials import HIDDEN, masked, public_key_text
from _hookswarm.runner.plans import Outlook, Prepared
from _hookswarm.runner.service_listing import service_told
from _hookswarm.senders.plan import outline
from _hookswarm.senders.plan.headers import Headers
from _hookswarm.senders.plan.plan import NAMES_SHOWN
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.worker.rehearsal import first_request

_NOTHING_SENT = "\nnothing was sent: leave --dry-run out to send it"


def show_list(outlook: Outlook, out: Console) -> None:
    """Every test with its stages: users, length, rate, events."""
    for name, prepared in outlook.tests.items():
        stages = prepared.plan.stages
        out.print(Text.assemble((name, "bold"), f"  {len(stages)} stages, {_length(stages)}"))
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("stage", overflow="fold")
        for column in ("users", "lasts", "events, about"):
            table.add_column(column, justify="right", overflow="fold")
        table.add_column("rate", overflow="fold")
        for stage in stages:
            events = outline.events(stage, prepared.settings.seed)
            row = (stage.name, f"{stage.users:,}", outline.lasts(stage), events, outline.rate(stage))
            table.add_row(*(Text(printable(cell)) for cell in row))
        out.print(table)
        for line in (*prepared.plan.told, *prepared.plan.skipped()):
            _say(out, line)
        out.print()
    for name, why in outlook.left_out.items():
        _say(out, f"skipped: the test {name}: {why}")


def show_plan(outlook: Outlook, out: Console) -> None:
    """In a line, before anything is sent: the tests, and how long they will take, about."""
    told = [f"{name} {len(one.plan.stages)} stages" for name, one in outlook.tests.items()]
    stages = [stage for one in outlook.tests.values() for stage in one.plan.stages]
    _say(out, f"plan: {', '.join(told)}: {_length(stages)}")


def show_dry_run(outlook: Outlook, out: Console) -> None:
    """The same, where it would go, and the first request in full; secrets are not shown."""
    show_list(outlook, out)
    prepared = next(iter(outlook.tests.values()))
    if prepared.settings.service:
        for line in service_told(outlook, prepared, prepared.settings.service):
            out.print(Text("\n".join(map(printable, line.split("\n")))), soft_wrap=True)
        _say(out, _NOTHING_SENT)
        return
    for name, one in outlook.tests.items():
        to = "receivers that it starts here: " * outlook.starts + first_of(list(_targets(one)), NAMES_SHOWN)
        _say(out, f"{name} would send to {to}")
    if prepared.settings.proxy:
        _say(out, prepared.settings.proxy)
    stage = prepared.plan.stages[0]
    _say(out, f"\nthe first request, of {stage.name!r}:\n")
    settings = prepared.settings
    if settings.captured:
        _say(out, f"payloads: {settings.captured.told()}\n")
    request = settings.headers.unread(first_request(stage, settings))
    keys = [secret.key for secret in settings.secrets]
    if settings.endpoints:  # their file may hold secrets in each of its columns
        keys += settings.endpoints.hidden(0)
        request = Headers(own := settings.endpoints.headers(0), dict.fromkeys(own, HIDDEN.decode())).unread(request)
    request = masked(request, keys)
    for line in request.decode(errors="replace").splitlines():
        out.print(Text(printable(line)), soft_wrap=True)
    for secret in settings.secrets:
        if public := public_key_text(settings.provider, secret):
            _say(out, f"\nthe public key of {secret.where}, for your receiver's configuration:\n\n{public}")
    _say(out, _NOTHING_SENT)


def _length(stages: Sequence[Stage]) -> str:
    """Of the stages that end by the clock; what a machine takes to answer nobody knows."""
    clocked = sum(stage.length_s or 0 for stage in stages if not stage.limits)
    paused = sum(stage.settle_s for stage in stages)
    others = {
        "as long as {} take to their last event": sum(stage.length_s is None for stage in stages),
        "a search for the capacity in {}": sum(bool(stage.limits) for stage in stages),
    }
    told = [clock(clocked + paused)] if clocked + paused else []
    return ", and ".join(told + [text.format(count) for text, count in others.items() if count])


def _targets(prepared: Prepared) -> Iterator[str]:
    if prepared.settings.endpoints:
        yield prepared.settings.endpoints.told()
        return
    for region in prepared.settings.regions:
        yield f"{region.name} {region.url}"


def _say(out: Console, text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)
