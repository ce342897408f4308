"""The file of `--endpoints`, for sending processes of hosts that do not have it: the master hands it out in pieces.

It never touches a disk there, because it holds secrets. A process that has the same file says so, and gets none.
"""

from pydantic import BaseModel


class Wanted(BaseModel):
    """Worker to master: the digest of what it has; or, if that is another one than the master's, where to go on."""

    digest: str = ""
    offset: int = 0


class Given(BaseModel):
    """The answer: a piece of the file; or that the process has it, which is all that the master wants to know."""

    digest: str
    known: bool = False
    """The master knows that the process has it."""
    offset: int = 0
    size: int = 0
    """Of the whole file."""
    data: bytes = b""
