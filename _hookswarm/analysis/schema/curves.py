"""A process over the run."""

from pydantic import Field

from _hookswarm.analysis.schema.base import Model


class Curve(Model):
    """A process over the run: values of equal steps of time, each at, or over, the step that ends there."""

    process: str
    role: str
    from_s: float = Field(description="from the start of the first stage")
    step_s: float
    cpu_share: list[float] = Field(description="of one core")
    rss_bytes: list[int | None]
    threads: list[int | None]
    fds: list[int | None]


class Watched(Model):
    """A process that `--watch` or `--watch-name` had logged, from its first sample to its last."""

    name: str = Field(description="its program")
    process: str = Field(description="its number")
    cpu_share: float = Field(description="of one core: user + system")
    cpu_peak_share: float = Field(description="the same, in the busiest step of its curve")
    memory_first_bytes: int | None = Field(description="RSS")
    memory_last_bytes: int | None
    memory_peak_bytes: int | None
    read_bytes: int | None = Field(description="from disks; null where the system does not tell")
    write_bytes: int | None = Field(description="to disks")
    read_bytes_per_s: list[float] | None = Field(description="of the steps of its curve")
    write_bytes_per_s: list[float] | None
    curve: Curve
