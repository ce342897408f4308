"""Sizes as people write them."""

import pytest

from _hookswarm.records.sizes import parse_size


@pytest.mark.parametrize(
    ("text", "size"), [("1B", 1), ("512MB", 512_000_000), (" 2 GiB ", 2 << 30), ("1.5kB", 1_500), ("0.5KiB", 512)]
)
def test_sizes(text: str, size: int) -> None:
    """A number and a unit, blanks or none between."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "512", "MB", "-1MB", "1mb", "1TB", "0MB", "0.4B", "1e3MB", "1MB2"])
def test_what_is_no_size(text: str) -> None:
    """Is refused with the units that there are."""
    with pytest.raises(ValueError, match="write 512MB or 2GiB"):
        parse_size(text)
