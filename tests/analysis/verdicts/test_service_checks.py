"""What a delivery service does wrong fails a run and names it; what it may still do right does not."""

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reporting import summary
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.report import Section, Stage
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.analysis.verdicts.checks import CheckStatus, judge_checks, parse_check
from _hookswarm.analysis.verdicts.measures import numbers_of
from _hookswarm.records.rows import Flag, Outcome
from _hookswarm.records.timeline import Entry, ServiceDrained
from tests.support.journals import SECOND, START, Row
from tests.support.serviced import came, published, record, through

EVENTS = [published(webhook=number % 10, sequence=number // 10, at_s=number / 100) for number in range(100)]
SEEN = [came(one, at_s=number / 100 + 0.02) for number, one in enumerate(EVENTS)]
FAULTS: dict[str, Any] = {"faults": {"status": {"503": 0.5}}}


def drained(after_s: float = 11.0, **fields: Any) -> ServiceDrained:
    """It ended so long after the stage's last arrival; the table's own word is 10 s."""
    told: dict[str, Any] = {"accepted": 100, "expected": 100, "taken": 100, "waited_s": after_s, "patience_s": 10}
    at_ns = START + round((1.01 + after_s) * SECOND)
    return ServiceDrained.model_validate({"at_ns": at_ns, "stage": 0, "allowed_s": 10} | told | fields)


def made(
    seen: Sequence[Row], events: Sequence[Row] = EVENTS, drain: ServiceDrained | None = None, **fields: Any
) -> RunFrames:
    service = fields.pop("service", None) or record()
    frames = through(events, seen, service=service, scenario="sustained", **fields)
    entries: list[Entry] = [*frames.timeline[:-1], drain or drained(), frames.timeline[-1]]
    return replace(frames, timeline=entries)


def found(frames: RunFrames) -> Section:
    return analyse(frames).performance


def stage_of(section: Section) -> Stage:
    (stage,) = section.stages
    return stage


def failed(section: Section) -> set[str]:
    return {one.check for one in section.default_checks or [] if one.status == "fail"}


def test_an_honest_service_passes() -> None:
    """Every check holds in the one stage."""
    section = found(made(SEEN))
    assert section.verdict.status is Status.PASS
    assert failed(section) == set()


ELSEWHERE = SEEN[0] | {"late": SEEN[0]["webhook"] + 2}
NAMELESS = SEEN[0] | {"flags": Flag.WRITTEN | Flag.SERVED | Flag.FOREIGN, "run": 0, "stage": 0, "sequence": 0xFFFFFFFF}
WRONGS: dict[str, list[Row]] = {
    "lost==0": SEEN[1:],
    "corrupt==0": [SEEN[0] | {"flags": SEEN[0]["flags"] | Flag.CORRUPT}, *SEEN[1:]],
    "duplicated_spurious==0": [*SEEN, came(EVENTS[0], at_s=0.5)],
    "misdelivered==0": [*SEEN, ELSEWHERE],
    "unexpected==0": [*SEEN, NAMELESS],
    "unverified==0": [SEEN[0] | {"flags": SEEN[0]["flags"] | Flag.UNVERIFIED}, *SEEN[1:]],
    "bodiless==0": [*SEEN, came(EVENTS[0], at_s=0.5, flags=Flag.BODILESS)],
}
MORE = {"misdelivered==0": {"unexpected==0"}, "unverified==0": {"promises kept"}}


@pytest.mark.parametrize("planned", [{}, FAULTS], ids=["nothing planned", "faults planned"])
@pytest.mark.parametrize("check", WRONGS)
def test_a_wrong_is_named(check: str, planned: dict[str, Any]) -> None:
    """One is enough, in stages that plan faults too: the message names the service, and ends with what to do."""
    section = found(made(WRONGS[check], **planned))
    assert failed(section) - {"promises kept"} == {check} | (MORE.get(check, set()) - {"promises kept"})
    assert section.verdict.status is Status.FAIL
    (message,) = [one.message for one in section.verdict.reasons if one.message.startswith(check)]
    assert " is 1; own " in message
    assert ": look " in message


def without_value(of: Row) -> Row:
    return of | {"flags": of["flags"] | Flag.VALUELESS}


def test_a_payload_that_is_not_there_any_more_is_corrupt() -> None:
    """Cut off, or emptied: the others have theirs."""
    section = found(made([without_value(SEEN[0]), without_value(SEEN[1]), *SEEN[2:]]))
    assert failed(section) == {"corrupt==0"}
    assert stage_of(section).ledger.corrupt == 2
    assert section.service
    (rule,) = [one for one in section.service.conformance if one.rule == "the payload's bytes"]
    assert rule.observed.startswith("another value than was published: 2 of 100")


def test_where_ids_arrive_alone_nothing_can_be_compared() -> None:
    """No wrong of the service; a note says it."""
    section = found(made([without_value(one) for one in SEEN]))
    stage = stage_of(section)
    assert stage.through
    assert (stage.ledger.corrupt, stage.through.valueless, failed(section)) == (0, 100, set())
    (note,) = [one.message for one in section.verdict.reasons if one.code == "deliveries_valueless"]
    assert note.startswith("100 deliveries hold the event's id and no payload")
    assert section.service
    (rule,) = [one for one in section.service.conformance if one.rule == "the payload's bytes"]
    assert (rule.verdict, rule.observed) == ("not observed", "-")


def test_what_is_unexpected_is_told_apart() -> None:
    """Somebody else's events; those that it refused, and delivered all the same; those at wrong endpoints."""
    refused = EVENTS[0] | {"outcome": int(Outcome.REJECTED), "status": 503}
    section = found(made([*SEEN, NAMELESS, NAMELESS, ELSEWHERE], [refused, *EVENTS[1:]]))
    stage = stage_of(section)
    assert stage.through
    through = stage.through
    assert (through.foreign, through.refused, through.misdelivered, stage.ledger.unexpected) == (2, 1, 1, 4)
    (message,) = [one.message for one in section.verdict.reasons if one.message.startswith("unexpected==0")]
    assert "; 2 name no event of this run: look for what else publishes to these endpoints; 1 are of" in message
    assert message.endswith("; 1 came to endpoints that do not get them: look at `misdelivered`")


def test_somebody_elses_events_may_come_where_nothing_was_published() -> None:
    """All of the stage's are counted."""
    stage = stage_of(found(made([NAMELESS], [])))
    assert stage.through
    assert (stage.through.foreign, stage.through.accepted, stage.ledger.unexpected) == (1, 0, 1)


def test_a_redirect_that_was_planned_may_lose_the_body() -> None:
    """Then the conformance table tells of it."""
    section = found(made(WRONGS["bodiless==0"], faults={"status": {"302": 0.5}}))
    assert "bodiless==0" not in failed(section)


def test_what_cannot_be_verified_is_no_check() -> None:
    """A service that signs nothing is not held against a signature."""
    unsigned = record().model_copy(update={"signed": False})
    section = found(made(SEEN, service=unsigned))
    assert "unverified==0" not in {one.check for one in section.default_checks or []}


@pytest.mark.parametrize(
    ("drain", "lost", "missing"),
    [
        (drained(11), 1, 0),
        (drained(3), 0, 1),  # not waited for long enough
        (drained(11, allowed_s=9_000), 0, 1),
        (drained(11, settled=False), 0, 1),  # broken off
    ],
)
def test_lost_or_missing(drain: ServiceDrained, lost: int, missing: int) -> None:
    """What never arrived is lost only once the service's own word is over."""
    section = found(made(SEEN[1:], drain=drain))
    stage = stage_of(section)
    assert stage.through
    assert (stage.ledger.lost, stage.through.missing) == (lost, missing)
    told = [one.message for one in section.verdict.reasons if one.code == "deliveries_missing"]
    assert len(told) == missing
    assert all("1 of 100 accepted events had not arrived" in one for one in told)


@pytest.mark.parametrize(
    ("drain", "overdue"), [(drained(11), 1), (drained(11, allowed_s=9_000), 0), (drained(11, settled=False), 0)]
)
def test_what_comes_after_the_drain_is_late_and_not_lost(drain: ServiceDrained, overdue: int) -> None:
    """In a later stage; a note tells it where the service's own word was over."""
    section = found(made([came(EVENTS[0], at_s=30), *SEEN[1:]], drain=drain))
    stage = stage_of(section)
    assert stage.through
    assert (stage.ledger.late, stage.through.overdue, stage.ledger.lost, stage.through.missing) == (1, overdue, 0, 0)
    told = [one.message for one in section.verdict.reasons if one.code == "deliveries_late"]
    assert len(told) == overdue
    assert all("1 of 100 accepted events came late, when nothing had come for the 10 s" in one for one in told)
    assert section.verdict.status is Status.PASS


def test_the_same_at_one_instant_is_a_double() -> None:
    """From two connections, before either is answered."""
    both = [came(EVENTS[0], at_s=0.02, took_s=0.5), came(EVENTS[0], at_s=0.02, took_s=0.5)]
    section = found(made([*both, *SEEN[1:]]))
    assert stage_of(section).ledger.duplicated_spurious == 1
    assert failed(section) == {"duplicated_spurious==0"}


def test_the_law_is_told_of_what_is_missing() -> None:
    """How long was waited, and how long it may take."""
    section = found(made(SEEN[1:], drain=drained(11, allowed_s=9_000)))
    (told,) = [one.message for one in section.verdict.reasons if one.code == "deliveries_missing"]
    assert "after 11 s without any: own's law allows up to 9,000 s; raise `drain_s`" in told


def test_an_endpoint_that_is_gone_gets_nothing_more() -> None:
    """After a 410 what was accepted is dropped, and not lost; unless the service says that it tries again."""
    gone = SEEN[0] | {"status": 410, "flags": SEEN[0]["flags"] | Flag.FAULT}
    others = [one for one in SEEN if one["webhook"] != 0]
    faults: dict[str, Any] = {"faults": {"status": {"410": 1.0}}}
    stage = stage_of(found(made([gone, *others], **faults)))
    assert stage.through
    assert (stage.ledger.lost, stage.through.dropped, stage.through.untaken) == (0, 9, 1)
    stage = stage_of(found(made([gone, *others], service=record(gone="retried"), **faults)))
    assert stage.ledger.lost == 9


def test_a_publish_that_timed_out_is_neither_lost_nor_unexpected() -> None:
    """Whether it arrived or not: nobody said that it was accepted."""
    in_doubt = [one | {"outcome": Outcome.READ_TIMEOUT, "status": 0} for one in EVENTS[:2]]
    section = found(made(SEEN[1:], [*in_doubt, *EVENTS[2:]]))
    ledger = stage_of(section).ledger
    assert (ledger.lost, ledger.unexpected, ledger.recovered) == (0, 0, 1)
    assert failed(section) == set()


REFUSED = [one | {"outcome": Outcome.REJECTED, "status": 401} for one in EVENTS[:2]]
DOUBTED = [one | {"outcome": Outcome.READ_TIMEOUT, "status": 0} for one in EVENTS[:2]]
UNACCEPTED = "unaccepted_rate<=1%"


@pytest.mark.parametrize("planned", [{}, FAULTS], ids=["nothing planned", "faults planned"])
@pytest.mark.parametrize("first", [REFUSED, DOUBTED], ids=["refused", "no answer"])
def test_what_a_service_does_not_take_is_told(first: list[Row], planned: dict[str, Any]) -> None:
    """What our receivers were to answer explains no refused publish: it is named with its status, and fails the run."""
    section = found(made(SEEN[2:], [*first, *EVENTS[2:]], **planned))
    through = stage_of(section).through
    assert through
    assert (through.unaccepted, through.unaccepted_rate) == (2, 0.02)
    assert failed(section) == {UNACCEPTED} | (set() if planned else {"error_rate<=1%"})
    (failure,) = section.failures or []
    assert (failure.attempts, failure.planned) == (2, False)
    (message,) = [one.message for one in section.verdict.reasons if one.message.startswith(UNACCEPTED)]
    assert "own did not take what was published" in message
    arrived = stage_of(found(made(SEEN, [*DOUBTED, *EVENTS[2:]], **planned))).through
    assert arrived
    assert arrived.unaccepted == 0


BY_PLAN: list[dict[str, Any]] = [{"restart": "own"}, {"duplicate": {"kind": "later"}}, {"limits": {"p99_ms": 100.0}}]


@pytest.mark.parametrize("planned", BY_PLAN, ids=["restart", "duplicate", "limits"])
def test_a_service_that_cannot_take_it_by_plan_is_not_held_to_it(planned: dict[str, Any]) -> None:
    """It was killed, was given again what it has, or its limit was looked for."""
    section = found(made(SEEN[2:], [*REFUSED, *EVENTS[2:]], **planned))
    assert UNACCEPTED not in failed(section)


def test_an_acknowledgement_that_came_late_explains_a_second_arrival() -> None:
    """The service may have ceased to wait for it."""
    slow = SEEN[0] | {"done": SEEN[0]["start"] + 6 * SECOND}
    ledger = stage_of(found(made([slow, *SEEN[1:], came(EVENTS[0], at_s=6.5)], **FAULTS))).ledger
    assert (ledger.duplicated_harmless, ledger.duplicated_spurious) == (1, 0)


def test_only_what_was_published_later_overtakes() -> None:
    """Of two events that were published at the same time nobody knows which one was first."""
    first, second = published(sequence=0, at_s=0), published(sequence=1, at_s=1)
    beside = published(sequence=1, at_s=0.005)  # a publish takes 10 ms
    for other, reordered in ((second, 1), (beside, 0)):
        seen = [came(first, at_s=2), came(other, at_s=1.5)]
        section = found(made(seen, [first, other]))
        assert stage_of(section).ledger.reordered == reordered
        codes = [one.code for one in section.verdict.reasons]
        assert codes.count("deliveries_reordered") == reordered


def test_short_names_of_what_only_a_service_has() -> None:
    """Users' checks find them."""
    frames = made(SEEN)
    numbers = numbers_of(analyse(frames))
    texts = ["publish_p99_ms<=10", "pickup_p50_ms<100ms", "rewritten==0", "unverified==0", "untaken==0", "missing==0"]
    texts += ["bodiless==0", "misdelivered==0", "dropped==0", "accepted==100", "unexpected==0"]
    results = judge_checks(map(parse_check, texts), numbers)
    assert [one.message for one in results if one.status is not CheckStatus.PASS] == []


def test_the_terminal_has_a_services_columns() -> None:
    """In a hundred characters."""
    out = io.StringIO()
    summary.show_section(found(made(SEEN[1:])), Console(file=out, width=100))
    lines = out.getvalue().splitlines()
    (header,) = [number for number, line in enumerate(lines) if line.startswith("stage ")]
    assert lines[header - 1].split() == ["publish", "pickup"]
    told = "stage offered accepted delivered a second p99 p99 p50 ms p99 ms lost twice"
    assert " ".join(lines[header].split()) == told
    offered, accepted, delivered, _, publish, pickup, _, _, lost, twice = lines[header + 1].split()[2:]
    assert (offered, accepted, delivered, lost, twice) == ("100", "100", "99", "1", "0")
    assert (publish, pickup) == ("10", "10")
