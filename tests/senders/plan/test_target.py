"""A target with the webhook's number in its URL."""

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.plan.target import make_template


def test_the_webhook_stands_in_path_and_query() -> None:
    """As often as it is named; what else stands there stays, percent signs and braces, too."""
    template = make_template("https://a.test:8443/t%20/{webhook}/{}?w={webhook}&x={1}")
    assert template
    assert template.hosts == ("https://a.test:8443",)
    assert template.row(12) == (0, b"/t%20/12/{}?w=12&x={1}", b"")


@pytest.mark.parametrize("url", ["", "http://a.test/x", "http://a.test/{}", "http://[bad/{webhook}"])
def test_any_other_url_is_one_for_all(url: str) -> None:
    """What is no URL is for others to refuse."""
    assert make_template(url) is None


def test_what_cannot_be_filled_in_is_refused() -> None:
    """Both faults at once, with what there is, and the way out for hosts."""
    with pytest.raises(ConfigError) as caught:
        make_template("http://{webhook}.test/{id}/{webhook}")
    assert caught.value.faults == (
        "--target: its host has a name in braces: give each webhook a URL of its own by --endpoints",
        "--target: there is no {id} in a URL: write {webhook}, the webhook's number",
    )
