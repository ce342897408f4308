"""Stages that were played once more: the second time takes the name of the first, and its place in the answers."""

from collections.abc import Mapping
from dataclasses import dataclass

from _hookswarm.records.manifest import Manifest

FIRST = "first time"


@dataclass(frozen=True)
class Replays:
    """Which names change."""

    renamed: Mapping[str, str]
    first: frozenset[int]
    """Numbers of the stages that were played again."""

    @classmethod
    def settle(cls, manifest: Manifest) -> "Replays":
        """Change the names in a manifest's plan."""
        names = [str(plan.get("name", "")) for plan in manifest.stages]
        again = {number: plan["replay_of"] for number, plan in enumerate(manifest.stages) if _is_replay(plan, names)}
        renamed = {}
        for number, first in again.items():
            renamed[names[number]], renamed[names[first]] = names[first], f"{names[first]} ({FIRST})"
            manifest.stages[number]["name"] = renamed[names[number]]
            manifest.stages[first]["name"] = renamed[names[first]]
        return cls(renamed, frozenset(again.values()))

    def totals(self, totals: dict[str, int]) -> dict[str, int]:
        """Locust's, which go by `stage origin strategy`."""
        return {self._told(name): count for name, count in totals.items()}

    def _told(self, name: str) -> str:
        stage, *rest = name.rsplit(" ", 2)
        return " ".join([self.renamed.get(stage, stage), *rest])


def _is_replay(plan: Mapping[str, object], names: list[str]) -> bool:
    first = plan.get("replay_of")
    return isinstance(first, int) and 0 <= first < len(names)
