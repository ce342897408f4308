"""The table of providers, files of one's own, and what is wrong with them."""

from pathlib import Path

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.providers import load_provider, provider_names
from _hookswarm.senders.plan.profiles import load_profiles
from tests.support.receivers import CHECKOUT

OWN = """
source = "the handbook"
as_of = 2026-11-29
[headers]
X-Id = "{id}"
[signature]
algorithm = "hmac-sha256"
header = "X-Signature"
"""


@pytest.mark.parametrize("name", provider_names())
def test_every_provider_can_be_read(name: str) -> None:
    """It says where it is written, and its retry law is one that there is."""
    provider = load_provider(name)
    assert provider.name == name
    assert not provider.retry or provider.retry in load_profiles()


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    """It has the form of a table's entry, and the file's name."""
    (tmp_path / "mine.toml").write_text(OWN)
    mine = load_provider(str(tmp_path / "mine.toml"))
    assert (mine.name, mine.id_header, mine.response_timeout_s) == ("mine", "X-Id", 15)


def test_an_unknown_name_lists_the_known() -> None:
    """And what was meant, probably."""
    with pytest.raises(ConfigError, match=r"no provider 'GitHup': write github, or name a file"):
        load_provider("GitHup")


@pytest.mark.parametrize(
    ("line", "with_", "fault"),
    [
        ('X-Id = "{id}"', 'X-Id = "{idd}"', "headers.X-Id: there is no {idd} here"),
        ('X-Id = "{id}"', 'Host = "x"', "headers.Host: the wire sets this one"),
        ('X-Id = "{id}"', r'X-Id = "a\r\nb"', "headers.X-Id: a header has one line"),
        ('X-Id = "{id}"', '"X Id" = "x"', "headers.X Id"),
        ('header = "X-Signature"', "", "must stand in `header`, or in `wrap`"),
        ('header = "X-Signature"', 'header = "X-S"\nvalue = "x"', "must hold {signature} once"),
        ('header = "X-Signature"', 'header = "X-S"\nagain = "{signature}"', "a separator of one character"),
        ('header = "X-Signature"', 'header = "X-S"\nseparator = ", "', "separator: it must be one character"),
        ('header = "X-Signature"', 'header = "X-S"\nvalue = "a,{signature}"\nseparator = ","', "one name each"),
        ('header = "X-Signature"', 'header = "X-S"\nsecret = "ed25519"', "secret: hmac-sha256 takes text"),
        ('header = "X-Signature"', 'header = "X-S"\nsigned = "{form}"', "{form} needs `content`"),
        ('source = "the handbook"', "", "source: missing"),
        ('source = "the handbook"', 'source = "x"\ncontent = "form-json"', "needs its name"),
        ('source = "the handbook"', 'source = "x"\nshape = 1', "shape: unknown key"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(line: str, with_: str, fault: str, tmp_path: Path) -> None:
    """By its key, and before anything is sent."""
    (tmp_path / "mine.toml").write_text(OWN.replace(line, with_))
    with pytest.raises(ConfigError) as caught:
        load_provider(str(tmp_path / "mine.toml"))
    assert fault in str(caught.value)
    assert all(one.startswith("--provider mine: ") for one in caught.value.faults)


def test_the_documentation_has_the_table() -> None:
    """docs/providers.md has a row for every provider, made of the table."""
    text = (CHECKOUT / "docs" / "providers.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `") and line.count("|") == 8]
    assert rows == [row(name) for name in provider_names()]


def row(name: str) -> str:
    provider = load_provider(name)
    signature = provider.signature
    assert signature
    where = f"`{signature.header}: {signature.value}`" if signature.header else "in the body"
    signed = f"`{signature.signed}`" if signature.signed else "nothing"
    two = "yes" if signature.again else "no"
    accepted = " and ".join(provider.accept).removeprefix("status in ") or "2xx"
    return f"| `{name}` | {signature.algorithm} | {signed} | {where} | {signature.secret} | {two} | {accepted} |"
