"""What publishing uses is renewed in time, and what goes wrong with that is never lost."""

import gevent

from _hookswarm.senders.master.ending import Ending
from _hookswarm.senders.master.renewing import keep_renewed
from _hookswarm.senders.service.steps import StepError


class Scripted:
    """Gives, or raises, one after the other; then it ends the run."""

    def __init__(self, ending: Ending, *script: dict[str, str] | Exception) -> None:
        self._ending = ending
        self._script = list(script)

    def lasts_s(self) -> float:
        return 0.0

    def renew(self) -> dict[str, str]:
        step = self._script.pop(0)
        if not self._script:
            self._ending.asked.set()
        if isinstance(step, Exception):
            raise step
        return step


def renewed(*script: dict[str, str] | Exception) -> tuple[list[dict[str, str]], list[str], Ending]:
    ending, told, said = Ending(), list[dict[str, str]](), list[str]()
    with gevent.Timeout(10):
        keep_renewed(Scripted(ending, *script), told.append, ending, said.append)
    return told, said, ending


def test_senders_are_told_new_values_and_only_these() -> None:
    """Where nothing had run out there is nothing to tell."""
    told, said, _ = renewed({}, {"token": "b"})
    assert told == [{"token": "b"}]
    assert not said


def test_what_fails_at_the_service_is_said_and_ends_no_run() -> None:
    """The token that is in use may be good still."""
    told, said, ending = renewed(StepError("own: login: answered 500"))
    assert said == ["not renewed, what publishing uses; it is tried every 2 s: own: login: answered 500"]
    assert not told
    assert not ending.cause


def test_a_fault_of_ours_is_told_and_ends_the_run() -> None:
    """In a greenlet it would be printed and forgotten, and all publishes refused after that."""
    _, said, ending = renewed(KeyError("token"), {})
    assert said == ["what publishing uses could not be renewed (KeyError('token'))"]
    assert ending.asked.is_set()
    assert ending.cause == said[0]
