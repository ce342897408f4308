"""Proxies that the environment names, and the wire does not take."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from _hookswarm.common.wording import first_of

SHOWN = 3
"""Of hosts."""


def passed_by(urls: Iterable[str], proxies: Mapping[str, str] | None = None) -> str:
    """What to tell of proxies that were for these URLs; empty: there are none. `proxies`: None is the environment's."""
    known = dict(getproxies_environment() if proxies is None else proxies)
    found: dict[str, str] = {}
    for url in urls:
        parts = urlsplit(url)
        variable = next((name for name in (parts.scheme, "all") if known.get(name)), "")
        if variable and not proxy_bypass(parts.netloc, known):
            found[parts.netloc] = f"${variable.upper()}_PROXY"
    if not found:
        return ""
    variables, hosts = " and ".join(dict.fromkeys(found.values())), first_of(list(found), SHOWN)
    return f"the wire takes no proxy: it goes straight to {hosts}, past {variables}; --transport httpx goes through it"
