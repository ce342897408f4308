"""Files of a run fetched from a receiver that shares no folder."""

import shutil
from pathlib import Path

import pytest

from _hookswarm.records.collect import collect
from _hookswarm.records.manifest import Manifest, RunError
from _hookswarm.records.reading import read_journal
from tests.support.journals import run
from tests.support.receivers import SECRET, TOKEN, free_port, running_receiver, small_disk
from tests.support.servers import ScriptedServer, answer_of, answering

pytestmark = pytest.mark.slow


def folder(path: Path, run_id: str, control: str) -> Path:
    """A master's folder of a run: its manifest alone."""
    region = {"name": "local", "url": "http://127.0.0.1:1/", "receiver": True, "control": control}
    manifest: Manifest = run([], id=run_id, regions=[region]).manifest
    path.mkdir()
    manifest.save(path)
    return path


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKSWARM_TOKEN", TOKEN)
    monkeypatch.setenv("HOOKSWARM_SECRET", SECRET)


def test_what_a_receiver_wrote_is_fetched_once(tmp_path: Path) -> None:
    """Byte by byte; a second time there is nothing to fetch but what has grown."""
    (tmp_path / "there").mkdir()
    with running_receiver(tmp_path / "there") as receiver:
        receiver.reset("run-1")
        here = folder(tmp_path / "here", "run-1", receiver.control)
        assert receiver.deliver() == 204
        fetched = [path for path in collect(here) if path.suffix == ".journal"]
        assert len(fetched) == 1
        assert len(read_journal(fetched[0]).rows) == 1
        assert not [path for path in collect(here) if path.suffix == ".journal"]
        assert receiver.deliver() == 204
        assert [path for path in collect(here) if path.suffix == ".journal"] == fetched
        assert len(read_journal(fetched[0]).rows) == 2


def test_a_full_disk_is_told_with_the_file(tmp_path: Path) -> None:
    """By its name, not by its draft's; nothing half is left."""
    (tmp_path / "there").mkdir()
    with running_receiver(tmp_path / "there") as receiver, small_disk(tmp_path / "disk", "8k") as disk:
        receiver.reset("run-1")
        here = folder(disk / "here", "run-1", receiver.control)
        for _ in range(100):
            assert receiver.deliver() == 204
        with pytest.raises(OSError, match="No space") as full:
            list(collect(here))
        assert Path(full.value.filename).parent == here
        assert Path(full.value.filename).name.startswith("arrivals-local-")
        assert [path.name for path in here.iterdir()] == ["run.json"]


@pytest.mark.parametrize("body", [b"", b"hello", b"[]", b"{}", b'{"files": [{"name": "a"}]}', b"[" * 100_000])
def test_a_program_of_somebody_else_lists_no_files(tmp_path: Path, body: bytes) -> None:
    """Whatever it answers is one error that names the address to mend."""
    with ScriptedServer(answering(answer_of(body))) as server:
        here = folder(tmp_path / "here", "run-1", f"http://127.0.0.1:{server.port}")
        with pytest.raises(
            RunError, match=f"local: http://127.0.0.1:{server.port}/.* lists no files: is that a receiver of ours"
        ):
            list(collect(here))


def test_what_goes_wrong_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong token, a receiver that is not there, a run without control APIs, a folder that is no run's."""
    (tmp_path / "there").mkdir()
    with running_receiver(tmp_path / "there") as receiver:
        here = folder(tmp_path / "here", "run-1", receiver.control)
        monkeypatch.setenv("HOOKSWARM_TOKEN", "another-token-than-theirs")
        with pytest.raises(RunError, match="token is missing or wrong"):
            list(collect(here))
    lost = folder(tmp_path / "lost", "run-1", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(RunError, match="does not answer"):
        list(collect(lost))
    shutil.rmtree(lost)
    with pytest.raises(RunError, match=r"not a run's folder"):
        list(collect(lost))
