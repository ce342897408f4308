"""What we export to Prometheus, and what the dashboard and the alert rules in deploy/ ask it."""

import json
import re
from collections import Counter
from typing import Any, NamedTuple

import yaml
from prometheus_client.core import Metric

from _hookswarm.receiver.metrics import ReceiverSnapshot, receiver_metrics
from _hookswarm.senders.exchange.counted import CountedDeliveries
from _hookswarm.senders.master.metrics import run_metrics
from _hookswarm.senders.master.snapshot import Counts, RunSnapshot, Waiting
from _hookswarm.senders.web.books import LEDGER, STATES, Section, book_metrics
from tests.support.receivers import CHECKOUT

DASHBOARD = CHECKOUT / "deploy/grafana.json"
RULES = CHECKOUT / "deploy/prometheus-rules.yml"

HERE = ("eu", "nearest")
RUN = RunSnapshot(
    deliveries=[CountedDeliveries("steady", *HERE, settled=1, failed=0, total_ms=1.0, latencies={1.0: 1})],
    counts={HERE: Counts(attempts=Counter(acknowledged=1))},
    waiting={HERE: Waiting()},
    starved=0.0,
    starved_limit=0.25,
    stage="steady",
    faults=("refused",),
)
BOOKS = Section.model_validate({
    "verdict": {"measurement": "valid", "target": "pass", "reasons": []},
    "stages": [{"deliveries": dict.fromkeys(STATES, 1), "ledger": dict.fromkeys(LEDGER, 0)}],
})  # fmt: skip
RECEIVER = ReceiverSnapshot(
    "eu", arrivals=1, refused={401: 1}, faults={"status 503": 1}, faults_active=False, journal_bytes=64, processes=1
)


class Exported(NamedTuple):
    """A metric, as people write it."""

    name: str
    type: str
    labels: tuple[str, ...]


def exported() -> list[tuple[Exported, Metric]]:
    """All that master and receivers tell, each with one sample or more."""
    families = [*run_metrics(RUN), *book_metrics(BOOKS), *receiver_metrics(RECEIVER)]
    return [(_as_written(one), one) for one in families]


def _as_written(one: Metric) -> Exported:
    labels = tuple(label for label in one.samples[0].labels if label != "le")
    return Exported(f"{one.name}_total" if one.type == "counter" else one.name, one.type, labels)


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return found


def panels() -> list[dict[str, Any]]:
    """Those that show something."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def variables() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in dashboard()["templating"]["list"]}


def expressions(interval: str) -> set[str]:
    """Every expression of the dashboard, with all regions and strategies chosen; rates are over so long."""
    asked = {target["expr"] for panel in panels() for target in panel["targets"]}
    asked |= {one["expr"] for one in dashboard()["annotations"]["list"]}
    for variable in ("region", "strategy"):
        query = variables()[variable]["query"]["query"]
        found = re.fullmatch(r"query_result\((.+)\)|label_values\((\w+), \w+\)", query)
        assert found, query
        asked.add(found[1] or found[2])
    chosen = {"$region": ".*", "$strategy": ".*", "$__rate_interval": interval}
    for name, value in chosen.items():
        asked = {one.replace(name, value) for one in asked}
    return asked


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def metrics_in(expression: str) -> set[str]:
    """Our metrics that it uses."""
    return set(re.findall(r"\bhookswarm_\w+", expression))
