"""How one region's receiver is set up; handed from the supervisor to its data plane."""

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from _hookswarm.protocol.providers import DEFAULT
from _hookswarm.protocol.setup import MAX_BACKLOG, MAX_WORKERS

CONFIG_VARIABLE = "HOOKSWARM_RECEIVER"


class Durability(StrEnum):
    """What an acknowledged arrival survives."""

    MEMORY = "memory"
    """Nothing: it is in the process's memory, and written soon."""
    OS = "os"
    """A killed process: the operating system has it."""
    FSYNC = "fsync"
    """A power cut: it is on disk; concurrent requests share one fsync."""


class Server(StrEnum):
    """What serves the app: Granian in any number of processes; gevent in one, which can reset connections."""

    GRANIAN = "granian"
    GEVENT = "gevent"


class ReceiverConfig(BaseModel):
    """One region's data plane. `state` is the folder it shares with its supervisor."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: str = "local"
    host: str = "127.0.0.1"
    port: int = Field(default=8101, ge=1, le=65535)
    results: Path = Path("results")
    provider: str = DEFAULT
    """A provider's name, or the path of a file that holds one: how what arrives is signed and framed."""
    state: Path
    durability: Durability = Durability.OS
    server: Server = Server.GRANIAN
    workers: int = Field(default=1, ge=1, le=MAX_WORKERS)
    threads: int = Field(default=1, ge=1)
    backlog: int = Field(default=1024, ge=1, le=MAX_BACKLOG)
    """Connections that may wait to be accepted; a process holds no more than so many either."""
    bodies: bool = False
    """Keep bodies, too."""
    evidence: bool = False
    """Keep headers, too, of what a service delivers."""
    max_body: int = Field(default=1 << 20, ge=0)
    """Largest body taken, in bytes."""
