"""Every reason that a verdict can have: its code, its effect, what it means, and what to do next.

Codes stay the same over versions. `docs/numbers.md` has this table.
"""

from enum import StrEnum


class Effect(StrEnum):
    """What a reason does to the verdict."""

    VOID = "void"
    """The measurement cannot be trusted."""
    FAIL = "fail"
    """It can be trusted, and the target failed."""
    UNTESTED = "untested"
    """Nothing was tested."""
    NOTE = "note"
    """Worth knowing; it changes no verdict."""


class Code(StrEnum):
    """`effect` is the usual one: where a plan or an option allows what happened, the same code is a note."""

    effect: Effect
    means: str
    advice: str

    def __new__(cls, code: str, effect: Effect, means: str, advice: str) -> "Code":
        member = str.__new__(cls, code)
        member._value_ = code
        member.effect, member.means, member.advice = effect, means, advice
        member.__doc__ = means
        return member

    BOOKS_UNBALANCED = (
        "books_unbalanced",
        Effect.VOID,
        "the senders counted another number of due events than their journals hold",
        "run it again; if it stays, send us the run's folder",
    )
    LOCUST_TOTAL_DIFFERS = (
        "locust_total_differs",
        Effect.VOID,
        "Locust's CSV and the journals disagree; a note of a stage whose worker might be lost",
        "run it again; if it stays, send us the run's folder",
    )
    LOCUST_TOTAL_MISSING = (
        "locust_total_missing",
        Effect.VOID,
        "the run's folder has no CSV of Locust's",
        "let Locust end in order: stop it with one Ctrl-C, and wait",
    )
    ACKNOWLEDGED_LOST = (
        "acknowledged_lost",
        Effect.VOID,
        "events were acknowledged that no receiver has a record of taking",
        "look for a proxy that answers by itself; fetch the journals of other hosts with `records collect`",
    )
    UNEXPECTED_ARRIVALS = (
        "unexpected_arrivals",
        Effect.VOID,
        "arrivals that no sender's journal knows; a note where a service still delivers what earlier runs published",
        "look for a proxy that repeats requests, and for another run against the same receivers",
    )
    RETRY_LAW_BROKEN = (
        "retry_law_broken",
        Effect.VOID,
        "a sender of ours did not keep its declared retry law (`conformance.scheduled`)",
        "give the senders more CPU; if it stays, send us the run's folder",
    )
    WORKER_LOST = (
        "worker_lost",
        Effect.VOID,
        "a sending process died, or was silent for 4 s; with `--allow-worker-loss` a note",
        "read the end of locust.log; look for an out-of-memory kill",
    )
    RUN_FAILED = (
        "run_failed",
        Effect.VOID,
        "something other than an interrupt (Ctrl-C, SIGTERM to the command, Stop in the web UI) ended the run before "
        "its plan was done, and it says what",
        "mend what it names, and run it again",
    )
    RUN_UNFINISHED = (
        "run_unfinished",
        Effect.VOID,
        "the run has no end: its master died, or it is still on",
        "wait for its end, or read the end of locust.log",
    )
    LOCAL_SHORTAGE = (
        "local_shortage",
        Effect.VOID,
        "the sender's own machine had no local port, file descriptor or memory for some attempts: another load than "
        "the planned one, and no fault of the target's",
        "do what the reason says: keep connections open or give more ports, raise `ulimit -n`, give more memory",
    )
    RECEIVER_SHORTAGE = (
        "receiver_shortage",
        Effect.VOID,
        "a receiver of ours answered 507, which no fault of the plan asks for: it could not write its journal",
        "give its results folder room, and read the end of its log",
    )
    STAGES_MISSING = (
        "stages_missing",
        Effect.VOID,
        "stages of the plan were not played to their end, and the run does not say why",
        "read the end of locust.log, and run it again; let nobody write in a run's folder",
    )
    GENERATOR_LATE = (
        "generator_late",
        Effect.VOID,
        "idle workers woke more than 20 ms late (99th percentile): another schedule than the declared one. The stage "
        "has no figures; a note as long as another stage has",
        "give the senders a machine, or cores, of their own",
    )
    GENERATOR_STARVED = (
        "generator_starved",
        Effect.VOID,
        "a sender was ready to run and had no CPU for more than a quarter of a stage (Linux `schedstat`); of a closed "
        "loop, which takes turns on the cores with the receiver, for more than half. The stage has no figures; a note "
        "as long as another stage has",
        "give the senders a machine, or cores, of their own",
    )
    MACHINE_DISTURBED = (
        "machine_disturbed",
        Effect.VOID,
        "steal, throttling, a slower clock, or processes that take no part had over 25 % of the machine in a stage: "
        "`docs/resource.md`. The stage has no figures; a note as long as another stage has",
        "end the processes that it names, or use another machine, and run it again",
    )
    STAGE_REPLAYED = (
        "stage_replayed",
        Effect.NOTE,
        "a stage was disturbed and played once more: the figures are those of the second time",
        "nothing; run it again if you need all stages of one stretch of time",
    )
    JOURNAL_DAMAGED = (
        "journal_damaged",
        Effect.VOID,
        "a journal cannot be read, and is skipped",
        "fetch it again, or run it again",
    )
    GENERATOR_BOUND = (
        "generator_bound",
        Effect.VOID,
        "the generator limited every stage that scales or seeks capacity: `docs/scalability.md`",
        "more sending processes (`--processes`), each with a core of its own",
    )
    ALL_FAILED = (
        "all_failed",
        Effect.UNTESTED,
        "every delivery of a stage failed in which nothing was to go wrong: that ended the run, and the stages after "
        "it tested nothing",
        "mend what the failures name: `docs/numbers.md#failures`; `--keep-going` plays on all the same",
    )
    NOTHING_ACKNOWLEDGED = (
        "nothing_acknowledged",
        Effect.UNTESTED,
        "no delivery of the whole run was acknowledged",
        "look at the failures: is the address right, and the secret?",
    )
    NOTHING_DUE = (
        "nothing_due",
        Effect.UNTESTED,
        "no event of the whole run fell due: the rate is too low for so short stages",
        "raise `--rate` or `--duration`",
    )
    OVERLOADED = (
        "overloaded",
        Effect.FAIL,
        "a stage's queue grew for longer than its `overload_s`, and the stage was ended for it; what was still queued "
        "is abandoned. Or a delivery service was still behind long after the stage. "
        'In the test "scalability", and in a search for capacity, it is a finding, and a note',
        "offer less (`--rate`), or make the target faster",
    )
    RESTART_FAILED = (
        "restart_failed",
        Effect.FAIL,
        "a service, or a store of it, was not ended or not back as its table says",
        "mend what the message names, and run it again",
    )
    RESTART_UNTESTED = (
        "restart_untested",
        Effect.FAIL,
        "a service accepted nothing before it was restarted, so what a restart costs is not known; a note where no "
        "event fell due before it",
        "give the restart before it a `ready` that tells when the service takes events, and see what it logged",
    )
    CHECK_FAILED = (
        "check_failed",
        Effect.FAIL,
        "a check that somebody asked for (`--check`, `--checks`) did not hold, or names a number that the run does not "
        "know; the message has the number and where it was",
        "look at that stage; where the check is wrong, mend it: `docs/ci.md`",
    )
    DEFAULT_CHECK_FAILED = (
        "default_check_failed",
        Effect.FAIL,
        "a check that holds without being asked for did not: nothing lost, nothing corrupt, no spurious duplicate, at "
        "most 1 % errors; in every stage but those that plan faults or seek overload. Through a service all but the "
        "errors hold in every stage, and more: `docs/numbers.md#through-a-delivery-service`",
        "what the message says; `--no-default-checks` leaves them out",
    )
    DUPLICATES_GOT_THROUGH = (
        "duplicates_got_through",
        Effect.FAIL,
        "events that were delivered twice on purpose had more effects than there are events, as `--observe` counts; "
        "the message says in which way they were repeated",
        "let a unique index on the event's id decide, in the effect's own transaction: `docs/your-endpoint.md`",
    )
    EFFECTS_MISSING = (
        "effects_missing",
        Effect.FAIL,
        "fewer effects than acknowledged events, 10 s after a stage that delivers events twice",
        "look whether the observer counts all effects, and acknowledge only what is kept",
    )
    EFFECTS_UNKNOWN = (
        "effects_unknown",
        Effect.NOTE,
        "the observer did not say how many effects there are, before or after a stage, or its count fell",
        "mend what the message names, and let nothing else change what it counts",
    )
    DELIVERIES_MISSING = (
        "deliveries_missing",
        Effect.NOTE,
        "events that a service accepted had not arrived when the run ceased to wait, and its law allows longer waits: "
        "nobody knows whether they are late or lost",
        "raise `drain_s` in its table, or run the full form of the test, which waits longer",
    )
    DELIVERIES_LATE = (
        "deliveries_late",
        Effect.NOTE,
        "events came through a service only when their stage's drain had waited as long as its word allows, and had "
        "given them up: they are delivered, and not lost",
        "look what holds them up there; where they may take so long, raise `drain_s` in its table",
    )
    DELIVERIES_VALUELESS = (
        "deliveries_valueless",
        Effect.NOTE,
        "a service's deliveries hold the events' ids and no payload of ours, in all of a stage: nothing says whether "
        "it keeps the published values",
        "put {payload} or {payload_text} into the table's publish.body; a service that delivers ids alone has no more",
    )
    DELIVERIES_REORDERED = (
        "deliveries_reordered",
        Effect.NOTE,
        "events came to their endpoint after later ones, through a service that promises no order; where it does "
        "(`promises.order`), a default check fails",
        "see that receivers do not depend on the order",
    )
    SECRET_NOT_VERIFIED = (
        "secret_not_verified",
        Effect.NOTE,
        "with `--rotate-at`: deliveries after the secret changed that the receiver did not verify (`rotations`)",
        "give the receiver the next secret beside the old one before the rotation, and let it try both",
    )
    INTERRUPTED = (
        "interrupted",
        Effect.NOTE,
        "stopped before its plan was done",
        "run it again for the stages that are missing",
    )
    NOTHING_ACKNOWLEDGED_STAGES = (
        "nothing_acknowledged_stages",
        Effect.NOTE,
        "stages in which nothing was acknowledged, so nothing was tested",
        "look at their failures",
    )
    NOTHING_DUE_STAGES = (
        "nothing_due_stages",
        Effect.NOTE,
        "stages in which no event fell due, so nothing was tested",
        "raise `--rate` or `--duration`",
    )
    GENERATOR_BOUND_STAGES = (
        "generator_bound_stages",
        Effect.NOTE,
        "scaling stages that the generator limited: they alone are void",
        "more sending processes (`--processes`), each with a core of its own",
    )
    GENERATOR_SATURATED = (
        "generator_saturated",
        Effect.NOTE,
        "closed loops that the generator limited (`docs/scalability.md`): their rate is a lower bound",
        "more sending processes (`--processes`) to see what the target can do",
    )
    HELD_BACK = (
        "held_back",
        Effect.NOTE,
        "`--max-rate` kept closed loops from sending as fast as they were answered, or retries took the place of "
        "events: the rate that was reached is no limit of the target's",
        "raise `--max-rate`; with retries set it above `--rate`",
    )
    WORKERS_UNANSWERED = (
        "workers_unanswered",
        Effect.NOTE,
        "closed loops whose workers got no answer for 1 % of their time or more: what they would have sent meanwhile "
        "is in no percentile, so the latency is a lower bound; not of stages that plan faults",
        "look at what the target does with so many connections (its limit of them, its workers), or use open arrivals",
    )
    RECEIVER_DIED = (
        "receiver_died",
        Effect.NOTE,
        "a process of a receiver of ours ended in a stage, and no incident was planned that ends it; the stage ranks "
        "nowhere",
        "look for an out-of-memory kill (`dmesg`) and for who ends processes there, and run it again",
    )
    RECEIVER_STALLED = (
        "receiver_stalled",
        Effect.NOTE,
        "the same, where it stood still for 1.5 s or longer, and went on",
        "look for what stops processes there (a signal, a frozen container) or takes their CPU, and run it again",
    )
    MACHINE_STALLED = (
        "machine_stalled",
        Effect.NOTE,
        "the same, where all other processes that were sampled stood still, too",
        "use a machine that is not suspended or moved while it measures, and run it again",
    )
    ARRIVALS_OF_NO_RUN = (
        "arrivals_of_no_run",
        Effect.NOTE,
        "arrivals of this run stand in the receivers' journals of no run (`results/unassigned`): they came after its "
        "end, from a process that had stood still or through a balancer that kept them, or a receiver was started anew "
        "in it; they are counted",
        "look why a sending process stood still, a balancer kept them, or a receiver was started anew",
    )
    LOG_DAMAGED = (
        "log_damaged",
        Effect.NOTE,
        "a psutil log cannot be read, and is skipped",
        "run it again if you need its figures",
    )
    TORN_ROWS = (
        "torn_rows",
        Effect.NOTE,
        "half-written rows of a killed process, skipped",
        "nothing: their events are in doubt",
    )


def table() -> str:
    """All codes as a table in Markdown, for the docs."""
    rows = (f"| `{code}` | {code.effect} | {code.means} | {code.advice} |" for code in Code)
    return "\n".join(("| code | effect | means | what to do |", "|---|---|---|---|", *rows, ""))
