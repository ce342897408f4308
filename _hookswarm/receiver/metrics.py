"""What a supervisor tells Prometheus, on its control port at /metrics, of its region."""

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric


@dataclass(frozen=True)
class ReceiverSnapshot:
    """How a region's receiver stands; counts are since it was started, journals those of the run that is on."""

    region: str
    arrivals: int
    refused: Mapping[int, int]
    faults: Mapping[str, int]
    """Played, by name."""
    faults_active: bool
    journal_bytes: int
    processes: int


def receiver_metrics(now: ReceiverSnapshot) -> list[Metric]:
    """Labelled by `region`; refusals also by `status`, faults also by `fault`."""
    region = (now.region,)
    arrivals = CounterMetricFamily("hookswarm_arrivals", "Webhooks acknowledged.", labels=("region",))
    arrivals.add_metric(region, now.arrivals)
    refused = CounterMetricFamily(
        "hookswarm_arrivals_refused", "Requests that were no webhook to take.", labels=("region", "status")
    )
    for status, count in now.refused.items():
        refused.add_metric((now.region, str(status)), count)
    played = CounterMetricFamily("hookswarm_faults_played", "Faults played.", labels=("region", "fault"))
    for fault, count in now.faults.items():
        played.add_metric((now.region, fault), count)
    gauges = {
        "hookswarm_faults_active": ("Whether the receiver was told of faults that hold now.", now.faults_active),
        "hookswarm_journal_bytes": ("Bytes that the run's journals have here.", now.journal_bytes),
        "hookswarm_receiver_processes": ("Processes that take webhooks.", now.processes),
    }
    families: list[Metric] = [arrivals, refused, played]
    for name, (described, value) in gauges.items():
        gauge = GaugeMetricFamily(name, described, labels=("region",))
        gauge.add_metric(region, value)
        families.append(gauge)
    return families
