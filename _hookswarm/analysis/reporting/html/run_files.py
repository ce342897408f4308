"""Links from the page to the files of a run, each with what it holds."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from _hookswarm.records.run_files import FILES, file_of

NOT_OURS = "Not written by hookswarm."


@dataclass(frozen=True)
class Link:
    """`href` is relative to the page: both can be moved together."""

    text: str
    href: str


@dataclass(frozen=True)
class Linked:
    """A folder and its files, by what they hold."""

    folder: Link
    files: dict[str, list[Link]]

    @property
    def count(self) -> int:
        """Of its files."""
        return sum(map(len, self.files.values()))


def link_files(folder: Path, page: Path, only: Collection[str] = ()) -> Linked | None:
    """What stands in `folder`, for the page at that path; None where nothing does. `only`: no file of other names.

    Neither the page itself nor what is just being written is among it. Raises OSError.
    """
    if not folder.is_dir():
        return None
    files: dict[str, list[Link]] = {holds: [] for holds in (*(file.holds for file in FILES), NOT_OURS)}
    for path in sorted(folder.iterdir()):
        if path != page and not path.name.startswith(".") and (not only or path.name in only):
            ours = file_of(path.name)
            files[ours.holds if ours else NOT_OURS].append(Link(path.name, _href(path, page)))
    there = {holds.replace("`", ""): links for holds, links in files.items() if links}
    return Linked(Link(_way(folder, page), _href(folder, page)), there) if there else None


def _way(path: Path, page: Path) -> str:
    return Path(os.path.relpath(path.resolve(), page.parent.resolve())).as_posix()


def _href(path: Path, page: Path) -> str:
    return quote(_way(path, page)) + "/" * path.is_dir()
