"""The receivers' control APIs, as the master uses them: which run is on, and what goes wrong."""

import json
from collections.abc import Sequence

import httpx

from protocol.credentials import control_token
from protocol.errors import ConfigError
from protocol.faults import FaultOrder, dump_order
from protocol.identity import NO_RUN
from protocol.regions import Region


class ControlError(Exception):
    """A receiver does not obey; the text says why, for people."""


class Controls:
    """Tells every region's receiver that is ours. Every call raises ControlError but `release`."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self._regions = [region for region in regions if region.control]
        self._faulty = False

    def reset(self, run: str) -> None:
        """Journals of `run` from now on, and no faults."""
        self._post("/reset", json.dumps({"run": run}).encode())

    def set_faults(self, order: FaultOrder) -> None:
        """What goes wrong from now on; one without faults ends those that were set."""
        faulty = order.faults is not None
        if faulty or self._faulty:
            self._post("/faults", dump_order(order).encode())
        self._faulty = faulty

    def rest(self) -> None:
        """Nothing is being sent: let them give back the memory that is free."""
        self._post("/rest", b"")

    def release(self) -> None:
        """The run is over, however it went: leave the receivers to themselves."""
        try:
            self.reset(NO_RUN)
        except ControlError:
            pass

    def _post(self, call: str, body: bytes) -> None:
        if not self._regions:
            return
        try:
            headers = {"Authorization": f"Bearer {control_token()}"}
            with httpx.Client(headers=headers, timeout=5, trust_env=False) as client:
                for region in self._regions:
                    answer = client.post(f"{region.control}{call}", content=body)
                    if answer.status_code != httpx.codes.OK:
                        raise ControlError(f"the receiver of {region.name} refuses {call}: {_reason(answer)}")
        except (httpx.HTTPError, ConfigError) as error:
            raise ControlError(f"the receivers' control API does not obey: {error}") from None


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"])
    except (ValueError, TypeError, KeyError):
        return f"status {answer.status_code}"
