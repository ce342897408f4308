"""What the senders' reports say of a failure gets a hint, where one is known."""

import argparse
import re
from pathlib import Path

import pytest

from _hookswarm.protocol.faults import Faults
from _hookswarm.records.failures import FailureKind
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.master.hints import add_hints
from _hookswarm.senders.plan.checked_options import check_options
from _hookswarm.senders.plan.options import add_options
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage
from tests.support.journals import worker_report
from tests.support.receivers import SECRET

STAGE = Stage("x", events=1)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    monkeypatch.setenv("HOOKSWARM_SECRET", SECRET)
    monkeypatch.chdir(tmp_path_factory.mktemp("hints"))
    parser = argparse.ArgumentParser()
    add_options(parser)
    return check_options(parser.parse_args(["--target", "http://127.0.0.1:9/hooks"]))


def hint(settings: Settings, outcome: Outcome, status: int, stage: Stage = STAGE, **fields: str) -> str:
    known = {"text": f"status {status}", "count": 1, "first_ns": 1, "last_ns": 1}
    kind = FailureKind.model_validate(known | {"outcome": outcome, "status": status} | fields)
    report = worker_report(failures=[kind])
    add_hints([report], stage, settings)
    return report.failures[0].hint


@pytest.mark.parametrize(
    ("outcome", "status", "word"),
    [
        (Outcome.REJECTED, 401, "$HOOKSWARM_SECRET"),
        (Outcome.REJECTED, 404, "--target"),
        (Outcome.REJECTED, 413, "raise its limit"),
        (Outcome.REJECTED, 429, "rate"),
        (Outcome.REJECTED, 500, "its own log"),
        (Outcome.REJECTED, 503, "try a lower --max-rate"),
        (Outcome.READ_TIMEOUT, 0, "--response-timeout"),
        (Outcome.REFUSED, 0, "port"),
        (Outcome.RESET, 0, "it hangs up on requests"),
    ],
)
def test_a_failure_has_one_hint(settings: Settings, outcome: Outcome, status: int, word: str) -> None:
    """As the probe would say, but for what only the probe knows."""
    said = hint(settings, outcome, status)
    assert word in said
    assert not re.search("probe|0 B", said)


def test_an_endpoint_s_own_secret_is_looked_at_in_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """$HOOKSWARM_SECRET signs what has none."""
    monkeypatch.chdir(tmp_path)
    Path("e.csv").write_text(f"url,secret\nhttp://127.0.0.1:9/a,{SECRET}\n")
    parser = argparse.ArgumentParser()
    add_options(parser)
    said = hint(check_options(parser.parse_args(["--endpoints", "e.csv"])), Outcome.REJECTED, 401)
    assert said == "look at the secret in its row of --endpoints e.csv"


def test_after_a_rotation_the_next_secret_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe showed that the first one is known."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOOKSWARM_SECRET", "old")
    monkeypatch.setenv("HOOKSWARM_SECRET_NEXT", "new")
    parser = argparse.ArgumentParser()
    add_options(parser)
    options = ["--target=http://127.0.0.1:9/", "--provider=github", "--rotate-at=1s"]
    said = hint(check_options(parser.parse_args(options)), Outcome.REJECTED, 401)
    assert said == "look whether it takes the secret of $HOOKSWARM_SECRET_NEXT, taken as one line of text, too"


def test_an_answer_s_words_count(settings: Settings) -> None:
    """A 400 may be about the signature."""
    assert "secret" in hint(settings, Outcome.REJECTED, 400, sample="invalid signature")


def test_where_things_are_to_fail_there_is_no_hint(settings: Settings) -> None:
    """Nor where the text says what to do."""
    assert not hint(settings, Outcome.REJECTED, 503, stage=Stage("x", events=1, faults=Faults({503: 0.5})))
    assert not hint(settings, Outcome.LOCAL_SHORTAGE, 0, text="no ports: give more")


@pytest.mark.parametrize(
    ("outcome", "status", "word"),
    [
        (Outcome.REJECTED, 401, "the table's token"),
        (Outcome.REJECTED, 404, "the table's address"),
        (Outcome.REJECTED, 429, "set --rate below it"),
        (Outcome.REJECTED, 503, "what the service logged"),
        (Outcome.REFUSED, 0, "still runs"),
    ],
)
def test_a_publish_that_failed_is_the_service_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcome: Outcome, status: int, word: str
) -> None:
    """Nobody is sent to look at our receivers, or at a target that there is not."""
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "own.toml"
    table.write_text(
        'addresses = { api = "http://127.0.0.1:9" }\n[publish]\nrequest = "POST {api}/events"\nbody = "{payload}"\n'
    )
    parser = argparse.ArgumentParser()
    add_options(parser)
    settings = check_options(parser.parse_args(["--service", str(table)]))
    said = hint(settings, outcome, status)
    assert word in said
    assert "--target" not in said
    assert hint(settings, outcome, status, stage=Stage("x", events=1, faults=Faults({503: 0.5}))) == said
    assert not hint(settings, outcome, status, stage=Stage("x", events=1, restart="own"))
