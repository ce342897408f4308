"""A target with the webhook's number in its URL: `--target 'https://…/t/{webhook}'`."""

import re
from urllib.parse import urlsplit

from _hookswarm.common.errors import ConfigError

WEBHOOK = "{webhook}"
_NAMED = re.compile(r"\{([A-Za-z_]\w*)\}").findall


class TargetTemplate:
    """One host, and a path and query for each webhook."""

    def __init__(self, url: str) -> None:
        """Raises ConfigError."""
        parts = urlsplit(url)
        faults = []
        if _NAMED(parts.netloc):
            faults.append("its host has a name in braces: give each webhook a URL of its own by --endpoints")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if strange := [name for name in dict.fromkeys(_NAMED(path)) if name != "webhook"]:
            faults.append(f"there is no {{{strange[0]}}} in a URL: write {WEBHOOK}, the webhook's number")
        if faults:
            raise ConfigError([f"--target: {fault}" for fault in faults])
        self.hosts = (f"{parts.scheme}://{parts.netloc}",)
        self._format = path.replace("%", "%%").replace(WEBHOOK, "%d").encode()
        self._times = path.count(WEBHOOK)

    def row(self, webhook: int) -> tuple[int, bytes, bytes]:
        """As `EndpointTable.row`: one host, a path, and no key."""
        return 0, self._format % ((webhook,) * self._times), b""


def make_template(url: str) -> TargetTemplate | None:
    """None for a URL that is the same for every webhook, or is none at all. Raises ConfigError."""
    try:
        return TargetTemplate(url) if _NAMED(url) else None
    except ValueError as error:
        if isinstance(error, ConfigError):
            raise
        return None
