"""Files of sending processes, fetched chunk by chunk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from _hookswarm.senders.exchange.gather import CHUNK, Chunk, Fetch, Gatherer, names, read

RUN, PROCESS = "run-1", "host-7"
JOURNAL, LOG = names(PROCESS)


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
        return read(there, PROCESS, wanted)

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


@pytest.mark.parametrize(
    ("run", "name"), [(RUN, "run.json"), ("../there/run-1", JOURNAL), ("..", JOURNAL), (RUN, f"../{RUN}/{JOURNAL}")]
)
def test_only_its_own_files_are_given(there: Path, run: str, name: str) -> None:
    """No way leads to others."""
    (there / RUN / "run.json").touch()
    assert read(there, PROCESS, Fetch(run=run, name=name, offset=0)).size == -1
