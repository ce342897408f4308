"""How a receiver's data plane is to serve: what a stage asks of it over the control API."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_WORKERS = 256
MAX_THREADS = 1024
MAX_BACKLOG = 1 << 16


class Setup(BaseModel):
    """Each None is as the receiver was started."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workers: int | None = Field(default=None, ge=1, le=MAX_WORKERS, strict=True)
    """Processes."""
    threads: int | None = Field(default=None, ge=1, le=MAX_THREADS, strict=True)
    """Of each process: requests that are handled at once."""
    backlog: int | None = Field(default=None, ge=1, le=MAX_BACKLOG, strict=True)
    """Connections that may wait to be accepted; a process holds no more than so many either."""
    durability: Literal["memory", "os", "fsync"] | None = None
    """What an acknowledged arrival survives."""
    bodies: bool | None = None
    """Whether bodies are kept, too, and not their checksums alone."""
    evidence: bool | None = None
    """Whether the headers are kept of what a service delivers, and which connections were open."""
