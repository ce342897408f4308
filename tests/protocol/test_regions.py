"""The table of regions."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.regions import WORLD_TABLE, Region, address_of, check_url, dump_table, is_loopback, load_table

GOOD = """
[[region]]
name = "eu"
url = "http://127.0.0.1:9001/hooks"
control = "http://127.0.0.1:9002"

[[region]]
name = "us"
url = "https://us.example.com/hooks"
weight = 2.5
"""


def table(folder: Path, text: str) -> Path:
    path = folder / "regions.toml"
    path.write_text(text)
    return path


def test_the_default_table_loads() -> None:
    """The table that comes with the project is one region on loopback."""
    (region,) = load_table().region
    assert region.control
    assert is_loopback(address_of(region.url)[0])


def test_a_table_keeps_its_order(tmp_path: Path) -> None:
    """A region's place is its code in the journals."""
    eu, us = load_table(table(tmp_path, GOOD)).region
    assert (eu.name, us.name) == ("eu", "us")
    assert (eu.weight, us.weight, us.control) == (1.0, 2.5, None)


def test_a_dumped_table_loads_again(tmp_path: Path) -> None:
    """What the runner writes for Locust is what Locust reads."""
    for loaded in (load_table(table(tmp_path, GOOD)), load_table(WORLD_TABLE)):
        assert load_table(table(tmp_path, dump_table(loaded))) == loaded


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    """One run tells all that is wrong with a table."""
    faulty = """
colour = "red"
[[region]]
name = "eu"
url = "http://127.0.0.1:9001"
wieght = 3
[[region]]
name = "eu"
url = "ftp://example.com"
[[region]]
name = "../x"
url = "http://127.0.0.1"
weight = -1
"""
    with pytest.raises(ConfigError) as caught:
        load_table(table(tmp_path, faulty))
    faults = "\n".join(caught.value.faults)
    for expected in (
        "region 'eu' is named twice",
        "colour: unknown key",
        "region 1: wieght: unknown key: write weight",
        "region 2: url",
        "region 3: name",
        "region 3: weight",
    ):
        assert expected in faults
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "region"),
        ("region = []", "at least 1"),
        ("region = 3", "region"),
        ("[[region", "not TOML"),
        ("region = " + "[" * 3000, "not TOML"),
        ('[[region]]\nname = "eu"', "url"),
        (f"[[region]]\nname.{'.'.join('a' * 2_000)} = 1", "region 1: name"),
        ('[[region]]\nname = "eu"\nurl = "http://a/"\nweight = inf', "weight"),
    ],
)
def test_an_unusable_table_is_one_clear_error(text: str, message: str, tmp_path: Path) -> None:
    """Empty, damaged or incomplete: a sentence with the file's name, never a traceback."""
    with pytest.raises(ConfigError, match=message) as caught:
        load_table(table(tmp_path, text))
    assert "regions.toml" in str(caught.value)


def test_a_table_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a folder and bytes that are no text are each said plainly."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "binary"):
        with pytest.raises(ConfigError, match=path.name):
            load_table(path)


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://a.example:8443/x?y", "https://a.example:8443/x?y"), ("http://[::1]:80/", "http://[::1]:80/"),
        ("http://a", "http://a/"), ("HTTP://a?b=//c@d", "http://a/?b=//c@d"), ("http://a//b@c", "http://a//b@c"),
    ],
)  # fmt: skip
def test_usable_urls(url: str, asked: str) -> None:
    """HTTP and HTTPS with a host are taken as they are asked: some providers sign that."""
    assert check_url(url) == asked


def test_paths_can_be_put_after_a_control_url() -> None:
    """With or without a slash at its end."""
    both = [Region(name="a", url="http://a", control=f"http://a:1{end}").control for end in ("", "/")]
    assert both == ["http://a:1", "http://a:1"]


@pytest.mark.parametrize(
    "url", ["", "a", "//a", "file:///etc", "http://", "http://:80", "http://a:0", "http://a:x", "http://a:99999",
            "http://[::1", "http://a b/", "http://a\n/", "http://user@a/", "http://@a/", "http://user:word@a/", "http://a/#b"]
)  # fmt: skip
def test_unusable_urls(url: str) -> None:
    """No host, no port, no HTTP, or credentials in it: refused."""
    with pytest.raises(ValueError):
        check_url(url)


@pytest.mark.parametrize("rest", ["example.com/", "example.com:99999/", "example.com:x/", "[::1/", "a b/", ":0/"])
@pytest.mark.parametrize("scheme", ["http:", "ftp:", " http:", ""])
def test_a_password_in_a_url_is_not_repeated(scheme: str, rest: str) -> None:
    """The message of a refused URL does not carry its password into logs, whatever else is wrong with it."""
    with pytest.raises(ValueError) as caught:
        check_url(f"{scheme}//user:word@{rest}")
    assert "word" not in str(caught.value)


@given(st.text())
def test_any_text_is_a_url_or_a_value_error(text: str) -> None:
    """A URL that passes names an address to connect to."""
    try:
        host, port = address_of(check_url(text))
    except ValueError:
        return
    assert host
    assert 0 < port < 65536


@pytest.mark.parametrize(
    ("url", "address"),
    [("http://a", ("a", 80)), ("https://a", ("a", 443)), ("http://[::1]:81/x", ("::1", 81))],
)
def test_address_of(url: str, address: tuple[str, int]) -> None:
    """Ports default by scheme."""
    assert address_of(url) == address


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),
     ("::", False), ("192.0.2.1", False), ("", False), ("a" * 300, False), ("no..name", False)],
)  # fmt: skip
def test_is_loopback(host: str, loopback: bool) -> None:
    """Only addresses that stay on this machine count; what does not resolve does not."""
    assert is_loopback(host) is loopback


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a b", "x" * 65, "é", "a\n"])
def test_a_regions_name_is_safe_in_a_file_name(name: str) -> None:
    """Names go into file names, so only plain ones pass."""
    with pytest.raises(ValueError):
        Region(name=name, url="http://a/")


LINKED = (
    GOOD
    + """
[links]
source = "a guess"
as_of = 2026-11-23
[links.rtt_ms]
"""
)


def test_round_trips_are_told_once_or_both_ways(tmp_path: Path) -> None:
    """A pair may be in either row; a region's own round trip is a millisecond, unless the table says more."""
    for rows in ("us = { eu = 80 }", "eu = { us = 80 }", "us = { eu = 80 }\neu = { us = 80.0, eu = 2 }"):
        links = load_table(table(tmp_path, LINKED + rows)).links
        assert links
        assert links.rtt_s("eu", "us") == links.rtt_s("us", "eu") == 0.08
        assert links.rtt_s("us", "us") == 0.001
        assert links.rtt_s("eu", "eu") in (0.001, 0.002)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("us = { eu = 80 }\neu = { us = 90 }", "not symmetric: 90 from 'eu' to 'us', 80 back"),
        ("us = { eu = -1 }", r"links.rtt_ms.us.eu: write 0 or more"),
        ("us = { us = 1 }", "nothing between 'eu' and 'us'"),
        ("us = { eu = 80, mars = 1e4 }", "there is no region 'mars'"),
        ("us = { eu = inf }", "eu: write a number"),
        ("us = { eu = 80 }\n[links.colour]", "links.colour: unknown key"),
    ],
)
def test_impossible_links_are_named(rows: str, message: str, tmp_path: Path) -> None:
    """Asymmetric, negative, missing or unknown: the table is refused with the place."""
    with pytest.raises(ConfigError, match=message):
        load_table(table(tmp_path, LINKED + rows))


def test_somebody_has_to_send(tmp_path: Path) -> None:
    """A table in which no region has a share of the load is refused."""
    text = GOOD.replace('name = "eu"', 'name = "eu"\nshare = 0').replace('name = "us"', 'name = "us"\nshare = 0')
    with pytest.raises(ConfigError, match="no region has a share of the load"):
        load_table(table(tmp_path, text))


def test_the_world_is_whole() -> None:
    """Seven regions; any of their first ones are a table of their own."""
    world = load_table(WORLD_TABLE)
    names = [region.name for region in world.region]
    assert len(names) == 7
    assert world.links
    assert all(0.02 < world.links.rtt_s(one, other) < 0.4 for one in names for other in names if one != other)
    assert not list(world.links.between(names[:3]).problems(names[:3]))
    assert list(world.links.between(names[:3]).problems(names[:4]))


def test_a_balancer_stands_before_the_regions(tmp_path: Path) -> None:
    """Where it listens for each algorithm is read, and written again; an algorithm that there is not is named."""
    text = f'{GOOD}[balancer.haproxy]\nleastconn = "http://127.0.0.1:9003/hooks"\n'
    found = load_table(table(tmp_path, text))
    assert found.balancer
    assert dict(found.balancer.haproxy) == {"leastconn": "http://127.0.0.1:9003/hooks"}
    assert load_table(table(tmp_path, dump_table(found))) == found
    with pytest.raises(ConfigError, match=r"balancer\.haproxy\.fastest"):
        load_table(table(tmp_path, text.replace("leastconn", "fastest")))
