"""What is played against a service."""

import json
import shlex

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.service.names import service_names
from _hookswarm.senders.service.table import load_service
from benchmarks.services.runs import CHECKOUT, PAYLOAD, RUNS, address_of, options_of, publishes_at, services, table_of

OWN = services()["outpost"]


def played(name: str, capacity: float | None = 100.0, full: bool = False) -> str:
    """Its options, as they are typed."""
    return shlex.join(options_of(RUNS[name], "outpost", OWN, 2, capacity, full))


def test_what_is_measured_has_a_table() -> None:
    """And its table says where it is."""
    assert set(services()) <= set(service_names())
    assert publishes_at("webhookx") == "WEBHOOKX_PROXY_URL"


def test_a_configuration_that_keeps_other_promises_has_a_table_of_its_own() -> None:
    """It is like the service's own but for the law."""
    assert table_of("outpost", "raised") == "outpost"
    file = CHECKOUT / table_of("webhookx", "short")
    short, usual = load_service(str(file)), load_service("webhookx")
    assert short.retry
    assert short.retry.waits_s == (1, 2, 4)
    assert short.values == {"attempts": "[0,1,2,4]"}
    assert short.setup == usual.setup


def test_the_payload_is_1_kB_of_JSON() -> None:
    """An object, since some services take no other."""
    text = PAYLOAD.read_text().strip()
    assert len(text) == 1000
    assert isinstance(json.loads(text), dict)


def test_capacity_is_searched_without_a_rate() -> None:
    """A calibration finds where to begin."""
    assert "--rate" not in played("capacity", None)
    assert "--seed 2 --quick --webhooks 100 --payloads benchmarks/services/payload.json" in played("capacity", None)


def test_what_else_is_measured_is_at_half_of_the_capacity() -> None:
    """Bursts of it may go beyond."""
    assert "--rate 50" in played("performance")
    assert "--max-rate" not in played("performance")
    assert "--rate 50 --max-rate 1e+03" in played("load")


def test_restarts_come_while_events_pile_up() -> None:
    """So fast that a thousand wait."""
    assert "--stages 'restart *'" in played("restarts")
    assert "--rate 600" in played("restarts")


def test_trouble_is_long_enough_to_be_felt() -> None:
    """The short form has too few events for endpoints in trouble, where a service delivers a few dozen a second."""
    assert "--quick" not in played("isolation")


def test_full_is_without_quick() -> None:
    """All else stays."""
    assert played("load", full=True) == played("load").replace("--quick ", "")


def test_a_service_that_is_not_named_says_which_variable_names_it() -> None:
    """Before anything is started."""
    with pytest.raises(ConfigError, match=r"\$HOOKSWARM_SVIX_URL is not set: start svix, and set it"):
        address_of("svix")
