"""What is kept of an answer: a member of its JSON, a header, or what a pattern finds in its text."""

import json
import re
from collections.abc import Mapping
from typing import Any

from _hookswarm.senders.service.filling import is_text

HEADER, TEXT = "header ", "text "
"""What a kept value's place may begin with; else it is a path in JSON."""

_PATH = re.compile(r"[^.\[\]]+|\[\d+\]")


def found_in(where: str, content: bytes, headers: Mapping[str, str]) -> str | None:
    """What an answer holds there: `header NAME`, `text PATTERN`, or a path in its JSON.

    None: it is not there, or empty, or no text that could be sent.
    """
    value = _found(where, content, headers)
    return value if value and is_text(value) else None


def _found(where: str, content: bytes, headers: Mapping[str, str]) -> str | None:
    if where.startswith(HEADER):
        return headers.get(where.removeprefix(HEADER).strip())
    if where.startswith(TEXT):
        match = re.search(where.removeprefix(TEXT), content.decode("utf-8", "replace"))
        return match[1] if match else None
    try:
        value = found_at(where, json.loads(content))
    except (ValueError, RecursionError):
        return None
    return None if value is None else str(value)


def found_at(path: str, value: Any) -> Any:
    """What stands at `data.secrets[0].value` in JSON; None where nothing does, or no text or number."""
    for part in _PATH.findall(path):
        if part.startswith("["):
            place = int(part[1:-1])
            value = value[place] if isinstance(value, list) and place < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None
