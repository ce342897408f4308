"""The user's own bodies: verbatim, of a file or a folder, with their types; every fault of them is named."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.plan.body_files import MAX_BYTES
from _hookswarm.senders.plan.captured import MAX_BODIES, load_captured


def bodies_of(path: Path, count: int) -> list[bytes]:
    captured = load_captured(path)
    return [captured.body(b"msg", n) for n in range(count)]


def test_one_object_is_one_body(tmp_path: Path) -> None:
    """A JSON file that is no array is sent as it is, to the byte, for every event."""
    raw = b'{ "a": 1.50,\n  "b": "\xc3\xa9" }'
    (tmp_path / "one.json").write_bytes(b"\n" + raw + b"\n")
    assert bodies_of(tmp_path / "one.json", 3) == [raw] * 3


ITEMS = [
    b'{"price": 1.10, "name": "caf\xc3\xa9"}', rb'{"a\/b": "\u00e9"}', b"[ 2,\n 3 ]", b'"], ["', b"1E400", b"-0.0",
    b"null", b"7" * 5_000,
]  # fmt: skip


@pytest.mark.parametrize("between", [b",", b" ,\r\n\t "])
def test_an_array_is_a_body_for_each_item(tmp_path: Path, between: bytes) -> None:
    """The items of an array are sent in turn, as they stand in its text: to the byte, whatever is around them."""
    space = between.replace(b",", b"")
    (tmp_path / "many.json").write_bytes(space + b"[" + space + between.join(ITEMS) + space + b"]" + space)
    assert bodies_of(tmp_path / "many.json", 9) == [*ITEMS, ITEMS[0]]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(items=st.lists(JSON, min_size=1), indent=st.none() | st.integers(0, 3), ascii_only=st.booleans())
def test_any_array_is_cut_between_its_items(
    tmp_path_factory: pytest.TempPathFactory, items: list[object], indent: int | None, ascii_only: bool
) -> None:
    """However it is written: each item is what it was, and together they are the text but for what is between them."""
    text = json.dumps(items, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(text)
    bodies = bodies_of(path, len(items))
    assert [json.loads(body) for body in bodies] == items
    place = 0
    for body in bodies:
        place = text.index(body, place) + len(body)


def test_ndjson_is_a_body_a_line(tmp_path: Path) -> None:
    """Lines are sent in turn, to the byte; empty ones, Windows line ends and a missing last one don't matter."""
    (tmp_path / "lines.ndjson").write_bytes(b'{"a": 1}\r\n\n[2, 3]\n  {"c": "\xe2\x80\xa8"}')
    assert bodies_of(tmp_path / "lines.ndjson", 3) == [b'{"a": 1}', b"[2, 3]", b'{"c": "\xe2\x80\xa8"}']


@pytest.mark.parametrize("name", ["one.ndjson", "one.jsonl"])
def test_one_line_that_is_an_array_is_one_body(tmp_path: Path, name: str) -> None:
    """Of a file whose name says that it has a body a line, a single line is one, too."""
    (tmp_path / name).write_bytes(b"[1, 2]\n")
    assert bodies_of(tmp_path / name, 2) == [b"[1, 2]"] * 2


EXAMPLES = (
    "payload-examples/api.github.com/push/1.json", "payload-examples/api.github.com/push/with-tag.payload.json",
    "payload-examples/api.github.com/check_run/completed.1.json", "ping.payload.json", "star.json",
    ".git/config.json", "push/.draft.json", "push/README.md",
)  # fmt: skip


def test_a_folder_is_read_with_all_below_it(tmp_path: Path) -> None:
    """As octokit/webhooks keeps its examples: a folder an event, each body of its folder's type. What is hidden is left
    alone; at the top the file's name is the type, up to its first dot."""
    for number, name in enumerate(EXAMPLES):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f'{{"n": {number}}}' if name.endswith(".json") else "no JSON")
    captured = load_captured(tmp_path)
    assert sorted(zip(captured.types, (captured.body(b"", n) for n in range(5)), strict=True)) == [
        ("check_run", b'{"n": 2}'), ("ping", b'{"n": 3}'), ("push", b'{"n": 0}'), ("push", b'{"n": 1}'),
        ("star", b'{"n": 4}'),
    ]  # fmt: skip
    assert captured.told() == "5 bodies of 4 types, 8 B: check_run 1, ping 1, push 2, star 1"


def test_what_was_read_is_told(tmp_path: Path) -> None:
    """How many bodies, of what sizes, and of which types: the first five of them."""
    (tmp_path / "one.json").write_text("{}")
    assert load_captured(tmp_path / "one.json").told() == "1 body, 2 B"
    (tmp_path / "lines.ndjson").write_text("1\n" * 1_200 + '"' + "x" * 2_000 + '"')
    assert load_captured(tmp_path / "lines.ndjson").told() == "1,201 bodies, 1 B to 2,002 B"
    for kind in "abcdefgh":
        (tmp_path / "all").mkdir(exist_ok=True)
        (tmp_path / "all" / f"{kind}.1.json").write_text("1" * (1 + (kind == "h")))
    told = "8 bodies of 8 types, 1 B to 2 B: a 1, b 1, c 1, d 1, e 1 and 3 more"
    assert load_captured(tmp_path / "all").told() == told


def test_a_folder_is_a_body_a_file(tmp_path: Path) -> None:
    """Each *.json file is one body, an array too, in the order of their names; other files are left alone."""
    (tmp_path / "b.json").write_text("[1, 2]")
    (tmp_path / "a.json").write_text('{"a": 1}\n')
    (tmp_path / "notes.txt").write_text("not JSON")
    assert bodies_of(tmp_path, 3) == [b'{"a": 1}', b"[1, 2]", b'{"a": 1}']


def test_a_byte_order_mark_is_not_sent(tmp_path: Path) -> None:
    """A file that an editor gave a UTF-8 mark is read without it."""
    (tmp_path / "bom.json").write_bytes(b'\xef\xbb\xbf{"a":1}')
    assert bodies_of(tmp_path / "bom.json", 1) == [b'{"a":1}']


def faults_of(path: Path) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_captured(path)
    assert all(str(path) in fault or "more files" in fault for fault in caught.value.faults)
    assert all(
        any(told in fault for told in (": mend ", ": give ", ": leave ", ": name ", "more files"))
        for fault in caught.value.faults
    )
    assert not any("\n" in fault for fault in caught.value.faults)
    return caught.value.faults


def test_every_bad_line_is_named(tmp_path: Path) -> None:
    """In one line: the first five bad ones by number, with what is wrong, and the rest counted."""
    path = tmp_path / "bad.ndjson"
    path.write_text("\n".join(["{}", *["[1,"] * 8, "[]"]))
    (fault,) = faults_of(path)
    assert fault.startswith(f"--payloads {path}: not JSON: line 2 (a value is missing at column 4), 3 (")
    assert fault.endswith("6 (a value is missing at column 4) and 3 more: mend these lines, or leave them out")


def test_a_broken_file_is_not_taken_for_lines(tmp_path: Path) -> None:
    """JSON over several lines has one fault, where it is; the first line tells that it is not a body a line."""
    path = tmp_path / "bad.json"
    path.write_text('{\n "a": 1,\n "b": 2,\n}')
    assert faults_of(path) == (
        f"--payloads {path}: not JSON: a name in double quotes is missing at line 4, column 1: mend it, "
        "or give NDJSON, a body a line",
    )


def test_every_bad_file_of_a_folder_is_named(tmp_path: Path) -> None:
    """One bad file does not hide another."""
    (tmp_path / "good.json").write_text("{}")
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "empty.json").write_text("")
    faults = faults_of(tmp_path)
    assert ["bad.json" in faults[0], "empty.json" in faults[1], len(faults)] == [True, True, 2]
    for number in range(6):
        (tmp_path / f"x{number}.json").write_text("")
    assert faults_of(tmp_path)[5:] == ("and 3 more files",)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" \n\n",
        b"[]",
        b"{'a': 1}",
        b'{"a": "\xff"}',
        '{"a": "é"}'.encode("utf-16"),
        '{"a": "é"}'.encode("latin-1"),
        b'{"a": NaN}',
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b"\x00" * 64,
    ],
    ids=[
        "empty", "blank", "no items", "quotes", "not UTF-8", "UTF-16", "latin-1", "NaN", "open", "deep",
        "zeros",
    ],
)  # fmt: skip
def test_what_is_not_json_is_a_fault(tmp_path: Path, raw: bytes) -> None:
    """Whatever the bytes, the answer is a ConfigError that names the file."""
    path = tmp_path / "bodies.json"
    path.write_bytes(raw)
    assert faults_of(path)


def test_too_many_bodies_are_a_fault(tmp_path: Path) -> None:
    """One body more than the limit is refused, with both numbers named."""
    path = tmp_path / "many.ndjson"
    path.write_text("1\n" * MAX_BODIES)
    assert bodies_of(path, 1) == [b"1"]
    path.write_text("1\n" * (MAX_BODIES + 1))
    assert f"{MAX_BODIES + 1} bodies; {MAX_BODIES} are the limit" in faults_of(path)[0]


def test_too_large_a_file_is_a_fault(tmp_path: Path) -> None:
    """A file beyond the limit is refused before it is read."""
    path = tmp_path / "large.json"
    path.touch()
    os.truncate(path, MAX_BYTES + 1)
    assert "more than 256 MiB" in faults_of(path)[0]


def a_fifo(path: Path) -> None:
    os.mkfifo(path)


def a_folder_without_json(path: Path) -> None:
    path.mkdir()


def a_dangling_link(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def nothing(path: Path) -> None:
    pass


@pytest.mark.parametrize("make", [nothing, a_fifo, a_folder_without_json, a_dangling_link])
def test_what_is_not_a_file_is_a_fault(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """A path that leads nowhere, or to a pipe that would never end, is one clear fault."""
    path = tmp_path / "payloads.json"
    make(path)
    assert len(faults_of(path)) == 1


def test_what_is_below_a_folder_is_a_folder_or_a_file(tmp_path: Path) -> None:
    """A folder that is called *.json is one all the same; a pipe of that name is a fault."""
    (tmp_path / "sub.json").mkdir()
    (tmp_path / "sub.json" / "1.json").write_text("{}")
    assert load_captured(tmp_path).types == ["sub.json"]
    os.mkfifo(tmp_path / "sub.json" / "2.json")
    assert "2.json: not a file" in faults_of(tmp_path)[0]


# Types.


def test_a_field_of_a_body_says_its_type(tmp_path: Path) -> None:
    """The first of type, event, event_type and topic that is a text; a number, or what no header holds, is none."""
    lines = [
        {"type": "a.b"}, {"event": {"type": "x"}, "event_type": "c"}, {"type": 1, "topic": "d"},
        {"type": "e\n"}, ["type"],
        {"event": "f", "topic": "g"}, {"type": ""},
    ]  # fmt: skip
    (tmp_path / "lines.ndjson").write_text("\n".join(map(json.dumps, lines)))
    (tmp_path / "array.json").write_text(json.dumps(lines))
    for name in ("lines.ndjson", "array.json"):
        captured = load_captured(tmp_path / name)
        assert captured.types == ["a.b", "c", "d", "", "", "f", ""]
        assert [captured.kind(n) for n in range(3)] == [b"a.b", b"c", b"d"]


def test_a_folders_name_comes_before_a_field_and_that_before_a_files_name(tmp_path: Path) -> None:
    """What was sorted by hand is meant so; a name that is a number says nothing."""
    for name in ("orders/1.json", "issues.opened.json", "7.json", "8.json.gz", "push.ndjson"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        text = b'{"type": "own"}' if name[0] in "o8" else b"{}"
        (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    assert load_captured(tmp_path).types == ["", "own", "issues", "push", "orders"]


# What is not JSON, and what is packed.


@pytest.mark.parametrize(
    ("name", "raw", "sent", "format"),
    [
        ("one.form", b"a=1&b=%20+\r\n", b"a=1&b=%20+", "form"),
        ("one.xml", b"\xef\xbb\xbf<a>\xff </a>\n", b"\xef\xbb\xbf<a>\xff </a>\n", "xml"),
        ("one.txt", b" [1, \xc3\xa4\n", b" [1, \xc3\xa4\n", "text"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("in_folder", [False, True])
def test_what_is_not_json_is_sent_verbatim(
    tmp_path: Path, name: str, raw: bytes, sent: bytes, format: str, packed: bool, in_folder: bool
) -> None:
    """Forms but for the line end that an editor adds; each alone or in a folder, packed or not."""
    folder = tmp_path / "kind"
    folder.mkdir()
    path = folder / f"{name}{'.gz' * packed}"
    path.write_bytes(gzip.compress(raw) if packed else raw)
    captured = load_captured(tmp_path if in_folder else path)
    assert (captured.body(b"", 0), captured.format) == (sent, format)
    assert captured.types == ["kind" if in_folder else ""]


def test_text_beside_other_bodies_is_notes(tmp_path: Path) -> None:
    """And is told as bodies where there is nothing else."""
    (tmp_path / "README.txt").write_text("read me")
    assert load_captured(tmp_path).told() == "1 body of text/plain; charset=utf-8 of 1 type, 7 B: README 1"
    (tmp_path / "a.form").write_text("a=1")
    assert load_captured(tmp_path).types == ["a"]


def test_a_run_sends_one_kind(tmp_path: Path) -> None:
    """What is mixed is counted, by its kinds."""
    for name, text in (("a.json", "1"), ("b.json", "2"), ("c.xml", "<c/>")):
        (tmp_path / name).write_text(text)
    (fault,) = faults_of(tmp_path)
    assert fault == f"--payloads {tmp_path}: 2 of JSON and 1 of XML: a run sends one kind: leave the others out"


@pytest.mark.parametrize(
    ("name", "raw"), [("a.form", b"a=1\nb=2"), ("a.form", b"\n"), ("a.txt", b"\xff"), ("a.xml", b"")]
)
def test_what_is_not_what_its_name_says_is_a_fault(tmp_path: Path, name: str, raw: bytes) -> None:
    """A form of two lines, text that is not UTF-8, and files of nothing."""
    (tmp_path / name).write_bytes(raw)
    assert name in faults_of(tmp_path)[0]


@pytest.mark.parametrize("name", ["many.json.gz", "many.ndjson.gz", "many.jsonl.gz"])
def test_what_is_packed_is_read_as_what_it_is(tmp_path: Path, name: str) -> None:
    """Of several parts, too, as `gzip a >> b` makes them."""
    raw = b"[1, 2]" if "json.gz" in name and "nd" not in name else b"1\n2\n"
    (tmp_path / name).write_bytes(gzip.compress(raw[:2]) + gzip.compress(raw[2:]))
    assert bodies_of(tmp_path / name, 2) == [b"1", b"2"]


@pytest.mark.parametrize("damage", [lambda raw: raw[:-3], lambda raw: b"{}", lambda raw: raw[:12] + b"\xff" + raw[13:]])
def test_what_cannot_be_unpacked_is_a_fault_of_its_file(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """Cut off, never packed, or damaged: beside the other files' faults."""
    (tmp_path / "bad.json.gz").write_bytes(damage(gzip.compress(b'{"a": "%b"}' % os.urandom(30).hex().encode())))
    (tmp_path / "broken.json").write_text("{")
    first, second = faults_of(tmp_path)
    assert "bad.json.gz: cannot be unpacked: " in first
    assert "broken.json: not JSON" in second


def test_a_bomb_ends_with_one_line(tmp_path: Path) -> None:
    """What comes out is counted, over all files, and no more of it is made."""
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(bytes(1 << 20)) * 4_000)
    (tmp_path / "b.json").write_text("{")
    assert faults_of(tmp_path) == (f"--payloads {tmp_path}: more than 256 MiB unpacked: leave some of them out",)
