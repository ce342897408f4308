"""Stages' names in words."""

import pytest

from _hookswarm.analysis.reporting.stage_words import stage_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("concurrent users=64", "64 workers"),
        ("concurrent users=1 (first time)", "1 worker (first time)"),
        ("sequential webhooks=1 events=1000", "one by one: 1 webhook, 1,000 events"),
        ("retry outage retries=3 delay_s=0.5", "retry outage: 3 \N{MULTIPLICATION SIGN} 0.5 s"),
        ("retry outage retries=0 delay_s=0.5", "retry outage: no retries"),
        ("retry to the end retries=2", "retry to the end: 2 retries"),
        ("scaling senders processes=2 #1", "scaling senders: 2 sending processes #1"),
        ("capacity rate=22627 #2", "capacity: 22,627/s #2"),
        ("strategies strategy=peak-ewma", "peak-ewma"),
        ("io durability=os payload=100000", "io: os, 100 kB"),
        ("io reuse=False", "io: a connection each"),
        ("failover grey failure", "failover grey failure"),
        ("mine flavour=sweet", "mine flavour=sweet"),
    ],
)
def test_what_varies_is_told_in_words(name: str, words: str) -> None:
    """Names of somebody's own plan stay as they are."""
    assert stage_words(name) == words
