"""What a run found, in sentences: the answers to its test's questions, which every output shows first."""

from pydantic import Field

from _hookswarm.analysis.schema.base import Model


class Finding(Model):
    """One answer."""

    about: str = Field(description="what it answers, in a word or two: capacity, retries, leak …")
    text: str = Field(description="one or two plain sentences, with the number that matters")
    number: float | None = Field(default=None, description="that number; null where there is none")
    unit: str = Field(default="", description="of the number: a second, ms, s, share, bytes an event …")
    low: float | None = Field(default=None, description="its interval, or its spread over repeats; null: not known")
    high: float | None = None
    look: str = Field(default="", description="the picture or table of report.html that shows it")
