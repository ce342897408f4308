"""What a receiver wrote of a run, listed and read for whoever collects it."""

from pathlib import Path

from _hookswarm.receiver.config import Durability, ReceiverConfig
from _hookswarm.receiver.files import files_of_run, read_part
from _hookswarm.receiver.sampling import Sampler
from _hookswarm.records.clock import Clock
from tests.support.rig import rig


def test_a_regions_own_files_are_listed(tmp_path: Path) -> None:
    """Journals, bodies, headers and logs of the region, with their sizes; nothing of others, and no folder."""
    run = tmp_path / "run-1"
    run.mkdir()
    kinds = ("arrivals-eu-7.journal", "bodies-eu-7.ndjson", "evidence-eu-7.ndjson", "fsyncs-eu-7.journal")
    ours = (*kinds, "resources-receiver-eu-7.csv")
    for name in (*ours, "arrivals-us-8.journal", "attempts-host-9.journal", "run.json"):
        (run / name).write_bytes(b"123")
    (run / "arrivals-eu-folder").mkdir()
    assert files_of_run(tmp_path, "run-1", "eu") == [(name, 3) for name in ours]


def test_a_region_lists_no_other_whose_name_begins_alike(tmp_path: Path) -> None:
    """Of four regions, each lists its own files, the second of a process among them, and no other's."""
    run, regions = tmp_path / "run-1", ("eu", "eu-west", "eu-west-1", "eu.west", "receiver-eu")
    run.mkdir()
    for region in regions:
        for name in (
            f"arrivals-{region}-1.journal",
            f"arrivals-{region}-1.2.journal",
            f"resources-receiver-{region}-77.csv",
        ):
            (run / name).touch()
    listed = {region: [name for name, _ in files_of_run(tmp_path, "run-1", region)] for region in regions}
    assert listed == {
        region: [
            f"arrivals-{region}-1.2.journal",
            f"arrivals-{region}-1.journal",
            f"resources-receiver-{region}-77.csv",
        ]
        for region in regions
    }


def test_a_run_that_is_set_twice_is_listed_whole(tmp_path: Path) -> None:
    """A process's second journal, bodies, headers and log of a run have names that are its region's, too."""
    app = rig(tmp_path, Durability.FSYNC, bodies=True, evidence=True)
    sampler = Sampler(ReceiverConfig(results=app.results, state=tmp_path, region="local"), Clock())
    for run in ("run-1", "run-2", "run-1", "run-2", "run-1"):
        app.state.set_run(run)
        assert app.post().status_code == 204
        sampler.follow(run, 0)
    found = [name for name, _ in files_of_run(app.results, "run-1", "local")]
    assert found == sorted(path.name for path in (app.results / "run-1").iterdir())
    assert len(found) == 3 * 5


def test_only_a_runs_name_names_a_folder(tmp_path: Path) -> None:
    """No way leads out of the results; a run that is not there has nothing."""
    (tmp_path / "arrivals-eu-1.journal").touch()
    inside = tmp_path / "results"
    inside.mkdir()
    for run in ("..", "../", "", ".", "a/../..", "nothing"):
        assert files_of_run(inside, run, "eu") == []


def test_a_file_that_grows_is_read_as_it_was(tmp_path: Path) -> None:
    """As many bytes as were announced."""
    path = tmp_path / "file"
    path.write_bytes(b"abcdef")
    assert b"".join(read_part(path, 4)) == b"abcd"
