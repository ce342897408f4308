"""The control API: who may call it, and what it refuses."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.faults import FaultOrder
from receiver.control import ControlApp
from receiver.faults import CannotPlay
from records.clock import Clock
from tests.receivers import BEARER, TOKEN

CALLS = [("GET", "/health"), ("GET", "/clock"), ("GET", "/stats"), ("POST", "/reset"), ("GET", "/other"), ("GET", "/")]


class Supervisor:
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.orders: list[FaultOrder] = []
        self.refusal = ""

    def health(self) -> dict[str, Any]:
        return {"status": "ready"}

    def stats(self) -> dict[str, Any]:
        return {"arrivals": 3}

    def reset(self, run: str) -> None:
        self.runs.append(run)

    def faults(self) -> FaultOrder:
        return self.orders[-1] if self.orders else FaultOrder()

    def set_faults(self, order: FaultOrder) -> None:
        if self.refusal:
            raise CannotPlay(self.refusal)
        self.orders.append(order)


@pytest.fixture
def supervisor() -> Supervisor:
    return Supervisor()


@pytest.fixture
def client(supervisor: Supervisor) -> httpx.Client:
    app = ControlApp(supervisor, TOKEN, Clock(anchor_ns=0))
    return httpx.Client(transport=httpx.WSGITransport(app), base_url="http://control", trust_env=False)


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": ""}, {"Authorization": TOKEN}, {"Authorization": "Bearer "},
     {"Authorization": f"Bearer {TOKEN[:-1]}"}, {"Authorization": f"Bearer {TOKEN}x"},
     {"Authorization": f"Basic {TOKEN}"}],
)  # fmt: skip
def test_every_call_needs_the_token(
    method: str, path: str, headers: dict[str, str], client: httpx.Client, supervisor: Supervisor
) -> None:
    """Without the very token it is 401 everywhere, known path or not, and nothing happens."""
    answer = client.request(method, path, headers=headers, json={"run": "run-1"} if method == "POST" else None)
    assert answer.status_code == 401
    assert TOKEN not in answer.text
    assert supervisor.runs == []


def test_calls_with_the_token(client: httpx.Client, supervisor: Supervisor) -> None:
    """Each call answers JSON with what the supervisor says."""
    assert client.get("/health", headers=BEARER).json() == {"status": "ready"}
    assert client.get("/stats", headers=BEARER).json() == {"arrivals": 3}
    assert client.get("/clock", headers=BEARER).json()["now_ns"] > 0
    assert client.post("/reset", headers=BEARER, json={"run": "run-1"}).json() == {"run": "run-1"}
    assert supervisor.runs == ["run-1"]


@pytest.mark.parametrize("path", ["/", "/other", "/health/", "/Health", "//health"])
def test_unknown_paths_are_404(path: str, client: httpx.Client) -> None:
    """A path that is no call is said to be none."""
    assert client.get(f"http://control{path}", headers=BEARER).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/health"), ("PUT", "/reset"), ("GET", "/reset"), ("DELETE", "/stats")]
)
def test_wrong_methods_are_405(method: str, path: str, client: httpx.Client) -> None:
    """A call is its path and its method."""
    assert client.request(method, path, headers=BEARER).status_code == 405


@pytest.mark.parametrize(
    "run",
    ["", ".", "..", "../x", "a/b", "/etc", "a\\b", "a b", "a\n", "a\x00", ".hidden", "x" * 65, "é", 5, None, ["a"]],
)
def test_a_runs_name_must_be_plain(run: object, client: httpx.Client, supervisor: Supervisor) -> None:
    """A run's name becomes a folder's: nothing that could leave the results passes."""
    answer = client.post("/reset", headers=BEARER, json={"run": run})
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert supervisor.runs == []


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b"{", b"\xff", b'{"run": "a", "other": 1}', b"[" * 60000, b" " * 100000]
)
def test_a_body_that_is_no_request_is_400(body: bytes, client: httpx.Client, supervisor: Supervisor) -> None:
    """Junk, unknown keys and endless nesting are the caller's fault."""
    assert client.post("/reset", headers=BEARER, content=body).status_code == 400
    assert supervisor.runs == []


JSON = st.recursive(st.none() | st.text(), lambda inner: st.dictionaries(st.text() | st.just("run"), inner))


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_200_or_400(body: bytes) -> None:
    """No body makes the control API fail."""
    app = ControlApp(Supervisor(), TOKEN, Clock())
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://control", trust_env=False) as client:
        assert client.post("/reset", headers=BEARER, content=body).status_code in (200, 400)
