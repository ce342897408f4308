"""Why a control API did not do what it was asked, in its own words."""

import httpx


def refusal_reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return f"status {answer.status_code}"
