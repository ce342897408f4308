"""What a receiver wrote of a run, listed and read for whoever collects it."""

from pathlib import Path

from _hookswarm.receiver.files import read, written


def test_a_regions_own_files_are_listed(tmp_path: Path) -> None:
    """Journals, bodies and logs of the region, with their sizes; nothing of others, and no folder."""
    run = tmp_path / "run-1"
    run.mkdir()
    ours = ("arrivals-eu-7.journal", "bodies-eu-7.ndjson", "fsyncs-eu-7.journal", "resources-receiver-eu-7.csv")
    for name in (*ours, "arrivals-us-8.journal", "attempts-host-9.journal", "run.json"):
        (run / name).write_bytes(b"123")
    (run / "arrivals-eu-folder").mkdir()
    assert written(tmp_path, "run-1", "eu") == [(name, 3) for name in ours]


def test_only_a_runs_name_names_a_folder(tmp_path: Path) -> None:
    """No way leads out of the results; a run that is not there has nothing."""
    (tmp_path / "arrivals-eu-1.journal").touch()
    inside = tmp_path / "results"
    inside.mkdir()
    for run in ("..", "../", "", ".", "a/../..", "nothing"):
        assert written(inside, run, "eu") == []


def test_a_file_that_grows_is_read_as_it_was(tmp_path: Path) -> None:
    """As many bytes as were announced."""
    path = tmp_path / "file"
    path.write_bytes(b"abcdef")
    assert b"".join(read(path, 4)) == b"abcd"
