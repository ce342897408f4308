"""Why a control API did not do what it was asked, in its own words."""

import httpx


def refusal_reason(answer: httpx.Response) -> str:
    """The `error` of the answer's JSON; the status where it has none."""
    try:
        return str(answer.json()["error"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return f"status {answer.status_code}"
