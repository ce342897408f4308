"""Whether sending processes sign as the master does: of two ways a receiver would refuse one."""

from _hookswarm.senders.exchange.messages import Signs
from _hookswarm.senders.plan.settings import Settings


def disagreement(signs: Signs, settings: Settings) -> str:
    """What a process does otherwise, and what to do; empty: nothing that matters."""
    how, keys = settings.signs_as()
    what = ""
    if signs.how != how:
        what = "--provider or --header"
    elif signs.keys != keys and not (settings.endpoints and settings.endpoints.all_have_keys):
        what = "secret ($HOOKSWARM_SECRET)"
    if not what:
        return ""
    return f"{signs.process}: it has another {what} than the master: let every host have what the master has"
