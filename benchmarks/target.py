"""A bare WSGI app on Granian: takes any POST and answers 204, so that the sender is the limit."""

import sys
from collections.abc import Callable, Iterable
from typing import Any


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """WSGI; Granian loads it by its name."""
    environ["wsgi.input"].read()
    start_response("204 No Content", [])
    return ()


if __name__ == "__main__":
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        "benchmarks.target:application",
        interface=Interfaces.WSGI,
        port=int(sys.argv[1]),
        websockets=False,
        log_level=LogLevels.error,
    ).serve()
