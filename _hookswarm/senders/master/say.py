"""How the master tells the user something."""

from _hookswarm.senders.exchange.messages import SAYS


def say(text: str) -> None:
    """On standard output; a log on a full disk must not end the run in disorder."""
    try:
        print(f"{SAYS}{text}", flush=True)
    except OSError:
        pass
