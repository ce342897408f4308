"""Journals and logs of sending processes whose host shares no folder with the master: fetched after the stages."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from gevent.event import AsyncResult
from pydantic import BaseModel

CHUNK = 1 << 20
PATIENCE_S = 10.0
"""How long a chunk may take."""


class Fetch(BaseModel):
    """Master to worker: some of a file of the run that is on."""

    run: str
    name: str
    offset: int


class Chunk(BaseModel):
    """The answer. `size` is the whole file's; -1: it is not there."""

    name: str
    offset: int
    size: int
    data: bytes = b""


def gathered_names(process: str) -> tuple[str, ...]:
    """The files of a sending process."""
    return f"attempts-{process}.journal", f"resources-sender-{process}.csv"


def read_chunk(folder: Path, process: str, wanted: Fetch) -> Chunk:
    """What a sending process answers; of files that are not its own there is nothing."""
    path = folder / wanted.run / wanted.name
    if wanted.name not in gathered_names(process) or not path.is_file() or path.parent.parent != folder:
        return Chunk(name=wanted.name, offset=wanted.offset, size=-1)
    with path.open("rb") as file:
        file.seek(wanted.offset)
        return Chunk(name=wanted.name, offset=wanted.offset, size=path.stat().st_size, data=file.read(CHUNK))


class Gatherer:
    """The master's side."""

    def __init__(self, send: Callable[[str, dict[str, Any]], object], patience_s: float = PATIENCE_S) -> None:
        """`send` takes the process's id at Locust, and a Fetch."""
        self._send = send
        self._patience_s = patience_s
        self._wanted: Fetch | None = None
        self._answer: AsyncResult[Chunk] = AsyncResult()

    def hear(self, chunk: Chunk) -> None:
        """A late answer, to a question that was given up, is none to the next one."""
        if self._wanted and (chunk.name, chunk.offset) == (self._wanted.name, self._wanted.offset):
            self._answer.set(chunk)

    def gather(self, folder: Path, run: str, processes: Iterable[tuple[str, str]]) -> Iterator[str]:
        """Fetch what is not in the run's `folder`, by (id at Locust, process); yields what could not be had."""
        for node, process in processes:
            for name in gathered_names(process):
                if not (folder / name).exists() and not self._fetch(folder, run, node, name):
                    yield name

    def _fetch(self, folder: Path, run: str, node: str, name: str) -> bool:
        draft = folder / f".{name}.part"
        try:
            with draft.open("wb") as file:
                while chunk := self._ask(node, Fetch(run=run, name=name, offset=file.tell())):
                    file.write(chunk.data)
                    if file.tell() >= chunk.size or not chunk.data:
                        break
            if chunk and chunk.size >= 0:  # else there is no answer; or no such file, because it took no part
                draft.replace(folder / name)
        finally:
            draft.unlink(missing_ok=True)
        return chunk is not None

    def _ask(self, node: str, wanted: Fetch) -> Chunk | None:
        self._wanted, self._answer = wanted, AsyncResult()
        self._send(node, wanted.model_dump())
        chunk: Chunk | None = self._answer.wait(self._patience_s)
        return chunk
