"""Retry profiles: the built-in ones against their known lengths, and what a faulty table is told."""

import re
from datetime import date
from itertools import accumulate
from pathlib import Path
from random import Random

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.plan.profiles import DEFAULT_PROFILES, Profile, load_profiles, profile
from _hookswarm.senders.plan.retry import Failure, Jitter, RetryAfter, RetryLaw, next_delay_s, scaled_law
from tests.support.receivers import CHECKOUT

HOUR = 3600
DOCS = CHECKOUT / "docs" / "retry.md"

GOOD = """
[mine]
source = "a guess"
as_of = 2026-01-31
retries = 3
growth = "exponential"
delay_s = 2
jitter = { kind = "proportional", share = 0.2 }
"""


def table(folder: Path, text: str) -> Path:
    path = folder / "profiles.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> tuple[str, ...]:
    """What a table is told, without its path."""
    path = table(folder, text)
    with pytest.raises(ConfigError) as caught:
        load_profiles(path)
    return tuple(fault.removeprefix(f"--retry-profiles {path}: ") for fault in caught.value.faults)


def base_s(name: str) -> float:
    """How long a profile takes from the first attempt to the last, without chance, hints and throttling."""
    law = profile(name).law
    return sum(law.base_s(retry) for retry in range(1, law.retries + 1))


@pytest.mark.parametrize("found", load_profiles().values(), ids=str)
def test_built_in_profiles(found: Profile) -> None:
    """Every built-in profile is a possible law that says where it is from and when, and what is approximate."""
    assert not list(found.law.problems())
    assert re.search(r"\w\.(com|dev)", found.source)
    assert date(2026, 1, 1) <= found.as_of
    assert found.note
    assert not found.name.endswith("-like") or "approximation" in found.note


def test_the_standard_webhooks_schedule() -> None:
    """The specification's column "Time since start", to the second; scaled by 0.0003 it takes less than 100 s."""
    law = profile("standard-webhooks").law
    starts = list(accumulate(law.schedule_s))
    assert [f"{int(s) // HOUR:02}:{int(s) // 60 % 60:02}:{int(s) % 60:02}" for s in starts] == [
        *("00:00:05", "00:05:05", "00:35:05", "02:35:05", "07:35:05", "17:35:05", "31:35:05", "51:35:05", "75:35:05"),
    ]
    assert law.longest_s() == 75 * HOUR + 35 * 60 + 5
    assert scaled_law(law, 0.0003).longest_s() == pytest.approx(81.6315)


@pytest.mark.parametrize(
    ("name", "retries", "base"),
    [
        ("standard-webhooks", 9, 75 * HOUR + 35 * 60 + 5),
        ("svix", 7, 27 * HOUR + 35 * 60 + 5),
        ("convoy", 9, 900),
        ("outpost", 10, 30 * (2**10 - 1)),
        ("hook0", 24, 3 + 10 + 3 * 60 + 30 * 60 + (1 + 3 + 5) * HOUR + 17 * 10 * HOUR),
        ("stripe-like", 12, 60 * (2**12 - 1)),
        ("shopify-like", 8, 4 * HOUR),
        ("github", 0, 0),
    ],
)
def test_known_lengths(name: str, retries: int, base: float) -> None:
    """Each sender makes the retries that it says, over the time that its delays sum up to by hand."""
    assert profile(name).law.retries == retries
    assert base_s(name) == pytest.approx(base, rel=1e-4)


def test_chance_and_limits_of_the_profiles() -> None:
    """What jitter and throttling add, and that Hook0 fits into its eight days and Stripe into its three."""
    assert profile("svix").law.longest_s() == pytest.approx((base_s("svix") - 5) * 1.2 + 60)
    assert base_s("hook0") < profile("hook0").law.longest_s() < 8 * 24 * HOUR
    assert profile("hook0").law.bounds_s(1, 0) == pytest.approx((3, 5))
    assert profile("hook0").law.bounds_s(24, 0) == pytest.approx((10 * HOUR, 10.25 * HOUR))
    assert profile("stripe-like").law.longest_s() < 3 * 24 * HOUR


def test_only_specifications_heed_gone() -> None:
    """No sender's source was found to disable a webhook for a 410, though both specifications ask for it."""
    heeding = [name for name, found in load_profiles().items() if found.law.disable_on_gone]
    assert heeding == ["standard-webhooks", "mcp-events"]


def test_a_final_answer_ends_the_event() -> None:
    """An MCP server does not send again what was too large; another failure it does."""
    law = profile("mcp-events").law
    delays = [next_delay_s(law, 1, 0, 0, Failure(Outcome.REJECTED, status), Random(1)) for status in (413, 500)]
    assert delays == [None, 30]


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    """A profile needs a source and a date; its law has a law's defaults."""
    found = profile("mine", table(tmp_path, GOOD))
    law = RetryLaw(3, "exponential", 2.0, jitter=Jitter("proportional", 0.2))
    assert found == Profile("mine", "a guess", date(2026, 1, 31), law)
    assert found.law.retry_after == RetryAfter()


def test_retry_after_can_be_ignored(tmp_path: Path) -> None:
    """`false` stands for a law that does not read the header, and nothing else does."""
    assert profile("mine", table(tmp_path, GOOD + "retry_after = false")).law.retry_after is None
    (fault,) = faults(tmp_path, GOOD + "retry_after = true")
    assert fault.startswith("mine: retry_after: ")


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    """Unknown keys, wrong types, impossible laws and missing origins, each after its profile's name."""
    found = faults(
        tmp_path,
        """
        stray = 1
        [typo]
        source = ""
        as_of = 2026-01-31
        reties = 3
        delay_s = "soon"
        jitter = { kind = "some", shore = 1 }
        [impossible]
        retries = -1
        delay_s = nan
        [mine]
        source = "a guess"
        as_of = 2026-01-31
        law = { retries = 1 }
        """,
    )
    expected = [
        ("stray", "write a table: [name]"),
        *(("typo", part) for part in ("source", "reties", "delay_s", "jitter.kind", "jitter.shore")),
        *(("impossible", part) for part in ("source", "as_of", "retries is", "delay_s is")),
        ("mine", "law"),
    ]
    assert len(found) == len(expected)
    for name, part in expected:
        assert any(fault.startswith(f"{name}: ") and part in fault for fault in found), (name, part)


@pytest.mark.parametrize("name", ['""', '"a b"', '"-a"', f'"{"a" * 65}"'])
def test_a_name_that_is_none(tmp_path: Path, name: str) -> None:
    """A profile's name stands in reports and on the command line, so it is a plain word."""
    (fault,) = faults(tmp_path, GOOD.replace("mine", name))
    assert "name: write a name of letters" in fault


def test_a_file_that_is_no_table(tmp_path: Path) -> None:
    """A file that is missing, empty, not TOML or not even text is said to be so."""
    with pytest.raises(ConfigError, match="cannot read"):
        load_profiles(tmp_path / "nowhere.toml")
    assert faults(tmp_path, "") == ("there is no retry profile in it: write one, as docs/retry.md shows",)
    assert faults(tmp_path, "[")[0].startswith("not TOML")
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not TOML"):
        load_profiles(tmp_path / "bytes.toml")


def test_an_unknown_name_lists_the_known(tmp_path: Path) -> None:
    """Who mistypes a name is told what was meant, or which there are."""
    with pytest.raises(ConfigError) as caught:
        profile("swix")
    assert "'swix'" in str(caught.value)
    assert str(caught.value).endswith(": write svix")
    with pytest.raises(ConfigError) as caught:
        profile("nobody")
    assert all(name in str(caught.value) for name in load_profiles())


def test_the_documentation_names_every_profile() -> None:
    """The table of profiles in docs/retry.md has the rows of the file, in its order, with their retries and lengths."""
    rows = re.findall(r"^\| `([\w-]+)` \| (\d+) \| ([\d:]+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    expected = []
    for name, found in load_profiles(DEFAULT_PROFILES).items():
        minutes = round(base_s(name)) // 60
        expected.append((name, str(found.law.retries), f"{minutes // 60}:{minutes % 60:02}"))
    assert rows == expected
