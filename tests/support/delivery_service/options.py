"""What the command takes."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.delivery_service.faults import Faults
from tests.support.delivery_service.law import Law


@dataclass(frozen=True)
class Options:
    """As `parse` describes them; times in seconds."""

    port: int
    workers: int
    work_s: float
    timeout_s: float
    law: Law
    gone_disables: bool
    hold_while_retrying: bool
    ordered: bool
    settle_s: float
    idle_poll_s: float
    envelope: bool
    rewrite: bool
    store: Path | None
    seed: int
    token: str
    login_lasts_s: float
    rate_limit: int
    idempotency_s: float
    refuse_loopback: bool
    faults: Faults
    same_timestamp: bool
    follow_redirects: bool
    never_deliver: bool
    shun: int
    answer_late: float
    late_s: float
    lose_on_restart: bool


def parse(arguments: Sequence[str]) -> Options:
    """Ends the process with status 2 and a line for what cannot be."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.delivery_service", allow_abbrev=False)
    add = parser.add_argument
    add("--port", type=int, default=0, help="on 127.0.0.1; 0: a free one")

    add = parser.add_argument_group("delivering").add_argument
    add("--workers", type=int, default=100, metavar="C", help="attempts at a time, first come, first served")
    add("--work-ms", type=float, default=0.0, metavar="M", help="a worker is busy so long with each attempt, or longer")
    add("--retries", type=_seconds, default=(1.0, 3.0, 9.0), metavar="S,S", help="waits in seconds; none: no retries")
    add("--jitter", type=float, default=0.0, metavar="R", help="waits are spread over plus or minus this share of them")
    add("--clock", type=float, default=0.0, metavar="S", help="attempts fall due at multiples of it only")
    add("--timeout", type=float, default=5.0, metavar="S", help="of an attempt, connecting included")
    add("--honour-retry-after", action="store_true", default=True, help="of 429 and 503 (default)")
    add("--ignore-retry-after", dest="honour_retry_after", action="store_false")
    add("--gone-disables", action=argparse.BooleanOptionalAction, default=True, help="410 disables the endpoint")
    add("--hold-while-retrying", action="store_true", help="a worker waits with its delivery until that is over")
    add("--one-at-a-time", action="store_true", help="one worker for all")
    add("--ordered", action="store_true", help="one attempt at a time for each endpoint, in the order of acceptance")
    add("--settle", type=float, default=0.0, metavar="S", help="a younger endpoint gets no events")
    add("--idle-poll", type=float, default=0.0, metavar="S", help="idle for so long, it looks only so often for events")
    add("--envelope", action="store_true", help='delivers {"type", "timestamp", "data": payload}')
    add("--rewrite", action="store_true", help="delivers the payload as Python writes it, its names sorted")
    add("--store", type=Path, metavar="FILE", help="keeps what was accepted over a restart")
    add("--seed", type=int, default=0, help="of the faults and the jitter")

    add = parser.add_argument_group("the API").add_argument
    add("--token", default="", metavar="T", help="calls need this bearer token")
    add(
        "--login-lasts",
        type=float,
        default=0.0,
        metavar="S",
        help="calls need a token of POST /login, good for so long",
    )
    add("--rate-limit", type=int, default=0, metavar="N", help="set-up calls a second; more are answered 429")
    add("--idempotency", type=float, default=86_400.0, metavar="S", help="how long an event's id is known")
    add("--refuse-loopback", action="store_true", help="no endpoints on this machine")

    add = parser.add_argument_group("faults: P is a share of all deliveries").add_argument
    add("--forget", type=float, default=0.0, metavar="P", help="accepted, never delivered")
    add("--double", type=float, default=0.0, metavar="P", help="delivered, and then again")
    add("--swap", type=float, default=0.0, metavar="P", help="delivered after the next one of the same endpoint")
    add("--corrupt", type=float, default=0.0, metavar="P", help="one character is another one")
    add("--misdeliver", type=float, default=0.0, metavar="P", help="delivered to another tenant's endpoint")
    add("--same-timestamp", action="store_true", help="retries repeat the first attempt's timestamp and signature")
    add("--follow-redirects", action="store_true", help="301, 302, 303 with a GET without body; 307, 308 with the body")
    add("--never-deliver", action="store_true")
    add("--shun", type=int, default=0, metavar="N", help="what is accepted for the Nth endpoint is forgotten")
    add("--answer-late", type=float, default=0.0, metavar="P", help="of events, which are accepted as the others …")
    add("--late-by", type=float, default=3.0, metavar="S", help="… and answered so much later")
    add("--lose-on-restart", action="store_true", help="what the store holds undelivered is lost at the next start")

    told = parser.parse_args(arguments)
    faults = Faults(told.forget, told.double, told.swap, told.corrupt, told.misdeliver)
    if min(vars(faults).values()) < 0 or sum(vars(faults).values()) > 1:
        parser.error(f"the shares of {', '.join(map('--{}'.format, vars(faults)))} are 0 or more, at most 1 together")
    if told.lose_on_restart and not told.store:
        parser.error("--lose-on-restart needs --store FILE: without it nothing outlives a restart")
    return Options(
        port=told.port,
        workers=1 if told.one_at_a_time else told.workers,
        work_s=told.work_ms / 1000,
        timeout_s=told.timeout,
        law=Law(told.retries, told.jitter, told.clock, told.honour_retry_after),
        gone_disables=told.gone_disables,
        hold_while_retrying=told.hold_while_retrying,
        ordered=told.ordered,
        settle_s=told.settle,
        idle_poll_s=told.idle_poll,
        envelope=told.envelope,
        rewrite=told.rewrite,
        store=told.store,
        seed=told.seed,
        token=told.token,
        login_lasts_s=told.login_lasts,
        rate_limit=told.rate_limit,
        idempotency_s=told.idempotency,
        refuse_loopback=told.refuse_loopback,
        faults=faults,
        same_timestamp=told.same_timestamp,
        follow_redirects=told.follow_redirects,
        never_deliver=told.never_deliver,
        shun=told.shun,
        answer_late=told.answer_late,
        late_s=told.late_by,
        lose_on_restart=told.lose_on_restart,
    )


def _seconds(text: str) -> tuple[float, ...]:
    return () if text == "none" else tuple(float(part) for part in text.split(","))
