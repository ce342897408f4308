"""A locustfile's table of stages, read without Locust, which would take a second and patch the whole process."""

import os
import runpy
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import ClassVar, Protocol

from pydantic import ValidationError

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.plain import faults_of
from _hookswarm.senders.plan import vocabulary
from _hookswarm.senders.plan.made_payloads import Function
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.service.table import Service

ServiceStages = Callable[[Service, bool], Sequence[Stage]]
"""Stages for a service; True: in the short form."""

DOOR = "hookswarm"
UNPATCHED = "LOCUST_SKIP_MONKEY_PATCH"
"""For a locustfile that has a Locust class of its own, too."""


class Table:
    """What stands for `StagesShape` while the table is read."""

    test: ClassVar[str]
    stages: ClassVar[Sequence[Stage]]
    quick_stages: ClassVar[Sequence[Stage]] = ()
    service_stages: ClassVar[ServiceStages | None] = None
    payloads: ClassVar[Sequence[Function]] = ()


class Staged(Protocol):
    """A `Table`, or Locust's shape of the same test."""

    @property
    def stages(self) -> Sequence[Stage]: ...
    @property
    def quick_stages(self) -> Sequence[Stage]: ...
    @property
    def service_stages(self) -> ServiceStages | None: ...


def stages_of(table: Staged, settings: Settings) -> Sequence[Stage]:
    """A test's stages in the form that is wanted; through a delivery service those, too, that ask about it.

    Raises ConfigError where there is no such form.
    """
    own = table.quick_stages if settings.quick else table.stages
    if settings.quick and not own:
        raise ConfigError(["--quick: the table has no `quick_stages`: leave it out, or write some"])
    if not (settings.service and table.service_stages):
        return own
    return (*own, *table.service_stages(settings.service, settings.quick))


def read_table(path: Path) -> type[Table]:
    """The one table of a locustfile. Raises ConfigError, whatever the file raises."""
    try:
        with _plain_door():
            names = runpy.run_path(str(path))
    except ValidationError as error:
        raise ConfigError([f"{path}: {fault}" for fault in faults_of(error, Stage)]) from error
    except Exception as error:
        raise ConfigError([f"{path}: {type(error).__name__}: {error}: mend it there"]) from error
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
