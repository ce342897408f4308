"""The table that docs/your-service.md writes: it describes the tests' own delivery service."""

import re
from pathlib import Path

from tests.support.receivers import CHECKOUT

DOC = CHECKOUT / "docs/your-service.md"
PARTS = re.findall(r"```toml\n(.*?)```", DOC.read_text(), re.DOTALL)
"""As they stand there, one after the other."""


def own_table(folder: Path, changes: str = "", **replaced: str) -> Path:
    """The table as a file; `changes` stand before its parts, and what is `replaced` (old=new) in them is another."""
    text = f"{changes}\n" + "\n".join(PARTS)
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / "own.toml"
    path.write_text(text)
    return path
