"""Checks that hold without being asked for, in every stage that plans nothing wrong and seeks no overload."""

from collections.abc import Iterator, Sequence

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.analysis.schema.service import Rule
from _hookswarm.analysis.schema.verdict import DefaultCheck
from _hookswarm.analysis.verdicts import measures, service_checks
from _hookswarm.analysis.verdicts.books import excused_stages
from _hookswarm.analysis.verdicts.checks import CheckStatus, judge_checks, parse_check
from _hookswarm.analysis.verdicts.measures import Number
from _hookswarm.analysis.verdicts.verdict import LOST, SCALABILITY
from _hookswarm.records.manifest import CALIBRATION, ServiceRecord
from _hookswarm.records.timeline import StageOverloaded

ERROR_RATE = "error_rate<=1%"
DEFAULTS = {
    LOST: "look for a proxy that answers by itself",
    "corrupt==0": "look for what rewrites bodies between the senders and the receivers",
    "duplicated_spurious==0": "look for what sends a request twice between the senders and the receivers",
    ERROR_RATE: "look at the failures; if so many are to be expected, `--no-default-checks` and a `--check`",
}
"""What holds, and what to do where it does not."""
PROMISES = "promises kept"
"""Of runs through a delivery service: no rule of its conformance table is broken."""
EXCUSES = {
    service_checks.TWICE: "restarts the service",
    service_checks.BODILESS: "plans redirects",
    service_checks.UNACCEPTED: "restarts the service, publishes again, seeks overload or was cut short",
}
"""By check: what all stages do that it does not hold in."""
NO_JOURNAL = "no receiver of ours kept a journal of arrivals"


def judge_defaults(
    frames: RunFrames, stages: Sequence[Stage], rules: Sequence[Rule] | None = None
) -> list[DefaultCheck] | None:
    """All of them, over the stages of a run that count; None where they are not wanted.

    `rules`: what a delivery service did beside what it promised; None of another run.
    """
    if frames.manifest.options.get("no_default_checks"):
        return None
    service = frames.manifest.service
    counting = [stage for stage in stages if counts(stage, frames.manifest.test)]
    cut = _cut_short(frames) | {plan.name for plan in frames.plan if plan.scenario == CALIBRATION}
    none = "every stage plans faults, or seeks overload" if stages else "no stage was played"
    every = list(measures.numbers_of_stages(counting))
    whole = [number for number in every if number.scope["stage"] not in cut]
    error_rate = _judge(ERROR_RATE, DEFAULTS[ERROR_RATE], whole, "" if counting else none)
    if service:
        promises = [] if rules is None else [_judge_promises(rules, len(stages))]
        taking = [
            stage for stage in stages if stage.name not in cut and not seeks_overload(stage, frames.manifest.test)
        ]
        return [*_of_service(service, stages, taking), error_rate, *promises]
    return [
        error_rate if text == ERROR_RATE else _judge(text, advice, every, "" if counting else none)
        for text, advice in DEFAULTS.items()
    ]


def _of_service(service: ServiceRecord, stages: Sequence[Stage], taking: Sequence[Stage]) -> Iterator[DefaultCheck]:
    """What a service is held against, over all stages where it counts; `taking`: those in which it is to take all."""
    for text, advice in service_checks.checks_of(service, stages).items():
        among = taking if text == service_checks.UNACCEPTED else stages
        judged = [stage for stage in among if service_checks.holds_in(text, stage)]
        excuse = EXCUSES.get(text, "")
        none = f"every stage {excuse}" if stages else "no stage was played"
        yield _judge(text, advice, list(measures.numbers_of_stages(judged)), "" if judged else none)


def counts(stage: Stage, test: str) -> bool:
    """Whether a stage plans nothing wrong, is no try of a capacity search, and seeks no overload."""
    return not (stage.plans_faults or seeks_overload(stage, test))


def seeks_overload(stage: Stage, test: str) -> bool:
    """Whether it is a try of a capacity search, or looks for the limit otherwise."""
    return bool(stage.parameters.get("limits") or (test == SCALABILITY and stage.parameters.get("overload_s")))


def _cut_short(frames: RunFrames) -> set[str]:
    """Stages whose errors are our own doing: stopped, ended for their queue (its own reason), bereft of a worker."""
    numbers = [frames.stopped_stage(), *(entry.stage for entry in frames.entries(StageOverloaded))]
    return {frames.plan[number].name for number in numbers if number is not None} | excused_stages(frames)


def _judge(text: str, advice: str, numbers: Sequence[Number], none_counts: str) -> DefaultCheck:
    """What is not known of a stage cannot fail there. `none_counts`: why no stage does; empty: some do."""
    check = parse_check(text)
    names = measures.ALIASES.get(check.name, (check.name,))
    known = [one for one in numbers if one.value is not None and not one.kind and one.name in names]
    if not known:
        why = "no stage that was played to its end has an error rate" if text == ERROR_RATE else NO_JOURNAL
        return DefaultCheck(check=text, status="skipped", stages=0, message=none_counts or why)
    (result,) = judge_checks([check], known)
    if result.status is CheckStatus.PASS:
        return DefaultCheck(check=text, status="pass", stages=len(known), value=result.value, message=result.message)
    message = f"{text}: {result.message}; {advice}"
    return DefaultCheck(check=text, status="fail", stages=len(known), value=result.value, message=message)


def _judge_promises(rules: Sequence[Rule], stages: int) -> DefaultCheck:
    """In all stages: a promise holds where something is planned to go wrong, too."""
    broken = [f"{one.rule}: {one.observed}, promised {one.promised}" for one in rules if one.verdict == "broken"]
    if broken:
        message = f"{PROMISES}: {'; '.join(broken)}; mend the service, or its table if that is what is wrong"
        return DefaultCheck(check=PROMISES, status="fail", stages=stages, message=message)
    kept = [one.rule for one in rules if one.verdict == "kept"]
    if kept:
        return DefaultCheck(check=PROMISES, status="pass", stages=stages, message=", ".join(kept))
    why = "nothing that the service promises was to be seen"
    return DefaultCheck(check=PROMISES, status="skipped", stages=0, message=why)
