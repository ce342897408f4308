"""The control API: who may call it, and what it refuses."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.protocol.faults import Delay, FaultOrder, Faults, dump_order
from _hookswarm.protocol.outage import Outage, OutageSeen
from _hookswarm.protocol.served import Caught, Served
from _hookswarm.protocol.setup import Setup
from _hookswarm.receiver.control import ControlApp, ScaleError
from _hookswarm.receiver.faults import PlayError
from _hookswarm.receiver.metrics import ReceiverSnapshot
from _hookswarm.records.clock import Clock
from tests.support.receivers import BEARER, TOKEN

CALLS = [
    ("GET", "/health"), ("GET", "/clock"), ("GET", "/stats"), ("GET", "/faults"), ("POST", "/faults"),
    ("POST", "/reset"), ("POST", "/setup"), ("GET", "/other"), ("GET", "/"),
]  # fmt: skip
NOTHING: dict[str, Any] = dict.fromkeys(("faults", "begin_ns", "end_ns", "period_s", "otherwise")) | {"webhooks": []}


class Supervisor:
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.orders: list[FaultOrder] = []
        self.refusal = ""
        self.rests = 0
        self.workers = 1
        self.durability: str | None = None

    def health(self) -> dict[str, Any]:
        return {"status": "ready"}

    def stats(self) -> dict[str, Any]:
        return {"arrivals": 3}

    def rest(self) -> None:
        self.rests += 1

    def outage(self) -> OutageSeen:
        return OutageSeen()

    def metrics(self, now_ns: int) -> ReceiverSnapshot:
        return ReceiverSnapshot("a", 3, {401: 1}, {"status 503": 2}, True, 288, 1)

    def files(self, run: str) -> list[tuple[str, int]]:
        return [("arrivals-a-1.journal", 3)] if run == "run-1" else []

    def read(self, run: str, name: str) -> list[bytes]:
        return [b"abc"]

    def set_outage(self, outage: Outage) -> None:
        self.asked = outage

    def serve_service(self, served: Served) -> None:
        self.served = served

    def caught(self) -> list[Caught]:
        return []

    def set_up(self, setup: Setup) -> None:
        if self.refusal:
            raise ScaleError(self.refusal)
        self.workers = setup.workers or 1
        self.durability = setup.durability

    def reset(self, run: str) -> None:
        self.runs.append(run)

    def faults(self) -> FaultOrder:
        return self.orders[-1] if self.orders else FaultOrder()

    def set_faults(self, order: FaultOrder) -> None:
        if self.refusal:
            raise PlayError(self.refusal)
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
    answer = client.request(method, path, headers=headers, json={"workers": 2} if method == "POST" else None)
    assert answer.status_code == 401
    assert TOKEN not in answer.text
    assert (supervisor.runs, supervisor.orders, supervisor.workers) == ([], [], 1)


def test_calls_with_the_token(client: httpx.Client, supervisor: Supervisor) -> None:
    """Each call answers JSON with what the supervisor says."""
    assert client.get("/health", headers=BEARER).json() == {"status": "ready"}
    assert client.get("/stats", headers=BEARER).json() == {"arrivals": 3}
    assert client.get("/clock", headers=BEARER).json()["now_ns"] > 0
    assert client.post("/reset", headers=BEARER, json={"run": "run-1"}).json() == {"run": "run-1"}
    assert supervisor.runs == ["run-1"]


def test_faults_are_set_shown_and_cleared(client: httpx.Client, supervisor: Supervisor) -> None:
    """The order in force is answered whole, as it was understood; an empty one ends it."""
    assert client.get("/faults", headers=BEARER).json() == NOTHING
    order = FaultOrder(Faults(status={503: 0.25}, delay=Delay(0.1), seed=7), end_ns=5)
    answer = client.post("/faults", headers=BEARER, content=dump_order(order))
    assert (answer.status_code, supervisor.orders) == (200, [order])
    assert answer.json() == client.get("/faults", headers=BEARER).json() == json.loads(dump_order(order))
    assert client.post("/faults", headers=BEARER, json={}).json() == NOTHING
    assert supervisor.orders == [order, FaultOrder()]


def test_every_fault_of_an_order_is_named(client: httpx.Client, supervisor: Supervisor) -> None:
    """400 says all that is wrong with the order, and nothing changes."""
    answer = client.post("/faults", headers=BEARER, json={"faults": {"cut": 2, "status": {"204": 0.1}, "hang_s": -1}})
    assert answer.status_code == 400
    assert answer.json()["error"] == (
        "cut: a probability of 2 is outside 0..1; status 204 is not a failure: write 300 to 599; "
        "hang_s must lie in 0..3600 seconds"
    )
    assert supervisor.orders == []


def test_faults_beyond_the_server_are_409(client: httpx.Client, supervisor: Supervisor) -> None:
    """A right order that this server cannot play is refused with a sentence, and nothing changes."""
    supervisor.refusal = "cannot play that"
    answer = client.post("/faults", headers=BEARER, json={"faults": {"reset": 0.5}})
    assert (answer.status_code, answer.json()) == (409, {"error": "cannot play that"})
    assert supervisor.orders == []


@pytest.mark.parametrize("path", ["/", "/other", "/health/", "/Health", "//health"])
def test_unknown_paths_are_404(path: str, client: httpx.Client) -> None:
    """A path that is no call is said to be none."""
    assert client.get(f"http://control{path}", headers=BEARER).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/health"),
        ("PUT", "/reset"),
        ("GET", "/reset"),
        ("DELETE", "/stats"),
        ("PUT", "/faults"),
        ("GET", "/setup"),
    ],
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


KEYS = st.text() | st.sampled_from(["run", "workers", "faults", "status", "delay", "503", "mean_s", "cut", "begin_ns"])
JSON = st.recursive(st.none() | st.text() | st.integers() | st.floats(), lambda inner: st.dictionaries(KEYS, inner))


def test_rest_is_passed_on(client: httpx.Client, supervisor: Supervisor) -> None:
    """A pause is told to the supervisor, and takes no body."""
    assert client.post("/rest", headers=BEARER).status_code == 200
    assert client.get("/rest", headers=BEARER).status_code == 405
    assert supervisor.rests == 1


@pytest.mark.parametrize("count", [1, 2, 256])
def test_workers_are_passed_on(count: int, client: httpx.Client, supervisor: Supervisor) -> None:
    """A number of processes is answered when the supervisor has them."""
    answer = client.post("/setup", headers=BEARER, json={"workers": count})
    assert (answer.status_code, supervisor.workers, supervisor.durability) == (200, count, None)
    assert answer.json() == Setup(workers=count).model_dump()
    client.post("/setup", headers=BEARER, json={"durability": "fsync"})
    assert (supervisor.workers, supervisor.durability) == (1, "fsync")


@pytest.mark.parametrize(
    ("body", "word"),
    [([], "names with values"), ({"workers": 1, "other": 2}, "other"), ({"durability": "forever"}, "durability"),
     *(({"workers": n}, "workers") for n in (0, -1, 257, 1.5, "2", True))],
)  # fmt: skip
def test_workers_that_are_no_number_are_400(
    body: object, word: str, client: httpx.Client, supervisor: Supervisor
) -> None:
    """Only a whole number from 1 to 256 is one, and only a durability that there is; nothing changes."""
    answer = client.post("/setup", headers=BEARER, json=body)
    assert (answer.status_code, supervisor.workers) == (400, 1)
    assert word in answer.json()["error"]


def test_workers_beyond_the_server_are_409(client: httpx.Client, supervisor: Supervisor) -> None:
    """A right number that this server cannot have is refused with a sentence."""
    supervisor.refusal = "one process only"
    answer = client.post("/setup", headers=BEARER, json={"workers": 2})
    assert (answer.status_code, answer.json()) == (409, {"error": "one process only"})


@pytest.mark.parametrize("path", ["/reset", "/faults", "/setup"])
@given(body=st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_200_or_400(path: str, body: bytes) -> None:
    """No body makes the control API fail."""
    app = ControlApp(Supervisor(), TOKEN, Clock())
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://control", trust_env=False) as client:
        assert client.post(path, headers=BEARER, content=body).status_code in (200, 400)
