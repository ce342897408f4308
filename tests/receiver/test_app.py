"""The receiver's WSGI app, driven without a socket."""

import io
import os
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from _hookswarm.protocol.identity import NO_RUN, AttemptTag, EventId
from _hookswarm.protocol.verifying import TOLERANCE_S
from _hookswarm.receiver.config import Durability
from _hookswarm.receiver.state import Counts
from _hookswarm.records.reading import read_journal
from _hookswarm.records.rows import Flag
from tests.support.receivers import EVENT, KEY, signed_headers, small_disk
from tests.support.rig import LIMIT, Rig, client, environ, rig, status_of
from tests.support.signed import sign


@pytest.fixture
def app(tmp_path: Path) -> Rig:
    return rig(tmp_path)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    made = rig(tmp_path_factory.mktemp("fuzzed"))
    return replace(made, client=client(made.receiver))


@pytest.mark.parametrize("durability", list(Durability))
def test_a_signed_webhook_is_written_down_and_acknowledged(durability: Durability, tmp_path: Path) -> None:
    """204, and its row says which event it was, which attempt, what came and when."""
    app = rig(tmp_path, durability)
    body, event, tag = b"x" * 100, EventId(1, 2, 3, 4), AttemptTag(5, 6, 7, 8)
    before = time.time_ns()
    answer = app.post(body, signed_headers(body, event, tag))
    assert (answer.status_code, answer.content) == (204, b"")
    app.books.keep()
    (view,) = app.journals()
    (row,) = view.rows
    assert (view.header.kind, view.header.region, view.header.run) == ("arrivals", "local", NO_RUN)
    assert (row["run"], row["stage"], row["webhook"], row["sequence"]) == event
    assert (row["attempt"], row["origin"], row["target"], row["strategy"]) == tag
    assert (row["size"], row["digest"], row["status"]) == (100, zlib.crc32(body), 204)
    assert before - 1_000_000 < row["start"] <= row["done"] < time.time_ns() + 1_000_000
    assert row["flags"] == Flag.WRITTEN


def test_an_arrival_is_written_before_it_is_answered(app: Rig) -> None:
    """When the answer begins, the row is in the file already."""
    seen = []
    body = b"{}"
    app.receiver(environ(signed_headers(body), body), lambda *_: seen.append(app.sequences()))
    assert seen == [[EVENT.sequence]]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_405(method: str, app: Rig) -> None:
    """Only POST delivers; the answer says so."""
    answer = app.client.request(method, "/hooks")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_health_needs_no_signature(app: Rig) -> None:
    """Whoever watches the data plane may ask whether it serves."""
    assert app.client.get("/health").status_code == 200


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_400(missing: str, app: Rig) -> None:
    """All three of the specification's headers are needed, and an empty one is none."""
    headers = signed_headers(b"{}")
    assert app.post(headers={**headers, missing: ""}).status_code == 400
    del headers[missing]
    assert app.post(headers=headers).status_code == 400


@pytest.mark.parametrize(
    ("offset", "status"), [(-TOLERANCE_S - 2, 400), (-TOLERANCE_S + 5, 204), (TOLERANCE_S - 5, 204), (900, 400)]
)
def test_a_stale_timestamp_is_400(offset: int, status: int, app: Rig) -> None:
    """A replayed webhook is refused though its signature is right, before and after the tolerance."""
    assert app.post(headers=signed_headers(b"{}", now_s=time.time() + offset)).status_code == status


def test_a_wrong_signature_is_401(app: Rig) -> None:
    """Another key, another body, another id: refused and not written down."""
    good = signed_headers(b"{}")
    assert app.post(headers=signed_headers(b"{}", key=bytes(32))).status_code == 401
    assert app.post(b"{} ", good).status_code == 401
    assert app.post(headers={**good, "webhook-id": "msg_other"}).status_code == 401
    assert app.journals() == []


def test_a_body_at_the_limit_and_one_byte_more(app: Rig) -> None:
    """The limit itself is taken; one byte more is 413."""
    assert app.post(b"x" * LIMIT).status_code == 204
    assert app.post(b"x" * (LIMIT + 1)).status_code == 413


class Counting(io.BytesIO):
    """A body that knows how much of it was read, and gives it in small pieces."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(min(7, size) if size is not None and size >= 0 else size)
        self.taken += len(data)
        return data


def test_the_limit_is_enforced_while_reading(app: Rig) -> None:
    """A body without a length is read no further than the limit; a declared one that is too long not at all."""
    body = b"x" * 1_000_000
    endless = Counting(body)
    chunked = environ(signed_headers(body), more={"wsgi.input": endless, "CONTENT_LENGTH": ""})
    assert status_of(app, chunked) == 413
    assert endless.taken == LIMIT + 1
    declared = Counting(body)
    assert status_of(app, environ(signed_headers(body), body, {"wsgi.input": declared})) == 413
    assert declared.taken == 0


def test_a_body_without_a_length_is_taken(app: Rig) -> None:
    """A chunked webhook within the limit is as good as any other, however small its pieces."""
    body = b"x" * LIMIT
    pieces = {"wsgi.input": Counting(body), "CONTENT_LENGTH": ""}
    assert status_of(app, environ(signed_headers(body), more=pieces)) == 204


@pytest.mark.parametrize(
    ("length", "status"),
    [("-1", 400), ("+2", 400), ("2.0", 400), ("x", 400), (" 2", 400), ("²", 400), ("3", 400), ("9" * 30, 413)],
)
def test_a_bad_length_is_400(length: str, status: int, app: Rig) -> None:
    """No number, a negative one, or more than what comes."""
    assert status_of(app, environ(signed_headers(b"{}"), b"{}", {"CONTENT_LENGTH": length})) == status


def test_a_body_that_breaks_off_is_400(app: Rig) -> None:
    """Whatever a server raises for a client that went away is the client's fault."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    assert status_of(app, environ(signed_headers(b"{}"), b"{}", {"wsgi.input": Broken()})) == 400


@pytest.mark.parametrize("name", ["webhook-id", "webhook-signature"])
def test_a_header_beyond_latin_1_is_400(name: str, app: Rig) -> None:
    """A server that hands over more than bytes can mean does not bring the app down."""
    assert status_of(app, environ({**signed_headers(b"{}"), name: "\u20ac"}, b"{}")) == 400


def test_foreign_webhooks_are_flagged(app: Rig) -> None:
    """A right signature over another sender's id, or without our tag, counts as an arrival nobody can place."""
    foreign = signed_foreign(b"{}", b"msg_p5jXN8AQM9LWM0D4loKWxJek")
    untagged = {name: value for name, value in signed_headers(b"{}").items() if name != "hookswarm-attempt"}
    assert app.post(headers=foreign).status_code == 204
    assert app.post(headers=untagged).status_code == 204
    rows = app.journals()[0].rows
    assert rows["flags"].tolist() == [Flag.WRITTEN | Flag.FOREIGN] * 2
    assert rows["sequence"][0] == zlib.crc32(b"msg_p5jXN8AQM9LWM0D4loKWxJek")
    assert rows["run"].tolist() == [0, 0]


def signed_foreign(body: bytes, event_id: bytes) -> dict[str, str]:
    now = b"%d" % time.time()
    signature = sign(KEY, event_id, now, body).decode()
    return {"webhook-id": event_id.decode(), "webhook-timestamp": now.decode(), "webhook-signature": signature}


def test_a_run_gets_journals_of_its_own(app: Rig) -> None:
    """From the moment a run is set, arrivals go to its folder, and those before stay where they were."""
    app.post()
    app.state.set_run("run-1")
    app.post(headers=signed_headers(b"{}", EVENT._replace(sequence=77)))
    assert app.sequences() == [EVENT.sequence]
    assert app.sequences("run-1") == [77]
    app.state.set_run(NO_RUN)
    app.post()
    assert len(app.journals()) == 2


def test_memory_is_flushed_by_housekeeping_and_by_a_switch(tmp_path: Path) -> None:
    """In memory a row waits; housekeeping writes it, and so does the change to another run."""
    app = rig(tmp_path, Durability.MEMORY)
    app.post()
    assert app.sequences() == []
    app.books.keep()
    assert app.sequences() == [EVENT.sequence]
    app.post()
    app.state.set_run("run-1")
    app.books.keep()
    assert app.sequences() == [EVENT.sequence] * 2


def test_refusals_and_arrivals_are_counted(app: Rig) -> None:
    """Housekeeping reports what this process took and refused since the run was set."""
    app.post()
    app.post(headers={})
    app.post(headers=signed_headers(b"{}", key=bytes(32)))
    app.books.keep()
    (report,) = app.state.reports()
    assert (report.pid, report.counts.arrivals, report.counts.refused) == (os.getpid(), 1, {400: 1, 401: 1})
    app.state.set_run("run-1")
    app.books.keep()
    (report,) = app.state.reports()
    assert (report.counts.arrivals, report.counts.refused, report.generation) == (0, {}, app.state.setting.generation)


def test_no_arrival_before_a_reset_is_left_out_of_the_total(app: Rig) -> None:
    """Those taken behind the last report, too: what master and receivers tell Prometheus adds up."""
    app.post()
    app.books.keep()
    app.post()
    app.post(headers={})
    app.state.set_run("run-1")
    app.post()
    app.books.keep()
    assert app.state.total() == Counts(arrivals=3, refused=Counter({400: 1}))
    assert app.state.counts().arrivals == 1


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as folder:
        yield folder


@pytest.mark.parametrize("durability", [Durability.OS, Durability.FSYNC])
def test_a_full_disk_is_507(durability: Durability, tiny_disk: Path, tmp_path: Path) -> None:
    """Every acknowledged arrival is in the journal; from the first that does not fit on, the answer is 507."""
    app = rig(tmp_path, durability, results=tiny_disk)
    statuses = [app.post().status_code for _ in range(1100)]
    taken = statuses.count(204)
    assert statuses == [204] * taken + [507] * (1100 - taken)
    # With fsync, half of the disk is the journal of the syncs.
    assert taken == len(app.sequences()) > (400 if durability is Durability.FSYNC else 900)
    app.state.set_run("run-2")
    assert app.post().status_code == 507
    assert app.journals("run-2") == []


@pytest.mark.parametrize("durability", list(Durability))
def test_on_a_full_disk_no_request_leaves_a_file(durability: Durability, tiny_disk: Path, tmp_path: Path) -> None:
    """Where a journal has no room, neither the bodies' file nor the syncs' journal stays; space heals it."""
    (tiny_disk / "filler").write_bytes(bytes(64 * 1024 - 4096 * (durability is Durability.FSYNC)))
    app = rig(tmp_path, durability, results=tiny_disk, bodies=True)
    assert [app.post().status_code for _ in range(3)] == [507] * 3
    assert list((tiny_disk / NO_RUN).iterdir()) == []
    (tiny_disk / "filler").unlink()
    assert app.post().status_code == 204
    assert sum(1 for _ in (tiny_disk / NO_RUN).glob("bodies-*")) == 1


def test_a_full_disk_ends_memory_too(tiny_disk: Path, tmp_path: Path) -> None:
    """Housekeeping says that it cannot write, a change of runs is 507 instead of a traceback, and space heals it."""
    (tiny_disk / "filler").write_bytes(bytes(56 * 1024))
    app = rig(tmp_path, Durability.MEMORY, results=tiny_disk)
    for _ in range(200):
        assert app.post().status_code == 204
    with pytest.raises(OSError, match="No space"):
        app.books.keep()
    app.state.set_run("run-2")
    assert app.post().status_code == 507
    (tiny_disk / "filler").unlink()
    assert app.post().status_code == 204
    assert len(app.sequences()) == 200


TEXT = st.text(st.characters(max_codepoint=255))
"""What a server makes of header bytes: latin-1."""
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126))


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """A request that is right but for what is drawn."""
    body = draw(st.binary(max_size=LIMIT + 50))
    headers = signed_headers(draw(st.sampled_from([body, b"other"])), key=draw(st.sampled_from([KEY, bytes(32)])))
    name = st.sampled_from([*headers, "content-type", "x-other"])
    changed = draw(st.dictionaries(name, TEXT | st.none(), max_size=3))
    headers = {key: value for key, value in {**headers, **changed}.items() if value is not None}
    lengths = st.just(str(len(body))) | st.just("") | st.integers().map(str) | TEXT
    method = draw(st.just("POST") | st.sampled_from(["GET", "HEAD", ""]) | TEXT)
    return environ(headers, body, {"CONTENT_LENGTH": draw(lengths), "REQUEST_METHOD": method, "PATH_INFO": draw(TEXT)})


@given(requests())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_request_is_a_server_error(fuzzed: Rig, sent: dict[str, Any]) -> None:
    """Whatever headers, lengths, methods and bodies come, the client hears 2xx or 4xx, and the app goes on."""
    assert status_of(fuzzed, sent) in {200, 204, 400, 401, 405, 413}
    assert fuzzed.post().status_code == 204


@given(st.dictionaries(st.sampled_from([*signed_headers(b""), "content-length", "content-type"]), ASCII), st.binary())
@settings(max_examples=100, deadline=None)
def test_junk_over_http_is_4xx(fuzzed: Rig, headers: dict[str, str], body: bytes) -> None:
    """Unsigned junk through an HTTP client's eyes: always 4xx, never 5xx, with a sentence."""
    answer = fuzzed.post(body, headers)
    assert 400 <= answer.status_code < 500
    assert answer.text.strip()


def test_nothing_a_client_sends_is_repeated(app: Rig) -> None:
    """Refusals quote nothing from the request, so there is nothing to escape."""
    headers = {**signed_headers(b"{}"), "webhook-id": "<script>", "webhook-signature": "<script>"}
    answers = [app.post(headers=headers), app.client.get("/<script>"), app.post(headers={"<script>": "x"})]
    assert [answer.status_code for answer in answers] == [401, 405, 400]
    assert not any("script" in answer.text for answer in answers)


def test_every_sync_is_told(tmp_path: Path) -> None:
    """With fsync a journal beside the arrivals' says when each began and was done; without, there is none."""
    app = rig(tmp_path, Durability.FSYNC)
    for _ in range(3):
        assert app.post().status_code == 204
    (path,) = (app.results / NO_RUN).glob("fsyncs-*.journal")
    found = read_journal(path)
    assert (found.header.kind, len(found.rows)) == ("fsyncs", 3)
    assert (found.rows["done"] >= found.rows["start"]).all()
    (tmp_path / "os").mkdir()
    plain = rig(tmp_path / "os", Durability.OS)
    assert plain.post().status_code == 204
    assert not list(plain.results.glob("*/fsyncs-*"))
