"""Which version of what processes tell each other this is: senders, master and receivers must speak the same."""

PROTOCOL = 2


def version_difference(who: str, theirs: object) -> str | None:
    """A sentence for people where somebody speaks another version; None where not."""
    if theirs == PROTOCOL:
        return None
    spoken = f"version {theirs}" if theirs is not None else "a version from before there were numbers"
    return f"{who} speaks {spoken} of hookswarm's protocol, and this one {PROTOCOL}: install the same everywhere"
