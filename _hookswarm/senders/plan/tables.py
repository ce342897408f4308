"""A locustfile's table of stages, read without Locust, which would take a second and patch the whole process."""

import os
import runpy
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import ClassVar

from pydantic import ValidationError

from _hookswarm.common.errors import ConfigError, faults_of
from _hookswarm.senders.plan import vocabulary
from _hookswarm.senders.plan.stages import Stage

DOOR = "hookswarm"
UNPATCHED = "LOCUST_SKIP_MONKEY_PATCH"
"""For a locustfile that has a Locust class of its own, too."""


class Table:
    """What stands for `StagesShape` while the table is read."""

    test: ClassVar[str]
    stages: ClassVar[Sequence[Stage]]
    quick_stages: ClassVar[Sequence[Stage]]


def read_table(path: Path) -> type[Table]:
    """The one table of a locustfile. Raises ConfigError, whatever the file raises."""
    try:
        with _plain_door():
            names = runpy.run_path(str(path))
    except ValidationError as error:
        raise ConfigError([f"{path}: {fault}" for fault in faults_of(error)]) from error
    except Exception as error:
        raise ConfigError([f"{path}: {type(error).__name__}: {error}"]) from error
    found = [one for one in names.values() if isinstance(one, type) and issubclass(one, Table) and one is not Table]
    if len(found) != 1:
        raise ConfigError([f"{path}: {len(found)} subclasses of StagesShape: let it have one"])
    return found[0]


@contextmanager
def _plain_door() -> Iterator[None]:
    """`from hookswarm import …` gives the words of a plan, a shape that is none, and no senders."""
    door, kept = ModuleType(DOOR), sys.modules.get(DOOR)
    door.__dict__.update({name: getattr(vocabulary, name) for name in vocabulary.__all__})
    door.__dict__.update(StagesShape=Table, senders=dict)
    patched = os.environ.get(UNPATCHED)
    sys.modules[DOOR], os.environ[UNPATCHED] = door, "1"
    try:
        yield
    finally:
        del sys.modules[DOOR], os.environ[UNPATCHED]
        sys.modules.update({DOOR: kept} if kept else {})
        os.environ.update({UNPATCHED: patched} if patched else {})
