"""What becomes of a run: its verdict with its reasons, and the checks that it was held to."""

from collections import Counter
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field, model_validator

from _hookswarm.analysis.schema.base import Model
from _hookswarm.common.wording import and_more


class Reason(Model):
    """Codes stay the same over versions; docs/numbers.md has them all."""

    code: str
    message: str


class Measurement(StrEnum):
    """`void`: it cannot be trusted."""

    VALID = "valid"
    VOID = "void"


class Target(StrEnum):
    """`untested`: nothing was acknowledged."""

    PASS = "pass"
    FAIL = "fail"
    UNTESTED = "untested"


class Status(StrEnum):
    """The worse of measurement and target."""

    PASS = "pass"
    FAIL = "fail"
    VOID = "void"
    UNTESTED = "untested"


class Verdict(Model):
    """Of the measurement and of the target, side by side.

    `reasons` also holds what is worth knowing of a run that passed.
    """

    measurement: Measurement
    target: Target
    status: Status = Field(description="void where the measurement is; else the target's")
    reasons: list[Reason]

    @model_validator(mode="before")
    @classmethod
    def _of_version_1(cls, told: Any) -> Any:
        """It had one status, with `unknown` for untested; of a void run nothing was told of the target."""
        if not isinstance(told, dict) or "status" not in told or "measurement" in told:
            return told
        status = Status.UNTESTED if told["status"] == "unknown" else told["status"]
        void = status == Status.VOID
        measurement = Measurement.VOID if void else Measurement.VALID
        return {**told, "status": status, "measurement": measurement, "target": Target.UNTESTED if void else status}

    @classmethod
    def of(cls, measurement: Measurement, target: Target, reasons: list[Reason]) -> "Verdict":
        """With the worse of both as its status."""
        status = Status.VOID if measurement is Measurement.VOID else Status(target.value)
        return cls(measurement=measurement, target=target, status=status, reasons=reasons)

    def heads(self) -> list[Reason]:
        """For whoever reads at a glance, one of each code: the first message, and how many more there are."""
        codes = Counter(reason.code for reason in self.reasons)
        first = {reason.code: reason.message for reason in reversed(self.reasons)}
        more = {code: "," * (count > 1) + and_more(count - 1) for code, count in codes.items()}
        return [Reason(code=code, message=first[code] + more[code]) for code in codes]


class DefaultCheck(Model):
    """A check that holds without being asked for, over all stages that plan nothing wrong and seek no overload."""

    check: str
    status: Literal["pass", "fail", "skipped"] = Field(description="skipped: there is no number that it could judge")
    stages: int = Field(description="in which it was judged")
    value: float | None = Field(default=None, description="nearest to failing, or farthest beyond; null: not known")
    message: str = Field(description="where it failed, and what to do next; why it was skipped")


class JudgedCheck(Model):
    """A check that somebody asked for, over all numbers of the run that it is about."""

    check: str
    status: Literal["pass", "fail", "error"] = Field(description="error: the run does not know such a number")
    value: float | None = Field(description="the one that is nearest to failing, or farthest beyond; null: not known")
    message: str = Field(description="that value and where it was; what failed; why it could not be judged")
