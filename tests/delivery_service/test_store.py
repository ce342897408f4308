"""What outlives a restart."""

from pathlib import Path

from tests.support.delivery_service.books import Books
from tests.support.delivery_service.kept import Pending, replay
from tests.support.delivery_service.store import Store
from tests.support.delivery_service.subscribers import Endpoint, Subscribers


def test_what_was_accepted_and_did_not_end_is_pending(tmp_path: Path) -> None:
    """With what was tried already; what ended is only in the books."""
    store = Store(tmp_path / "store")
    subscribers, books = Subscribers(store), Books(store)
    for tenant in ("ten_1", "ten_2"):
        subscribers.add_tenant(tenant)
    for name, tenant in (("ep_1", "ten_1"), ("ep_2", "ten_1"), ("ep_3", "ten_1"), ("ep_4", "ten_2")):
        subscribers.add(Endpoint(name, tenant, "http://127.0.0.1:1/", "secret", 5.0))
    books.promise("e-1", 10.0, ["ep_1", "ep_2"], '{"a":"é"}'.encode())
    books.promise("e-2", 11.0, [], b"{}")
    store.append("failed", "e-1", "ep_1", 2, 17.5)
    books.note("delivered", "e-1", "ep_2")
    books.note("doubled", "e-1", "ep_2")
    subscribers.disable(subscribers.endpoints["ep_1"])
    subscribers.remove("ten_1", "ep_3")
    subscribers.remove_tenant("ten_2")

    kept = replay(Store(tmp_path / "store").records())
    assert list(kept.pending.values()) == [Pending("e-1", "ep_1", '{"a":"é"}'.encode(), attempts=2, due=17.5)]
    assert kept.events == {"e-1": (10.0, ["ep_1", "ep_2"]), "e-2": (11.0, [])}
    assert kept.tenants == ["ten_1"]
    assert {name: each.closed for name, each in kept.endpoints.items()} == {"ep_1": True, "ep_2": False}
    again = Books(Store(None))
    again.restore(kept.told)
    assert again.told == {name: [tuple(pair) for pair in pairs] for name, pairs in books.told.items()}


def test_a_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    """And what follows stands on a line of its own."""
    path = tmp_path / "store"
    path.write_bytes(b'["tenant", "ten_1"]\n["tenant", "te')
    store = Store(path)
    assert list(store.records()) == [["tenant", "ten_1"]]
    store.append("tenant", "ten_2")
    assert list(Store(path).records()) == [["tenant", "ten_1"], ["tenant", "ten_2"]]


def test_without_a_file_nothing_is_kept() -> None:
    """And nothing is found."""
    store = Store(None)
    store.append("tenant", "ten_1")
    assert list(store.records()) == []
