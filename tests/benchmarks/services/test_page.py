"""docs/services.md."""

from pathlib import Path

from benchmarks.services.kept import FOLDER, Kept
from benchmarks.services.page import MARK, PAGE, renewed
from benchmarks.services.runs import services
from tests.support import kept_figures as made

MOST_BYTES = 2_000_000


def test_the_page_is_what_the_files_give() -> None:
    """Where this fails: `python -m benchmarks.services page` writes it anew."""
    text = PAGE.read_text(encoding="utf-8")
    assert renewed(text) == text


def test_the_figures_are_small_enough_to_be_kept() -> None:
    """All of them together."""
    assert sum(file.stat().st_size for file in FOLDER.glob("*.json")) < MOST_BYTES


def test_each_configuration_has_a_column_and_each_row_its_command(tmp_path: Path) -> None:
    """In the order in which they are told, each with the keys that matter and when it was measured."""
    for configuration in ("raised", "default"):
        kept = Kept(service="outpost", configuration=configuration)
        kept.put(made.kept_run("capacity", capacity=made.capacity(90.0)))
        kept.save(tmp_path)
    text = renewed(f"before {MARK}{MARK} after", tmp_path)
    assert text.startswith("before ")
    assert text.endswith(" after")
    assert "| question | default | raised | repeat it with |" in text
    assert "`python -m benchmarks.services outpost default --run capacity --again` |" in text
    assert services()["outpost"].configurations["raised"] in text
    assert "2026-11-30, 2 cores; repeats: capacity 1." in text


def test_without_figures_it_says_so(tmp_path: Path) -> None:
    """No table of nothing."""
    assert "Nothing was measured yet." in renewed(f"{MARK}{MARK}", tmp_path)
