"""A run's manifest: written, read, damaged."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from _hookswarm.records.manifest import MANIFEST, Manifest, RegionRecord, RunError, new_run_id

STARTED = datetime(2026, 11, 22, 16, 15, tzinfo=UTC)


def manifest(run_id: str = "run-1") -> Manifest:
    return Manifest(
        id=run_id,
        test="performance",
        seed=7,
        started_at=STARTED,
        options={"quick": True},
        stages=[{"name": "sequential"}, {"name": "concurrent"}],
        regions=[RegionRecord(name="local", url="http://127.0.0.1/", receiver=True)],
        strategies=["single"],
        outcomes={0: "pending", 1: "acknowledged"},
        environment={"python": "3.11"},
    )


def test_a_manifest_comes_back(tmp_path: Path) -> None:
    """What a run was is read as it was saved, and saving leaves nothing else behind."""
    manifest().save(tmp_path)
    assert Manifest.load(tmp_path) == manifest()
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "not a run's folder"),
        (b"", "damaged"),
        (b"\xff\xfe", "damaged"),
        (b"{}", "damaged"),
        (b'{"version": 2}', "damaged"),
        (b"[1", "damaged"),
    ],
)
def test_a_damaged_manifest_is_one_clear_error(content: bytes | None, message: str, tmp_path: Path) -> None:
    """A folder that is no run's is named in one sentence."""
    if content is not None:
        (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(RunError, match=message) as caught:
        Manifest.load(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_run_ids_sort_by_time() -> None:
    """An id starts with its UTC time, and two of one second differ."""
    first, second = new_run_id("load", STARTED), new_run_id("load", STARTED)
    assert first.startswith("20261122-161500-load-")
    assert first != second
