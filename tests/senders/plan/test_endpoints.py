"""What a table of endpoints tells of one of them."""

import base64
import io
from pathlib import Path

from _hookswarm.protocol.credentials import masked
from _hookswarm.protocol.providers import load_provider
from _hookswarm.senders.plan.endpoint_files import parse_endpoints

KEY = b"key-of-one-" * 3
ROW = f"http://a.test/t/path-of-one?n=1&token=query-of-one,whsec_{base64.b64encode(KEY).decode()},A: Bearer word-of-one"


def test_what_an_answer_may_repeat_of_an_endpoint_is_hidden() -> None:
    """All of its URL but the host or a part, its headers and their words, and its key."""
    text = f"url,secret,headers\n{ROW}\nhttp://a.test/,,\n".encode()
    found = parse_endpoints(io.BytesIO(text), Path("e.csv"), load_provider())
    for answer in (
        b"Cannot POST /t/path-of-one",
        b"no route for /t/path-of-one?n=1&token=query-of-one here",
        b'{"query": "n=1&token=query-of-one"}',
        b"token query-of-one is not known",
        b"A: Bearer word-of-one",
        b"unknown key: word-of-one",
        b"expected " + KEY,
        b"expected " + base64.b64encode(KEY),
    ):
        assert b"of-one" not in (shown := masked(answer, found.hidden(0))), shown
        assert base64.b64encode(KEY) not in shown
    assert list(found.hidden(1)) == []
