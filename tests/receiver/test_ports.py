"""Ports that receivers are on: taken or free, and lasting ones below those that connections are given."""

import socket

from _hookswarm.receiver.ports import LAST, LOOPBACK, is_free, lasting_ports


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    """By either family of addresses."""
    for host, family in ((LOOPBACK, socket.AF_INET), ("::1", socket.AF_INET6)):
        with socket.create_server((host, 0), family=family) as taken:
            port = taken.getsockname()[1]
            assert not is_free(port, host)
        assert is_free(port, host)


def test_lasting_ports_are_different_and_given_to_no_connection() -> None:
    """And none of those that were promised."""
    found = lasting_ports(20)
    assert len({*found}) == 20
    assert max(found) < LAST
    assert found[0] not in lasting_ports(20, promised=found)
