"""What is told of an event that was tried ahead of the load."""

import base64

from _hookswarm.protocol.event_values import spellings
from _hookswarm.protocol.served import Caught
from _hookswarm.records.rows import Flag
from _hookswarm.senders.master.trial import bytes_told, id_headers

ID = "msg_b1992a6b_ffff_0_0"


def caught(event: str, **headers: str) -> Caught:
    body = base64.b64encode(b"{}")
    return Caught(endpoint=0, event=event, method="POST", headers=headers, body=body, received_ns=1, flags=0)


def test_headers_bring_an_id_back_as_it_is_or_as_the_uuid_that_is_made_of_it() -> None:
    """A service whose ids are UUIDs gets one made of ours, and that is what comes back."""
    plain, uuid = spellings(ID.encode())
    assert plain == ID
    assert id_headers(caught(ID, plain=f"evt_{plain}", uuid=uuid, other="x")) == ["plain", "uuid"]


def test_where_no_id_of_ours_arrived_no_header_brings_one_back() -> None:
    """An empty text is in every header."""
    assert id_headers(caught("", other="x")) == []


def test_what_became_of_the_bytes_is_told() -> None:
    """Also where nothing came that could be compared."""
    told = {flag: bytes_told(caught(ID).model_copy(update={"flags": int(flag)})) for flag in Flag}
    assert told[Flag.VALUELESS] == "its id came, and no payload of ours"
    assert told[Flag.CORRUPT] == "its payload is another one than was published"
    assert told[Flag.SERVED] == "bytes kept"
