"""What a service answers to what is wrong, tried with one of our own."""

from pathlib import Path

import pytest

from _hookswarm.senders.service.table import load_service
from benchmarks.services import refusals
from benchmarks.services.runs import Own, Wrong, services


@pytest.mark.parametrize("own", services().values(), ids=services())
def test_each_wrong_thing_makes_a_table_that_is_like_the_services_own(own: Own, tmp_path: Path) -> None:
    """Only the body that is published differs."""
    usual = load_service(own.name)
    for wrong in own.wrong.values():
        made = load_service(str(refusals.table_of(tmp_path, own.name, wrong)))
        assert made.publish.request == usual.publish.request
        assert made.publish.headers == usual.publish.headers
        assert made.setup == usual.setup
        assert (made.publish.body != usual.publish.body) == bool(wrong.replace)
        assert len(made.publish.body) >= wrong.filler_bytes


def test_what_the_body_does_not_hold_cannot_be_replaced(tmp_path: Path) -> None:
    """A row that is out of date is no refusal."""
    with pytest.raises(AssertionError, match=r"has no '\{nothing\}'"):
        refusals.table_of(tmp_path, "outpost", Wrong(replace="{nothing}", by="x"))
