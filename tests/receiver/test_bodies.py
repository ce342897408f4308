"""Bodies that are kept: what is sent is what `--payloads` reads."""

import contextlib
from pathlib import Path

import pytest

from _hookswarm.protocol.identity import NO_RUN
from _hookswarm.receiver.bodies import BodyFile
from _hookswarm.senders.plan.captured import load_captured
from tests.support.receivers import small_disk
from tests.support.rig import rig


def test_bodies_are_a_line_each(tmp_path: Path) -> None:
    """Line ends inside of JSON go; nothing else changes, and captured bodies can be sent again."""
    path = tmp_path / "bodies.ndjson"
    file = BodyFile(path)
    for body in (b'{"a": 1}', b'{\n "b": [2,\n3]\n}', '{"c": "ü"}'.encode(), b'{\r\n"d": 4\r}'):
        file.append(body)
    file.close()
    lines = [b'{"a": 1}', b'{  "b": [2, 3] }', '{"c": "ü"}'.encode(), b'{\r "d": 4\r}']
    assert path.read_bytes() == b"".join(line + b"\n" for line in lines)
    captured = load_captured(path)
    assert [captured.body(b"", n) for n in range(4)] == lines


def test_a_receiver_keeps_bodies_if_it_is_told_to(tmp_path: Path) -> None:
    """One file a process and run; by default there is none."""
    app = rig(tmp_path / "kept", bodies=True)
    assert [app.post(body).status_code for body in (b'{"n": 1}', b'{"n": 2}')] == [204, 204]
    (path,) = (app.results / NO_RUN).glob("bodies-*.ndjson")
    assert path.read_bytes() == b'{"n": 1}\n{"n": 2}\n'
    plain = rig(tmp_path / "plain")
    assert plain.post().status_code == 204
    assert not list(plain.results.rglob("bodies-*"))


@pytest.mark.slow
def test_a_full_disk_keeps_whole_lines(tmp_path: Path) -> None:
    """A body that does not fit is refused, and leaves no half line."""
    with small_disk(tmp_path / "disk") as disk:
        file = BodyFile(disk / "bodies.ndjson")
        for _ in range(16):
            with contextlib.suppress(OSError):
                file.append(b"x" * 4_000)
        with pytest.raises(OSError, match="No space"):
            file.append(b"x" * 4_000)
        file.close()
        assert {len(line) for line in (disk / "bodies.ndjson").read_bytes().splitlines()} == {4_000}
