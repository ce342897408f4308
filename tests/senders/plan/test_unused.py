"""Options that change nothing of what was chosen."""

import argparse
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from _hookswarm.senders.plan.arrivals import Poisson
from _hookswarm.senders.plan.checked_options import check_options
from _hookswarm.senders.plan.duplicates import Duplicate
from _hookswarm.senders.plan.options import add_options
from _hookswarm.senders.plan.plan import make_plan
from _hookswarm.senders.plan.retry import RetryLaw
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.plan.unused import unused_options

PLAIN = Stage("plain", duration_s=1)
USED = [
    (["--rate", "5"], replace(PLAIN, arrivals=Poisson(9))),
    (["--duration", "9s"], replace(PLAIN, stretch=True)),
    (["--retry-profile", "svix"], replace(PLAIN, retry=RetryLaw(retries=1))),
    (["--observe", "echo 1"], Stage("twice", events=1, duplicate=Duplicate("later"))),
    (["--memory-limit", "1GB"], replace(PLAIN, scenario="sustained memory")),
]


def told(folder: Path, options: list[str], *tests: Stage) -> list[str]:
    parser = argparse.ArgumentParser()
    add_options(parser)
    parsed = parser.parse_args([*options, "--results", str(folder)])
    settings = check_options(parsed)
    lines = unused_options(parsed, [(settings, make_plan([stage], settings)) for stage in tests])
    return [line.partition(" changes nothing: ")[0] for line in lines]


@pytest.mark.parametrize(("options", "stage"), USED)
def test_an_option_that_no_stage_uses_is_told(options: list[str], stage: Stage, tmp_path: Path) -> None:
    """One stage of one test is enough to use it."""
    assert told(tmp_path, options, PLAIN) == [options[0]]
    assert told(tmp_path, options, PLAIN, stage) == []


def test_what_is_of_the_way_there_is_told_too(tmp_path: Path) -> None:
    """Strategies of one region, real links of nothing, time-outs of nobody."""
    options = ["--strategy", "random", "--links", "real", "--response-timeout", "3"]
    own = replace(PLAIN, timeout_s=1)
    assert told(tmp_path, options, own) == ["--strategy", "--links real", "--response-timeout"]
    assert told(tmp_path, options, PLAIN) == ["--strategy", "--links real"]


def test_a_certificate_authority_is_for_https(tmp_path: Path) -> None:
    """Of any endpoint of a file, too."""
    authority, rows = tmp_path / "ca.pem", tmp_path / "endpoints.csv"
    trustme.CA().cert_pem.write_to_path(str(authority))
    options = ["--ca-file", str(authority), "--endpoints", str(rows)]
    rows.write_text("url\nhttp://127.0.0.1:9/\n")
    assert told(tmp_path, options, PLAIN) == ["--ca-file"]
    rows.write_text("url\nhttp://127.0.0.1:9/\nhttps://127.0.0.1:9/\n")
    assert told(tmp_path, options, PLAIN) == []


def test_the_rate_that_is_the_bound_is_used(tmp_path: Path) -> None:
    """At another's receiver it bounds closed loops, too; not where a bound is given."""
    there = ["--target", "http://127.0.0.1:9/", "--rate", "5"]
    assert told(tmp_path, there, PLAIN) == []
    assert told(tmp_path, [*there, "--max-rate", "9"], PLAIN) == ["--rate"]
