"""A run's endpoints at a service are its own as long as it is on."""

import argparse
from pathlib import Path

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.master.service_endpoints import ServiceEndpoints
from _hookswarm.senders.plan.checked_options import check_options
from _hookswarm.senders.plan.options import add_options
from _hookswarm.senders.service.kept import kept_file
from _hookswarm.senders.service.steps import Steps
from tests.senders.service.test_account import TABLE, answer
from tests.support.service_api import Api

URLS = ["http://127.0.0.1:9/endpoints/0", "http://127.0.0.1:9/endpoints/1"]


def test_two_runs_never_use_the_same_ones_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second asks nothing of the service, and takes nothing down; once the first has ended it has them."""
    monkeypatch.chdir(tmp_path)
    parser = argparse.ArgumentParser()
    add_options(parser)
    with Api(answer) as api:
        Path("own.toml").write_text(TABLE.replace("API", api.url))
        settings = check_options(parser.parse_args(["--service", "own.toml", "--keep-endpoints"]))
        assert settings.service
        steps = Steps(settings.service)

        def run(name: str) -> ServiceEndpoints:
            assert settings.service
            settings.results.joinpath(name).mkdir(parents=True)
            return ServiceEndpoints(settings.service, settings, settings.results / name, steps, lambda: False, print)

        first, second = run("first"), run("second")
        first.set_up(URLS)
        api.asked = []
        with pytest.raises(ConfigError, match="is in use by another run"):
            second.set_up(URLS)
        second.end()
        assert api.lines == []
        first.end()
        second.set_up(URLS)
        assert second.used_again == len(URLS)
        second.end()
        assert api.lines == []
        steps.close()
    kept = kept_file(settings.results, settings.service, [region.name for region in settings.regions])
    assert {path.name for path in settings.results.iterdir()} == {kept.name, "first", "second"}
