"""What a receiver says of its clock over the control API."""

from pydantic import BaseModel, ConfigDict


class ClockTold(BaseModel):
    """The answer to `GET /clock`. What has a default was not said by every version."""

    # More than is known is a newer version's: its number is what to complain of.
    model_config = ConfigDict(extra="ignore")

    now_ns: int
    anchor_ns: int = 0
    """`now_ns` less the monotonic clock, which all processes since one boot share."""
    boot: str = ""
    """Names that boot; empty where the kernel does not tell."""
    host: str = ""
    protocol: int | None = None
    pid: int = 0
    """Of the supervisor; 0: it did not say."""
