"""What a run found: three to six sentences that answer its test's questions, made once for all outputs."""

from collections.abc import Callable, Iterator

from _hookswarm.analysis.schema.findings import Finding
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.verdicts.findings import books, distribution, load, performance, resource, scalability, service


def _nothing(_: Sections) -> Iterator[Finding]:
    """Of a test of somebody's own nobody knows what it asks."""
    return iter(())


BY_TEST: dict[str, Callable[[Sections], Iterator[Finding]]] = {
    "performance": performance.findings,
    "load": load.findings,
    "scalability": scalability.findings,
    "distribution": distribution.findings,
    "resource": resource.findings,
}


def findings_of(found: Sections) -> list[Finding]:
    """In the order in which they are read: what the test asks, then what a service promised, then the books."""
    own = BY_TEST.get(found.performance.run.test, _nothing)
    return [*own(found), *service.findings(found), *books.findings(found)]
