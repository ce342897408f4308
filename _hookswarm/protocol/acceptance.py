"""What counts as accepted: any 2xx, or what rules say of the status and the body of an answer.

White space counts for nothing: `body ~ "ok":true` holds of `{"ok" : true}`, however a server writes its JSON.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from _hookswarm.common.errors import ConfigError

LOOKED_AT = 1 << 16
"""Bytes of a body that are looked at, from its first."""
FORMS = "'status in 200,202', 'status in 200-299' or 'body ~ TEXT'"
NO_CONTENT = 204

_STATUS = re.compile(r"status\s+in\s+(.+)")
_BODY = re.compile(r"body\s*~\s*(.+)", re.DOTALL)
_RANGE = re.compile(r"([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?")
_OK = ((200, 299),)
_SPACE = b" \t\r\n"


@dataclass(frozen=True)
class Acceptance:
    """Rules that all must hold. Where none is about the status, it must be 2xx."""

    statuses: tuple[tuple[tuple[int, int], ...], ...] = (_OK,)
    """For each rule on the status its ranges, both ends included."""
    texts: tuple[bytes, ...] = ()
    """What must stand in the body."""

    @property
    def is_plain(self) -> bool:
        """Whether it is any 2xx, and no more."""
        return self == ANY_2XX

    def takes(self, status: int) -> bool:
        """Whether an answer of this status can be accepted."""
        return all(any(low <= status <= high for low, high in ranges) for ranges in self.statuses)

    def lacks(self, status: int, body: bytes) -> str:
        """Why an answer is not accepted, as it is told and counted; empty: it is. `body`: its first LOOKED_AT bytes."""
        if not self.takes(status):
            return f"status {status}, not accepted" if 200 <= status < 300 else f"status {status}"
        missing = [text.decode("utf-8", "replace") for text in self.texts if not _stands_in(text, body)]
        return f"status {status}, not accepted: body lacks {' and '.join(missing)}" if missing else ""

    def told(self) -> list[str]:
        """Its rules, for people."""
        statuses = [",".join(f"{low}-{high}" if high > low else str(low) for low, high in own) for own in self.statuses]
        texts = [text.decode("utf-8", "replace") for text in self.texts]
        return [*(f"status in {one}" for one in statuses), *(f"body ~ {text}" for text in texts)]

    def example(self) -> tuple[int, bytes]:
        """Status and body of an answer that is accepted: 204 if that one is."""
        if not self.texts and self.takes(NO_CONTENT):
            return NO_CONTENT, b""
        likely = (status for status in range(200, 600) if status != NO_CONTENT and self.takes(status))
        return next(likely, 200), b"\n".join(self.texts)


def _stands_in(text: bytes, body: bytes) -> bool:
    return text in body or text.translate(None, _SPACE) in body.translate(None, _SPACE)


ANY_2XX = Acceptance()


def parse_acceptance(rules: Iterable[str]) -> Acceptance:
    """The acceptance of rules like `status in 200,202` and `body ~ "ok":true`; of none it is any 2xx.

    Raises ConfigError that names every rule that cannot be understood, and rules that no status keeps.
    """
    statuses: list[tuple[tuple[int, int], ...]] = []
    texts: list[bytes] = []
    faults: list[str] = []
    for rule in rules:
        if (found := _STATUS.fullmatch(rule.strip())) and (ranges := _ranges(found[1])):
            statuses.append(ranges)
        elif found := _BODY.fullmatch(rule.strip()):
            texts.append(found[1].encode())
        else:
            faults.append(f"{rule!r} is not a rule: write {FORMS}")
    made = Acceptance(tuple(statuses) or (_OK,), tuple(texts))
    if not any(map(made.takes, range(200, 600))):
        faults.append("no status keeps all rules: name the same in each")
    if faults:
        raise ConfigError(faults)
    return made


def _ranges(text: str) -> tuple[tuple[int, int], ...]:
    """Of `200,202-204`; empty where that is none."""
    found = [_RANGE.fullmatch(part.strip()) for part in text.split(",")]
    ranges = tuple((int(one[1]), int(one[2] or one[1])) for one in found if one)
    return ranges if len(ranges) == len(found) and all(low <= high for low, high in ranges) else ()
