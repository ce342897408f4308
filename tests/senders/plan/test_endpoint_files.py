"""Endpoints: a file of them, read into little memory, and every bad row named."""

import base64
import io
import json
import tracemalloc
from pathlib import Path

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.providers import load_provider
from _hookswarm.senders.plan.endpoint_files import open_file, parse_endpoints
from _hookswarm.senders.plan.endpoints import EndpointTable

CSV, NDJSON = Path("e.csv"), Path("e.ndjson")
STANDARD = load_provider()
KEY = b"k" * 24
SECRET = "whsec_" + base64.b64encode(KEY).decode()


def table(text: str, path: Path = CSV, provider: str = "standard-webhooks") -> EndpointTable:
    return parse_endpoints(io.BytesIO(text.encode()), path, load_provider(provider))


def faults(text: str, path: Path = CSV, provider: str = "standard-webhooks") -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        table(text, path, provider)
    return tuple(fault.removeprefix(f"--endpoints {path}: ") for fault in caught.value.faults)


def test_a_csv_file_has_an_endpoint_a_row() -> None:
    """Its columns in any order, cells quoted or not; hosts are kept once, and what is empty is everybody's."""
    found = table(
        f'weight,url,secret,headers\r\n2,http://a.test/x?y=1,{SECRET},"A: 1, 2|B: c: d"\r\n\r\n'
        ",HTTP://a.test,,\r\n,https://a.test:8443?z,,\r\n"
    )
    assert len(found) == 3
    assert found.hosts == ("http://a.test", "https://a.test:8443")
    assert [found.row(webhook) for webhook in range(3)] == [(0, b"/x?y=1", KEY), (0, b"/", b""), (1, b"/?z", b"")]
    assert found.headers(0) == {"A": "1, 2", "B": "c: d"}
    assert found.headers(1) == {}
    assert found.weights is not None
    assert found.weights.tolist() == [2, 1, 1]
    assert found.told() == "3 endpoints on 2 hosts, with secrets and headers of their own"


def test_ndjson_is_the_same_table() -> None:
    """Told by its name, or by its first character; headers are an object."""
    rows = [{"url": "http://a.test/1", "secret": SECRET, "headers": {"A": "1"}, "weight": 1}, {"url": "http://b.test/"}]
    text = "\n".join(map(json.dumps, rows))
    for path in (NDJSON, CSV):
        found = table(text, path)
        assert [found.row(webhook) for webhook in range(2)] == [(0, b"/1", KEY), (1, b"/", b"")]
        assert (found.headers(0), found.weights) == ({"A": "1"}, None)


def test_a_table_knows_whether_all_sign_for_themselves() -> None:
    """Then it does not matter which secret others would have."""
    for first, second, own in ((SECRET, SECRET, True), (SECRET, "", False), ("", SECRET, False), ("", "", False)):
        assert table(f"url,secret\nhttp://a.test/,{first}\nhttp://a.test/,{second}\n").all_have_keys is own


def test_a_secret_has_its_providers_form() -> None:
    """What is base64 for one is text for another."""
    text = f"url,secret\nhttp://a.test/,{SECRET}\n"
    assert table(text, provider="github").row(0)[2] == SECRET.encode()
    assert table(text).row(0)[2] == KEY


def test_every_bad_row_is_named_by_its_line() -> None:
    """The first ones with what is wrong, the others by their number; what stands in them is not told."""
    text = (
        "url,secret,headers,weight\nftp://a.test/,,,\nhttp://a.test/,whsec_hidden,,\nhttp://a.test/,,Host: hidden,0\n"
        'http://a.test/ok,,,\n"http://hidden\n.test/",,,\nhttp://a.test/,,,,hidden\nhttp://u:hidden@a.test/,,,\n'
    )
    said = faults(text)
    assert [fault.partition(":")[0] for fault in said[:-1]] == [f"line {number}" for number in (2, 3, 4, 4, 7, 8)]
    for fault, wanted in zip(
        said, ("url: write http", "secret: ", "headers: Host: ", "weight: ", "url: ", "5 cells for 4"), strict=False
    ):
        assert wanted in fault
    assert "and 1 more bad rows: mend them" in said[-1]
    assert "hidden" not in " ".join(said)


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("http://a.test/\n", CSV, "line 1: the header names columns"),
        ("url,url\nhttp://a.test/,x\n", CSV, "line 1: the header names columns"),
        ("url,name\nhttp://a.test/,x\n", CSV, "line 1: the header names columns"),
        ("", CSV, "line 1: the header names columns"),
        ("url\n", CSV, "no endpoint in it"),
        ('url\n"http://a.test/\n', CSV, "not CSV: "),
        ("url\nhttp://ä.test/\n", CSV, "line 2: url: write http:// or https://, a host, and a path in ASCII"),
        ("{}\n[1]\n", NDJSON, "line 1: url: "),
        ("[1]", NDJSON, "line 1: not an object"),
        ('{"url": 1', NDJSON, "line 1: not JSON"),
        ('{"url": "http://a.test/", "uri": 1}', NDJSON, "line 1: unknown key 'uri'"),
        ('{"url": "http://a.test/", "weight": true}', NDJSON, "line 1: weight: write a number above 0"),
        ('{"url": "http://a.test/", "headers": {"A": 1}}', NDJSON, "line 1: headers: write"),
        ('{"url": "http://a.test/", "headers": 0}', NDJSON, "line 1: headers: write"),
        ('{"url": "http://a.test/", "headers": {"A": "\\ud800"}}', NDJSON, "line 1: headers: 'A': a control character"),
        (
            '{"url": "http://a.test/", "headers": {"\\ud800": "a"}}',
            NDJSON,
            "line 1: headers: '\\ud800' is not a header's",
        ),
        ('{"url": "http://a.test/", "secret": 0}', NDJSON, "line 1: secret: write a text"),
        ('{"url": "http://a.test/", "weight": 1' + "0" * 400 + "}", NDJSON, "line 1: weight: write a number above 0"),
        ('{"url": "http://a.test/", "weight": 1' + "0" * 5_000 + "}", NDJSON, "line 1: not JSON: a number is too long"),
        ('{"url": ' + "[" * 100_000, NDJSON, "line 1: not JSON: nested too deeply"),
        ("url,weight\nhttp://a.test/,1e308\n", CSV, "line 2: weight: write a number above 0, and at most"),
        ("url\nhttp://a.test/,x\n", CSV, "line 2: 2 cells for 1 column: quote"),
        ("url\nhttp://u:hidden@a.test:0/\n", CSV, "line 2: url: no usable host and port"),
    ],
)
def test_what_is_no_table_is_told(text: str, path: Path, said: str) -> None:
    """With what to write."""
    assert said in faults(text, path)[0]


def test_empty_lines_and_nulls_say_nothing() -> None:
    """Also before the first row; and a byte order mark, as a spreadsheet writes it."""
    for text in ("\ufeff\r\n,\r\nurl\r\nhttp://a.test/\r\n", '\ufeff\n {"url": "http://a.test/"}\n\n'):
        assert table(text).row(0) == (0, b"/", b"")
    row = {"url": "http://a.test/", "secret": None, "headers": None, "weight": None}
    found = table(json.dumps(row), NDJSON)
    assert (found.row(0), found.headers(0), found.weights) == ((0, b"/", b""), {}, None)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A file that is not there, and one that is not text."""
    with pytest.raises(ConfigError, match=r"--endpoints none\.csv: No such file or directory: name a file"):
        open_file(Path("none.csv"))
    with pytest.raises(ConfigError, match="is not UTF-8: write it in that"):
        parse_endpoints(io.BytesIO(b"url\nhttp://a.test/\xff\n"), CSV, STANDARD)


def test_a_provider_that_signs_nothing_has_no_secrets(tmp_path: Path) -> None:
    """A column of them is a slip."""
    unsigned = STANDARD.model_copy(update={"signature": None, "name": "mine"})
    with pytest.raises(ConfigError, match="line 2: secret: mine signs nothing: leave the column out"):
        parse_endpoints(io.BytesIO(b"url,secret\nhttp://a.test/,x\n"), CSV, unsigned)


def test_many_take_little_memory() -> None:
    """Not 100 bytes each beside what stands in the file."""
    count = 20_000
    rows = "".join(f"http://h{number % 4}.test/t/{number},{SECRET}\n" for number in range(count))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        found = table(f"url,secret\n{rows}")
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert found.row(count - 1) == (3, b"/t/%d" % (count - 1), KEY)
    assert taken < 100 * count


def test_the_same_file_is_one_table() -> None:
    """Locust's start reads the options twice: two tables of 100,000 would be one too many."""
    text = "url\nhttp://a.test/\n"
    assert table(text) is table(text)
    assert table(text) is not table(f"{text}\n")


@pytest.mark.parametrize("url", ["http://me:hush@a.test:99999/", "http://hush:0/", "http://[hush/", "ftp://hush/"])
def test_no_fault_tells_a_url(url: str) -> None:
    """Whatever is wrong with it: it may be secret."""
    (fault,) = faults(f"url\n{url}\n")
    assert fault.startswith("line 2: url: ")
    assert "hush" not in fault
