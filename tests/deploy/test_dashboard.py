"""Dashboard, alert rules and their docs: whole, and about metrics that we have."""

import re
from itertools import combinations
from typing import Any

import pytest
import yaml

from tests.support.dashboard import Exported, dashboard, exported, expressions, metrics_in, panels, rules, variables
from tests.support.receivers import CHECKOUT

FOR_PROMETHEUS = [metric for metric, _ in exported()]
NAMES = {one.name for one in FOR_PROMETHEUS} | {
    f"{one.name}_{part}" for one in FOR_PROMETHEUS if one.type == "histogram" for part in ("bucket", "sum", "count")
}


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_a_panel(panel: dict[str, Any]) -> None:
    """It has a title, a word of explanation, a unit, and asks the chosen Prometheus for metrics that we export."""
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    for asked in (panel, *panel["targets"]):
        assert asked["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    for target in panel["targets"]:
        assert metrics_in(target["expr"])
        assert target["legendFormat"]


def test_no_two_panels_are_in_one_place() -> None:
    """Each has a number of its own, and none lies on another or beyond the page's 24 columns."""
    found = dashboard()["panels"]
    assert len({panel["id"] for panel in found}) == len(found)
    places = [panel["gridPos"] for panel in found]
    assert all(one["x"] + one["w"] <= 24 for one in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


def test_variables() -> None:
    """The data source, regions and strategies, of which all are chosen at first; every one of them is used."""
    assert variables().keys() == {"datasource", "region", "strategy"}
    for name in ("region", "strategy"):
        assert variables()[name]["includeAll"]
        assert variables()[name]["allValue"] == ".*"
    asked = " ".join(target["expr"] for panel in panels() for target in panel["targets"])
    assert set(re.findall(r"\$(\w+)", asked)) == {"region", "strategy", "__rate_interval"}


def test_dashboard_and_rules_ask_for_what_there_is() -> None:
    """No metric is asked for that nobody exports, and the dashboard shows all that is exported."""
    shown = set().union(*(metrics_in(one) for one in expressions("1m")))
    alerted = set().union(*(metrics_in(one["expr"]) for one in rules()))
    assert shown | alerted <= NAMES
    roots = {re.sub("_bucket$", "", name) for name in shown}
    assert {one.name for one in FOR_PROMETHEUS} - roots == {"hookswarm_faults_active"}  # the annotations show faults


def test_an_alert_says_what_to_do() -> None:
    """Its name, its severity, one line that says what happened, and sentences that say what to do next."""
    assert [one["alert"] for one in rules()] == [
        f"Hookswarm{name}" for name in ("Late", "Starved", "Lost", "Unbalanced", "WorkerGone")
    ]
    for one in rules():
        assert one["labels"]["severity"] in {"warning", "critical"}
        assert "\n" not in one["annotations"]["summary"].strip()
        assert re.search(r"\b(End|Look|Open|Read|run it again|repeat the run)\b", one["annotations"]["description"])


def test_compose_gives_prometheus_the_rules() -> None:
    """Its configuration names them, and they are mounted beside it."""
    told = yaml.safe_load((CHECKOUT / "deploy/prometheus.yml").read_text())
    assert told["rule_files"] == ["prometheus-rules.yml"]
    mounts = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]["prometheus"]["volumes"]
    for name in ("prometheus.yml", "prometheus-rules.yml"):
        assert f"./deploy/{name}:/etc/prometheus/{name}:ro" in mounts


def test_the_docs_have_every_metric() -> None:
    """With its type and its labels, in the order of the exporter."""
    text = (CHECKOUT / "docs/machines.md").read_text()
    rows = re.findall(r"^\| `(hookswarm_\w+)` \| (\w+) \|([\w, ]*)\| .+ \|$", text, re.MULTILINE)
    assert [Exported(name, kind, tuple(re.findall(r"\w+", labels))) for name, kind, labels in rows] == FOR_PROMETHEUS


@pytest.mark.parametrize(("metric", "family"), exported(), ids=lambda one: getattr(one, "name", ""))
def test_a_metric_keeps_to_prometheus_customs(metric: Exported, family: Any) -> None:
    """A name of base units, and a sentence of help."""
    assert not re.search(r"_(ms|milliseconds|percent|kb|mb|min|minutes)\b", metric.name)
    assert family.documentation.endswith(".")


def test_rules_and_docs_name_the_same_alerts() -> None:
    """Whoever is woken finds it there."""
    text = (CHECKOUT / "docs/machines.md").read_text()
    assert re.findall(r"^\| `(Hookswarm\w+)` \|", text, re.MULTILINE) == [one["alert"] for one in rules()]
