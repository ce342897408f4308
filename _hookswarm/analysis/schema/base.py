"""What all models of the reports are, and what many of them hold."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

VERSION: Literal[2] = 2
Version = Annotated[Literal[2], BeforeValidator(lambda told: VERSION if told == 1 else told)]
"""Of a report file. One of version 1 is read, and becomes one of this version when it is written."""


class Model(BaseModel):
    """Refuses unknown fields: a file of a newer version is refused, not half read."""

    # What may be missing from a file of an older version is written all the same.
    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


class Quantiles(Model):
    """Exact: each quantile is an observed value (nearest rank). Null where nothing was observed."""

    count: int
    mean: float | None
    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    p999: float | None
    max: float | None
