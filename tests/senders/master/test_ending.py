"""Why a run ends early: which cause counts, and what is said of it."""

from _hookswarm.senders.master.all_failed import AllFailed
from _hookswarm.senders.master.ending import INTERRUPT, SIGTERM, UNKNOWN, Ending, ended_early


def test_the_first_cause_counts() -> None:
    """Locust's asking, which follows a signal, does not replace the signal."""
    ending = Ending()
    ending.note(SIGTERM)
    assert not ending.asked.is_set()
    ending.ask(UNKNOWN)
    assert (ending.cause, ending.asked.is_set(), ending.interrupted) == (SIGTERM, True, False)


def test_an_interrupt_always_counts() -> None:
    """Ctrl-C reaches the sending processes of a terminal, too: one of them may say first that it was ended."""
    ending = Ending()
    ending.ask("the sending process a-1 was told to end (SIGTERM or SIGINT)")
    ending.note(INTERRUPT)
    assert ending.interrupted
    ending.note(SIGTERM)
    assert ending.interrupted


def test_a_run_that_gives_up_was_not_interrupted() -> None:
    """Nor did anything go wrong with it; of a run that ends already nothing more is told."""
    ending = Ending()
    ending.give_up(AllFailed("every one failed", "so"))
    assert (ending.untested, ending.asked.is_set(), ending.interrupted, ending.cause) == (
        "every one failed",
        True,
        False,
        "",
    )
    ending = Ending()
    ending.ask(SIGTERM)
    ending.give_up(AllFailed("every one failed", "so"))
    assert ending.untested == ""


def test_what_is_said_has_the_cause_the_stages_and_what_to_do() -> None:
    """Where stages are missing, and where only the last one was cut short."""
    said = ended_early(SIGTERM, 1, 3)
    assert said.startswith("Locust's process was told to end (SIGTERM) before the plan was done, 1 of 3 stages never")
    assert "run it again" in said.partition(": ")[2]
    assert "its last stage cut short: run it again" in ended_early(UNKNOWN, 0, 3)
