"""Files of sending processes, fetched chunk by chunk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
import pytest

from _hookswarm.senders.exchange.gather import CHUNK, Chunk, Fetch, Gatherer, gathered_names, read_chunk
from tests.support.receivers import small_disk

RUN, PROCESS = "run-1", "host-7"
JOURNAL, LOG = gathered_names(PROCESS)


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """The results of another host: a journal of more than two chunks, and no log."""
    folder = tmp_path / "there"
    (folder / RUN).mkdir(parents=True)
    (folder / RUN / JOURNAL).write_bytes(bytes(range(256)) * (CHUNK // 100))
    return folder


def gatherer(answer: Callable[[Fetch], Chunk | None], patience_s: float = 1) -> Gatherer:
    """One whose questions are answered at once."""

    def send(node: str, wanted: dict[str, Any]) -> None:
        assert node == "node"
        if chunk := answer(Fetch.model_validate(wanted)):
            made.hear(chunk)

    made = Gatherer(send, patience_s)
    return made


def test_a_file_is_fetched_whole(there: Path, tmp_path: Path) -> None:
    """Byte by byte; what a process did not write is not missed, and what is here is not asked for."""
    here = tmp_path / "here"
    here.mkdir()
    asked: list[str] = []

    def answer(wanted: Fetch) -> Chunk:
        asked.append(wanted.name)
        return read_chunk(there, PROCESS, wanted)

    assert list(gatherer(answer).gather(here, RUN, [("node", PROCESS)])) == []
    assert (here / JOURNAL).read_bytes() == (there / RUN / JOURNAL).read_bytes()
    assert asked == [JOURNAL] * 3 + [LOG]
    assert [path.name for path in here.iterdir()] == [JOURNAL]
    assert list(gatherer(answer).gather(here, RUN, [("node", PROCESS)])) == []
    assert asked == [JOURNAL] * 3 + [LOG] * 2


def test_a_process_that_does_not_answer_is_told(tmp_path: Path) -> None:
    """Both of its files; nothing half is left behind."""
    assert list(gatherer(lambda wanted: None, 0.01).gather(tmp_path, RUN, [("node", PROCESS)])) == [JOURNAL, LOG]
    assert list(tmp_path.iterdir()) == []


def test_a_late_answer_spoils_no_other_file(there: Path, tmp_path: Path) -> None:
    """The journal's first chunk comes while the log is waited for: the log is fetched all the same."""
    here, late = tmp_path / "here", list[Chunk]()
    here.mkdir()
    (there / RUN / LOG).write_bytes(b"log")

    def answer(wanted: Fetch) -> Chunk | None:
        if wanted.name == JOURNAL:
            late.append(read_chunk(there, PROCESS, wanted))
            return None
        made.hear(late.pop())
        gevent.spawn(made.hear, read_chunk(there, PROCESS, wanted))
        return None

    made = gatherer(answer, 0.01)
    assert list(made.gather(here, RUN, [("node", PROCESS)])) == [JOURNAL]
    assert [path.name for path in here.iterdir()] == [LOG]
    assert (here / LOG).read_bytes() == b"log"
    made.hear(Chunk(name=LOG, offset=0, size=3, data=b"log"))  # nobody waits any more


def test_a_full_disk_leaves_nothing_half(there: Path, tmp_path: Path) -> None:
    """What did not fit is gone, so that there is room for what the run has to say of it."""
    with small_disk(tmp_path / "disk") as here:
        with pytest.raises(OSError, match="No space"):
            list(gatherer(lambda wanted: read_chunk(there, PROCESS, wanted)).gather(here, RUN, [("node", PROCESS)]))
        assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("run", "name"), [(RUN, "run.json"), ("../there/run-1", JOURNAL), ("..", JOURNAL), (RUN, f"../{RUN}/{JOURNAL}")]
)
def test_only_its_own_files_are_given(there: Path, run: str, name: str) -> None:
    """No way leads to others."""
    (there / RUN / "run.json").touch()
    assert read_chunk(there, PROCESS, Fetch(run=run, name=name, offset=0)).size == -1
