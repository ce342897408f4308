"""What docs/service-tables.md holds of the tables that are shipped, and of the grammar: made of both.

`python -m tests.support.service_docs` writes it anew.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic_core import PydanticUndefined

from _hookswarm.senders.service.names import TABLES, service_names
from _hookswarm.senders.service.promises import Part, Promises, Restart, Retry
from _hookswarm.senders.service.table import (
    Delivers,
    Group,
    Publish,
    Service,
    Step,
    load_service,
)
from tests.support.receivers import CHECKOUT

DOCUMENT = CHECKOUT / "docs" / "service-tables.md"
SHIPPED, KEYS = "<!-- the tables -->", "<!-- the keys -->"
"""What stands before and after each part that is made."""
PARTS: tuple[tuple[str, type[Part]], ...] = (
    ("At the top", Service),
    ("`[[setup]]` and `[[teardown]]`", Step),
    ("`[group]`", Group),
    ("`[publish]`", Publish),
    ("`[delivers]`", Delivers),
    ("`[retry]`", Retry),
    ("`[promises]`", Promises),
    ("`[restart.NAME]`", Restart),
)


def shipped() -> str:
    """A row for each service."""
    head = "| service | tried with | variables | what is signed | waits before retries | on loopback |"
    return f"{head}\n|---|---|---|---|---|---|\n" + "\n".join(_row(load_service(name)) for name in service_names())


def _row(service: Service) -> str:
    text = (TABLES / f"{service.name}.toml").read_text(encoding="utf-8")
    needed = text.partition("\n[restart.")[0]
    variables = dict.fromkeys(re.findall(r"\$\{([A-Z0-9_]+)", needed))
    signature = service.provider.signature
    signed = f"`{signature.signed}`" if signature else "nothing"
    told = ", ".join(f"`{name}`" for name in variables)
    return (
        f"| `{service.name}` | {service.run} | {told} | {signed} | {_law(service.retry)} | {service.loopback or '-'} |"
    )


def _law(law: Retry | None) -> str:
    if law is None:
        return "-"
    if law.waits_s:
        waits = ", ".join(f"{wait:g}" for wait in law.waits_s)
    else:
        waits = f"{law.first_s:g}{f' times {law.factor:g}^n' if law.factor > 1 else ''}"
    attempts = f", {law.retries + 1} attempts" if law.retries else ""
    return f"{waits} s{attempts}"


def keys() -> str:
    """A table for each part of the grammar."""
    return "\n\n".join(_part(title, part) for title, part in PARTS)


def _part(title: str, part: type[Part]) -> str:
    told = {name: (_default(field), _line(field.description or "")) for name, field in part.model_fields.items()}
    rows = [f"| `{name}` | {default} | {text} |" for name, (default, text) in told.items()]
    head = f"### {title}\n\n{_line(part.__doc__ or '')}\n\n| key | default | what it means |\n|---|---|---|\n"
    return head + "\n".join(rows)


def _default(field: Any) -> str:
    """What it is where it is left out; or what there is to choose from."""
    value = field.default
    if choices := list(_choices(field.annotation)):
        return " or ".join(f"`{choice}`" + " (default)" * (choice == value) for choice in choices)
    if value is PydanticUndefined or isinstance(value, Part) or value in (None, "", (), {}):
        return "-"
    return f"`{json.dumps(value)}`"


def _choices(annotation: Any) -> Iterator[str]:
    for inner in get_args(annotation):
        if isinstance(inner, str):
            yield inner
        elif get_args(inner):
            yield from _choices(inner)


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def renewed(text: str) -> str:
    """A document with both parts as they are now."""
    for mark, part in ((SHIPPED, shipped()), (KEYS, keys())):
        before, _, after = text.split(mark)
        text = f"{before}{mark}\n\n{part}\n\n{mark}{after}"
    return text


if __name__ == "__main__":
    Path(DOCUMENT).write_text(renewed(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
