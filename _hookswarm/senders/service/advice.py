"""What to do about a service's answer that is not what was wanted."""

from _hookswarm.senders.service.table import Service

SLOWED_S = 300.0
"""How long a service may ask us to wait, all in all, before one step is done."""


def advice_on(service: Service, status: int, text: str) -> str:
    """What to do about an answer that is not what was wanted; status 0: there was none."""
    lowered = text.lower()
    if status == 0:  # what the text says of addresses is our own: connection refused by 127.0.0.1
        return "the service does not answer: see whether it still runs, and what it logged"
    if status in (502, 504):
        return "a proxy answers, and the service that it asks does not: see whether that still runs, and what it logged"
    if any(word in lowered for word in ("loopback", "private", "127.0.0.1", "internal address", "denied")) and (
        service.loopback
    ):
        return f"it may refuse loopback addresses: {service.loopback}"
    match status:
        case 401 | 403:
            return "see whether the table's token is right, and still good"
        case 404:
            return "see whether the table's address and path are those of your version"
        case 413:
            return "it takes no body of that size: publish smaller ones, and say so with publish.largest_bytes"
        case 429:
            return f"it asks us to slow down for more than {SLOWED_S:.0f} s: raise its rate limit for the test"
        case _ if status >= 500:
            return "see what the service logged"
        case _ if 200 <= status < 300:
            return "its status says yes, its body does not: see whether the endpoint that the step names is still there"
    return "compare the step with the service's API"
