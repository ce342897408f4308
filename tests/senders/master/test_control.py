"""The master and the receivers' control APIs: what an answer says that none of ours gave."""

import pytest

from _hookswarm.protocol.regions import Region
from _hookswarm.records.clock import Clock
from _hookswarm.senders.master.control import ControlError, Controls
from tests.support.receivers import TOKEN
from tests.support.servers import ScriptedServer, answer_of, answering

STRANGE = [b"", b"hello", b"[]", b"{}", b'{"now_ns": "soon"}', b"[" * 100_000]
FOREIGN = "the control API of eu, http.*mend 'control'"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKSWARM_TOKEN", TOKEN)


def controls(server: ScriptedServer) -> Controls:
    url = f"http://127.0.0.1:{server.port}"
    return Controls([Region(name="eu", url=f"{url}/hooks", control=url)])


@pytest.mark.parametrize("body", STRANGE, ids=lambda body: repr(body[:6]))
def test_a_program_of_somebody_else_is_named(body: bytes) -> None:
    """Its clock is no use; how much arrived there is not known, which is no reason to end."""
    with ScriptedServer(answering(answer_of(body))) as server:
        asked = controls(server)
        with pytest.raises(ControlError, match=FOREIGN):
            asked.read_clocks(Clock())
        assert asked.arrived() == {}
        asked.release()


@pytest.mark.parametrize("body", [b"", b"[]", b"[" * 100_000], ids=lambda body: repr(body[:6]))
def test_an_outage_that_somebody_else_tells_is_none(body: bytes) -> None:
    """It is not waited for."""
    with ScriptedServer(answering(answer_of(body))) as server:
        asked = controls(server)
        with pytest.raises(ControlError, match=FOREIGN):
            asked.await_outage(0)
        asked.release()


@pytest.mark.parametrize("body", STRANGE, ids=lambda body: repr(body[:6]))
def test_a_refusal_without_our_words_is_told_by_its_status(body: bytes) -> None:
    """Whatever stands in it."""
    with ScriptedServer(answering(answer_of(body, "500 Internal Server Error"))) as server:
        asked = controls(server)
        with pytest.raises(ControlError, match="the receiver of eu refuses /reset: status 500"):
            asked.reset("run-1")
        asked.release()
