"""Files that a user names: each is read more than once, by the command and by each sending process."""

from pathlib import Path


def read_once_only(path: Path) -> str:
    """Why what stands there will not do where a file is wanted: a pipe, as `<(…)` makes one. Else empty."""
    if path.is_fifo() or path.is_socket():
        return f"{path}: a pipe can be read once only: write it to a file, and name that"
    return ""
