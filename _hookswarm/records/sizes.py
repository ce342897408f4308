"""Sizes as people write them: `512MB`, `2GiB`."""

import re

UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_SIZE = re.compile(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*([A-Za-z]+)\s*").fullmatch


def parse_size(text: str) -> int:
    """Bytes, one at least. Raises ValueError that says how to write it."""
    found = _SIZE(text)
    size = round(float(found[1]) * UNITS[found[2]]) if found and found[2] in UNITS else 0
    if size < 1:
        raise ValueError(f"{text!r} is not a size: write 512MB or 2GiB ({', '.join(UNITS)})")
    return size
