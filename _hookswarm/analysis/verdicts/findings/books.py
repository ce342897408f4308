"""Was anything lost, doubled or spoilt?"""

from collections.abc import Iterator

from _hookswarm.analysis.schema.findings import Finding
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.verdicts.findings.wording import listed
from _hookswarm.common.wording import many

SPOILT = (
    ("lost", "lost"),
    ("duplicated_spurious", "delivered again without cause"),
    ("corrupt", "corrupt"),
)


def findings(found: Sections) -> Iterator[Finding]:
    """One sentence over all stages; through a delivery service `service.py` has another."""
    stages = found.performance.stages
    acknowledged = sum(stage.deliveries.acknowledged for stage in stages)
    if found.performance.service or not acknowledged:
        return
    ledgers = [stage.ledger for stage in stages if stage.ledger.lost is not None]
    if not ledgers:
        text = "Whether anything was lost is not known: the receiver keeps no journal for us."
        yield Finding(about="losses", text=text, look="Stages")
        return
    counts = {name: sum(getattr(ledger, name) or 0 for ledger in ledgers) for name, _ in SPOILT}
    wrong = [f"{counts[name]:,} {word}" for name, word in SPOILT if counts[name]]
    harmless = sum(ledger.duplicated_harmless or 0 for ledger in ledgers)
    told = f"{listed(wrong)} of" if wrong else "Nothing was lost, corrupt or delivered again without cause, of"
    text = f"{told} {many(acknowledged, 'acknowledged delivery', 'acknowledged deliveries')}."
    if harmless:
        text += f" {many(harmless, 'duplicate')} came of retries after a lost acknowledgement, as they must."
    yield Finding(about="losses", text=text, number=counts["lost"], unit="events", look="Ledger")
